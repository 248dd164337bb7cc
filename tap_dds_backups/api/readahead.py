"""Pages read before they are asked for, by a few threads, the most urgent first.

`ask` and `expect` are called by one thread, the one that writes, and `ask` for one listing after
another. What is in flight or waits to be asked for is bounded: a slow target stops the reading
instead of filling memory.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Hashable

from msgspec import Struct
from msgspec.structs import replace

from tap_dds_backups.api.listings import Source, Waiting
from tap_dds_backups.api.models import Page, PageRequest, Window

NOW, SOON, LATER = 0, 1, 2
LOOK_ROUND_SECONDS = 0.1  # how long `allowed` may have risen, or a wait be untold


_Listing = tuple[Hashable, Window]


class _Job(Struct, eq=False):
    """A page that is wanted, and what came of it."""

    source: Source
    request: PageRequest
    window: Window
    urgency: int
    outcome: Page | BaseException | None = None
    is_wanted: bool = True

    def read(self) -> None:
        """Keep a failure for the thread that asks for this page, if one ever does."""
        try:
            self.outcome = self.source.page(self.request, self.window)
        except BaseException as problem:  # noqa: BLE001  # raised where the page is asked for
            self.outcome = problem


class ReadAhead:
    """`threads` requests in flight at most; `allowed` says how many of them right now.

    At most 2 x `threads` pages are in flight or waiting, at most `threads` of them for listings
    whose turn has not come.
    """

    def __init__(self, threads: int, allowed: Callable[[], int]) -> None:
        self.threads = threads
        self._allowed = allowed
        self._lock = threading.Lock()
        self._startable = threading.Condition(self._lock)  # workers wait for it
        self._answered = threading.Condition(self._lock)  # the asking thread waits for it
        self._jobs: dict[_Listing, dict[int, _Job]] = {}  # wanted, not yet handed over
        self._queue: list[_Job] = []  # those of them that nobody has begun to read
        self._in_flight: set[_Job] = set()  # may hold jobs that are no longer wanted
        self._waits: deque[Waiting] = deque(maxlen=1)
        self._workers = 0
        self._needed = threads  # requests in flight that the asking thread can make use of
        self._closed = False
        self._bug: BaseException | None = None

    @property
    def held(self) -> int:
        """Pages in flight or waiting to be asked for."""
        given_up = sum(not job.is_wanted for job in self._in_flight)
        return given_up + sum(map(len, self._jobs.values()))

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Read a page, or take it if it was read ahead and need not be fresh.

        Yields `Waiting` while the service throttles. Raises what reading the page raised.
        """
        listing = source.key, window
        with self._lock:
            self._forget_unwanted(listing, request)
            job = self._claim(source, request, listing)
            self._fill(source, request, listing)
            if job.outcome is None:
                self._need_more()
        while (outcome := job.outcome) is None:
            self._wait(job)
            while self._waits:
                yield self._waits.pop()
        with self._lock:
            self._forget(listing, job)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """Read this page of another listing when nothing is more urgent."""
        listing = source.key, window
        with self._lock:
            expected = sum(
                job.urgency == LATER for jobs in self._jobs.values() for job in jobs.values()
            )
            if expected < self.threads and request.offset not in self._jobs.get(listing, {}):
                self._add(listing, _Job(source, request, window, LATER))

    def waiting(self, until: float, reason: str) -> None:
        """Tell the asking thread that the service throttles; called by any thread, with any lock."""
        self._waits.append(Waiting(until, reason))

    def close(self) -> None:
        """Start nothing more. Requests in flight are left to their deadline."""
        with self._lock:
            self._closed = True
            self._startable.notify_all()

    def _wait(self, job: _Job) -> None:
        """Until the job is done, or long enough to look round: nobody tells us of the rest."""
        with self._lock:
            self._answered.wait_for(lambda: job.outcome or self._bug, LOOK_ROUND_SECONDS)
            if self._bug is not None:
                raise self._bug
            if self._may_start():
                self._startable.notify()

    def _claim(self, source: Source, request: PageRequest, listing: _Listing) -> _Job:
        """Make this the most urgent job; one read ahead will do unless the page must be fresh."""
        if self._closed:
            raise RuntimeError("a page is asked for after the reading was closed")
        ready = self._jobs.get(listing, {}).get(request.offset)
        if ready is not None and not request.fresh:
            ready.urgency = NOW
            return ready
        if ready is not None:
            self._forget(listing, ready)
        asked = _Job(source, replace(request, ahead=()), listing[1], NOW)
        self._enqueue(listing, asked)
        return asked

    def _forget_unwanted(self, listing: _Listing, request: PageRequest) -> None:
        """Make room: forget what the scan went past, places it no longer plans, other listings."""
        wanted = {request.offset, *request.ahead}
        last = min(wanted)
        for other, jobs in list(self._jobs.items()):
            for offset, job in list(jobs.items()):
                if other == listing:
                    is_unwanted = offset >= last and offset not in wanted
                else:
                    is_unwanted = job.urgency != LATER or other[0] == listing[0]
                if is_unwanted:
                    self._forget(other, job)

    def _forget(self, listing: _Listing, job: _Job) -> None:
        """Hand over what came of a job, or give it up; `listing` is the job's."""
        jobs = self._jobs[listing]
        del jobs[job.request.offset]
        if not jobs:
            del self._jobs[listing]
        job.is_wanted = False
        if job in self._queue:
            self._queue.remove(job)

    def _fill(self, source: Source, request: PageRequest, listing: _Listing) -> None:
        """Read ahead what the scan plans, as far as there is room."""
        known = self._jobs[listing]
        for offset in request.ahead[: 2 * self.threads]:
            if offset not in known:
                self._add(
                    listing, _Job(source, PageRequest(offset, request.limit), listing[1], SOON)
                )

    def _add(self, listing: _Listing, job: _Job) -> None:
        """Read this page ahead, if there is room."""
        if self.threads > 1 and self._has_room():
            self._enqueue(listing, job)

    def _has_room(self) -> bool:
        return self.held < 2 * self.threads

    def _enqueue(self, listing: _Listing, job: _Job) -> None:
        self._jobs.setdefault(listing, {})[job.request.offset] = job
        self._queue.append(job)
        if self._workers < min(self.threads, len(self._queue) + len(self._in_flight)):
            self._workers += 1
            threading.Thread(target=self._work, name="page-reader", daemon=True).start()
        elif self._may_start():
            self._startable.notify()

    def _need_more(self) -> None:
        """The asking thread has to wait: more hands, if there are."""
        if self._needed < self.threads:
            self._needed = min(2 * self._needed, self.threads)
            self._startable.notify_all()

    def _work(self) -> None:
        try:
            self._read_jobs()
        except BaseException as bug:  # noqa: BLE001  # a mistake of ours: raised by whoever waits
            with self._lock:
                self._bug = bug
                self._answered.notify()

    def _read_jobs(self) -> None:
        while (job := self._next()) is not None:
            job.read()
            with self._lock:
                self._in_flight.remove(job)
                if job.urgency == NOW:
                    self._answered.notify()
                elif not self._in_flight and not self._has_room():
                    # Threads that wait for each other cost more CPU than the pages themselves.
                    self._needed = max(1, self._needed // 2)

    def _next(self) -> _Job | None:
        """Wait until a job may be started and take the most urgent; None once closed."""
        with self._lock:
            self._startable.wait_for(lambda: self._closed or self._may_start())
            if self._closed:
                return None
            job = min(self._queue, key=lambda queued: queued.urgency)  # the first of equals
            self._queue.remove(job)
            self._in_flight.add(job)
            if self._may_start():
                self._startable.notify()
            return job

    def _may_start(self) -> bool:
        in_flight = len(self._in_flight)
        return (
            bool(self._queue) and in_flight < self._needed and in_flight < max(1, self._allowed())
        )
