"""Pages read before they are asked for, by a few threads, the most urgent first.

`ask` and `expect` are called by one thread, the one that writes, and `ask` for one listing after
another. What is in flight or waits to be asked for is bounded: a slow target stops the reading
instead of filling memory.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tap_dds_backups.api.models import Page, PageRequest, Window

NOW, SOON, LATER = 0, 1, 2
LOOK_ROUND_SECONDS = 0.1  # how long `allowed` may have risen, or a wait be untold


@dataclass(frozen=True, slots=True)
class Waiting:
    """The service throttles: nothing is sent before `until` (UTC seconds)."""

    until: float
    reason: str


class Source(Protocol):
    """A listing that can be asked for a page."""

    @property
    def key(self) -> Hashable:
        """What tells this listing from another."""

    def page(self, request: PageRequest, window: Window) -> Page:
        """Read one page; raises DdsError."""


class Pages(Protocol):
    """Where a sync gets its pages from."""

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Read a page, or take it if it was read ahead and need not be fresh."""

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """Say that this page of another listing will be asked for soon."""


class OneByOne:
    """Reads each page when it is asked for, on the caller's thread."""

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Read a page now."""
        yield from ()
        return source.page(request, window)

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """Nothing is read ahead."""


@dataclass(eq=False, slots=True)
class _Job:
    """A page that is wanted, and what came of it."""

    source: Source
    request: PageRequest
    window: Window
    urgency: int
    outcome: Page | BaseException | None = None

    @property
    def place(self) -> tuple[Hashable, Window, int]:
        return self.source.key, self.window, self.request.offset

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
        self._jobs: dict[tuple[Hashable, Window, int], _Job] = {}  # wanted, not yet handed over
        self._queue: list[_Job] = []  # those of them that nobody has begun to read
        self._in_flight: set[_Job] = set()  # may hold jobs that are no longer wanted
        self._waits: deque[Waiting] = deque(maxlen=1)
        self._workers = 0
        self._closed = False

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Read a page, or take it if it was read ahead and need not be fresh.

        Yields `Waiting` while the service throttles. Raises what reading the page raised.
        """
        asked = _Job(source, replace(request, ahead=()), window, NOW)
        with self._lock:
            self._forget_unwanted(asked, request.ahead)
            job = self._claim(asked)
            for offset in request.ahead[: 2 * self.threads]:
                self._add(_Job(source, PageRequest(offset, request.limit), window, SOON))
        while (outcome := job.outcome) is None:
            self._wait(job)
            while self._waits:
                yield self._waits.pop()
        with self._lock:
            del self._jobs[job.place]
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """Read this page of another listing when nothing is more urgent."""
        with self._lock:
            if sum(job.urgency == LATER for job in self._jobs.values()) < self.threads:
                self._add(_Job(source, request, window, LATER))

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
            self._answered.wait_for(lambda: job.outcome is not None, LOOK_ROUND_SECONDS)
            if self._may_start():
                self._startable.notify()

    def _claim(self, asked: _Job) -> _Job:
        """Make this the most urgent job; one read ahead will do unless the page must be fresh."""
        if self._closed:
            raise RuntimeError("a page is asked for after the reading was closed")
        ready = self._jobs.get(asked.place)
        if ready is not None and not asked.request.fresh:
            ready.urgency = NOW
            return ready
        if ready is not None:
            self._forget(ready)
        self._enqueue(asked)
        return asked

    def _forget_unwanted(self, asked: _Job, ahead: Sequence[int]) -> None:
        """Make room: forget what the scan went past, places it no longer plans, other listings."""
        wanted = {asked.request.offset, *ahead}
        for job in list(self._jobs.values()):
            if job.source.key != asked.source.key:
                unwanted = job.urgency != LATER
            else:
                passed = job.request.offset >= min(wanted) and job.request.offset not in wanted
                unwanted = passed or job.window != asked.window
            if unwanted:
                self._forget(job)

    def _forget(self, job: _Job) -> None:
        del self._jobs[job.place]
        if job in self._queue:
            self._queue.remove(job)

    def _add(self, job: _Job) -> None:
        """Read this page ahead, if there is room and it is not being read already."""
        room = 2 * self.threads - len(self._in_flight.union(self._jobs.values()))
        if self.threads > 1 and room > 0 and job.place not in self._jobs:
            self._enqueue(job)

    def _enqueue(self, job: _Job) -> None:
        self._jobs[job.place] = job
        self._queue.append(job)
        if self._workers < min(self.threads, len(self._queue) + len(self._in_flight)):
            self._workers += 1
            threading.Thread(target=self._work, name="page-reader", daemon=True).start()
        self._startable.notify()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job.read()
            with self._lock:
                self._in_flight.remove(job)
                if job.urgency == NOW:
                    self._answered.notify()

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
        return bool(self._queue) and len(self._in_flight) < max(1, self._allowed())
