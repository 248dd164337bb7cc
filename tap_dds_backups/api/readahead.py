"""Pages read before they are asked for, by a few threads, the most urgent first.

`ask` and `expect` are called by one thread, the one that writes. What is read ahead is bounded:
a slow target stops the reading instead of filling memory.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field, replace
from typing import Protocol

from tap_dds_backups.api.models import Page, PageRequest, Window

NOW, SOON, LATER = 0, 1, 2


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
    source: Source
    request: PageRequest
    window: Window
    urgency: int
    page: Page | None = None
    error: BaseException | None = None
    started: bool = False

    @property
    def place(self) -> tuple[Hashable, Window, int]:
        return self.source.key, self.window, self.request.offset

    @property
    def done(self) -> bool:
        return self.page is not None or self.error is not None


@dataclass(slots=True)
class ReadAhead:
    """`threads` requests in flight at most; `allowed` says how many of them right now."""

    threads: int
    allowed: Callable[[], int]
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _queue: list[tuple[int, int, _Job]] = field(default_factory=list)
    _jobs: dict[tuple[Hashable, Window, int], _Job] = field(default_factory=dict)
    _waits: list[Waiting] = field(default_factory=list)
    _running: int = 0
    _count: int = 0
    _closed: bool = False
    _workers: int = 0

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Read a page, or take it if it was read ahead and need not be fresh.

        Yields `Waiting` while the service throttles. Raises what reading the page raised.
        """
        job = self._claim(source, request, window)
        for offset in request.ahead[: 2 * self.threads]:
            self._add(source, PageRequest(offset, request.limit), window, SOON)
        while True:
            with self._changed:
                while not job.done and not self._waits:
                    self._changed.wait()
                waits, self._waits = self._waits, []
            yield from waits
            if job.error is not None:
                raise job.error
            if job.page is not None:
                return job.page

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """Read this page of another listing when nothing is more urgent."""
        self._add(source, request, window, LATER)

    def waiting(self, until: float, reason: str) -> None:
        """Tell the asking thread that the service throttles; called by any thread."""
        with self._changed:
            self._waits.append(Waiting(until, reason))
            self._changed.notify_all()

    def close(self) -> None:
        """Start nothing more. Requests in flight are left to their deadline."""
        with self._changed:
            self._closed = True
            self._queue.clear()
            self._changed.notify_all()

    def _claim(self, source: Source, request: PageRequest, window: Window) -> _Job:
        job = _Job(source, replace(request, ahead=()), window, NOW)
        with self._changed:
            self._forget_passed(job)
            ready = self._jobs.pop(job.place, None)
            if ready is not None and not request.fresh:
                if not ready.started:
                    self._enqueue(ready, NOW)
                return ready
            if ready is not None:
                self._drop(ready)
            self._enqueue(job, NOW)
        return job

    def _forget_passed(self, asked: _Job) -> None:
        """Drop pages of this listing that lie behind what is asked for: the scan went past them."""
        passed = [
            job
            for job in self._jobs.values()
            if job.source.key == asked.source.key
            and (job.window != asked.window or job.request.offset > asked.request.offset)
            and not asked.request.fresh
        ]
        for job in passed:
            del self._jobs[job.place]
            self._drop(job)

    def _add(self, source: Source, request: PageRequest, window: Window, urgency: int) -> None:
        job = _Job(source, request, window, urgency)
        with self._changed:
            room = self.threads if urgency == LATER else 2 * self.threads
            if self.threads > 1 and len(self._jobs) < room and job.place not in self._jobs:
                self._jobs[job.place] = job
                self._enqueue(job, urgency)

    def _enqueue(self, job: _Job, urgency: int) -> None:
        if job.urgency != urgency:
            self._queue = [entry for entry in self._queue if entry[2] is not job]
            heapq.heapify(self._queue)
            job.urgency = urgency
        self._count += 1
        heapq.heappush(self._queue, (urgency, self._count, job))
        if self._workers < min(self.threads, len(self._queue) + self._running):
            self._workers += 1
            threading.Thread(target=self._work, name="page-reader", daemon=True).start()
        self._changed.notify_all()

    def _drop(self, job: _Job) -> None:
        self._queue = [entry for entry in self._queue if entry[2] is not job]
        heapq.heapify(self._queue)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._may_start():
                    self._changed.wait()
                if self._closed:
                    return
                job = heapq.heappop(self._queue)[2]
                job.started = True
                self._running += 1
            self._read(job)

    def _may_start(self) -> bool:
        return bool(self._queue) and self._running < max(1, self.allowed())

    def _read(self, job: _Job) -> None:
        page, error = None, None
        try:
            page = job.source.page(job.request, job.window)
        except BaseException as problem:  # noqa: BLE001  # handed to the asking thread
            error = problem
        with self._changed:
            job.page, job.error = page, error
            self._running -= 1
            self._changed.notify_all()
