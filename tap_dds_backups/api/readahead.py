"""Pages read before they are asked for, by a few threads, the most urgent first.

Where pages come at once, each is read when it is asked for, by the thread that asks: handing a
page from thread to thread costs 0.3 ms of CPU (measured), more than decoding it.

`ask` and `expect` are called by one thread, the one that writes, and `ask` for one listing after
another. What is in flight or waits to be asked for is bounded: a slow target stops the reading
instead of filling memory.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Generator

from msgspec.structs import replace

from tap_dds_backups.api.jobs import LATER, NOW, SOON, Job, Jobs
from tap_dds_backups.api.listings import Source, Waiting
from tap_dds_backups.api.models import Page, PageRequest, Window

LOOK_ROUND_SECONDS = 0.1  # how long `allowed` may have risen, or a wait be untold
QUICK_SECONDS = 0.005  # a page that takes less is not worth a thread
QUICK_OF = 4  # the quickest of so many tells: the first page connects, others wait for a processor


class _HandOver(BaseException):
    """The service throttles: another thread is to wait, so that the asking one can tell of it."""


class ReadAhead:
    """`threads` requests in flight at most; `allowed` says how many of them right now.

    At most 2 x `threads` pages are in flight or waiting, at most `threads` of them for listings
    whose turn has not come. Nothing is read ahead while pages take less than `quick_seconds`.
    """

    def __init__(
        self, threads: int, allowed: Callable[[], int], *, quick_seconds: float = QUICK_SECONDS
    ) -> None:
        self.threads = threads
        self._allowed = allowed
        self._quick_seconds = quick_seconds
        self._seconds: deque[float] = deque(maxlen=QUICK_OF)  # that the last pages took
        self._lock = threading.Lock()
        self._startable = threading.Condition(self._lock)  # workers wait for it
        self._answered = threading.Condition(self._lock)  # the asking thread waits for it
        self._jobs = Jobs()
        self._waits: deque[Waiting] = deque(maxlen=1)
        self._workers = 0
        self._reads_here: int | None = None  # the asking thread while it reads a page itself
        self._closed = False
        self._bug: BaseException | None = None

    @property
    def held(self) -> int:
        """Pages in flight or waiting to be asked for."""
        return self._jobs.held

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Read a page, or take it if it was read ahead and need not be fresh.

        Yields `Waiting` while the service throttles. Raises what reading the page raised.
        """
        with self._lock:
            job = self._claim(source, request, window)
            is_for_here = self._may_read_here(job)
            if is_for_here:
                self._jobs.begin(job)
            else:
                self._wake()
                self._fill(job, request)
        if is_for_here:
            self._read_here(job)
        while (outcome := job.outcome) is None:
            self._wait(job)
            while self._waits:
                yield self._waits.pop()
        with self._lock:
            self._jobs.forget(job)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """Read this page of another listing when nothing is more urgent."""
        job = Job(source, request, window, LATER)
        with self._lock:
            is_known = request.offset in self._jobs.at(job.listing)
            if self._jobs.expected < self.threads and not is_known:
                self._read_ahead(job)

    def waiting(self, until: float, reason: str) -> None:
        """Tell the asking thread that the service throttles; called by any thread, with any lock.

        Raises what gives the request up where the asking thread sent it itself.
        """
        self._waits.append(Waiting(until, reason))
        if self._reads_here == threading.get_ident():
            raise _HandOver

    def close(self) -> None:
        """Start nothing more. Requests in flight are left to their deadline."""
        with self._lock:
            self._closed = True
            self._startable.notify_all()

    def _claim(self, source: Source, request: PageRequest, window: Window) -> Job:
        """Make this the most urgent job; one read ahead will do unless the page must be fresh."""
        if self._closed:
            raise RuntimeError("a page is asked for after the reading was closed")
        asked = Job(source, replace(request, ahead=()), window, NOW)
        self._jobs.forget_unwanted(asked.listing, request)
        ready = self._jobs.at(asked.listing).get(request.offset)
        if ready is not None and not request.fresh:
            ready.urgency = NOW
            return ready
        if ready is not None:
            self._jobs.forget(ready)
        self._jobs.add(asked)
        return asked

    @property
    def _is_quick(self) -> bool:
        return min(self._seconds, default=0.0) < self._quick_seconds

    def _may_read_here(self, job: Job) -> bool:
        return self._is_quick and not self._jobs.in_flight and job in self._jobs.queue

    def _read_here(self, job: Job) -> None:
        """Read a page on the asking thread; where the service throttles, leave it to another."""
        self._reads_here = threading.get_ident()
        seconds = job.read()
        self._reads_here = None
        with self._lock:
            self._ended(job, seconds)
            if isinstance(job.outcome, _HandOver):
                job.outcome = None
                self._seconds.extend([math.inf] * QUICK_OF)
                self._jobs.queue.append(job)
            self._wake()

    def _fill(self, asked: Job, request: PageRequest) -> None:
        """Read ahead what the scan plans, as far as there is room."""
        known = self._jobs.at(asked.listing)
        for offset in request.ahead[: 2 * self.threads]:
            if offset not in known:
                planned = PageRequest(offset, request.limit)
                self._read_ahead(Job(asked.source, planned, asked.window, SOON))

    def _read_ahead(self, job: Job) -> None:
        if self.threads > 1 and not self._is_quick and self._jobs.held < 2 * self.threads:
            self._jobs.add(job)
            self._wake()

    def _wait(self, job: Job) -> None:
        """Until the job is done, or long enough to look round: nobody tells us of the rest."""
        with self._lock:
            self._answered.wait_for(lambda: job.outcome or self._bug, LOOK_ROUND_SECONDS)
            if self._bug is not None:
                raise self._bug
            if self._may_start():
                self._startable.notify()

    def _wake(self) -> None:
        """Let a thread begin what waits, a new one if there are too few."""
        if self._workers < min(self.threads, len(self._jobs.queue) + len(self._jobs.in_flight)):
            self._workers += 1
            threading.Thread(target=self._work, name="page-reader", daemon=True).start()
        elif self._may_start():
            self._startable.notify()

    def _work(self) -> None:
        try:
            self._read_jobs()
        except BaseException as bug:  # noqa: BLE001  # a mistake of ours: raised by whoever waits
            with self._lock:
                self._bug = bug
                self._answered.notify()

    def _read_jobs(self) -> None:
        while (job := self._next()) is not None:
            seconds = job.read()
            with self._lock:
                self._ended(job, seconds)
                if job.urgency == NOW:
                    self._answered.notify()

    def _next(self) -> Job | None:
        """Wait until a job may be started and take the most urgent; None once closed."""
        with self._lock:
            self._startable.wait_for(lambda: self._closed or self._may_start())
            if self._closed:
                return None
            job = self._jobs.next()
            self._jobs.begin(job)
            if self._may_start():
                self._startable.notify()
            return job

    def _may_start(self) -> bool:
        return bool(self._jobs.queue) and len(self._jobs.in_flight) < max(1, self._allowed())

    def _ended(self, job: Job, seconds: float) -> None:
        self._jobs.in_flight.remove(job)
        self._seconds.append(seconds)
