"""Pages that are wanted: which wait to be read, which are in flight, which are there."""

from __future__ import annotations

import time
from collections.abc import Hashable

from msgspec import Struct

from tap_dds_backups.api.listings import Source
from tap_dds_backups.api.models import Page, PageRequest, Window

NOW, SOON, LATER = 0, 1, 2

ListingKey = tuple[Hashable, Window]


class Job(Struct, eq=False):
    """A page that is wanted, and what came of it."""

    source: Source
    request: PageRequest
    window: Window
    urgency: int
    outcome: Page | BaseException | None = None
    is_wanted: bool = True

    @property
    def listing(self) -> ListingKey:
        """A listing in another window is another listing."""
        return self.source.key, self.window

    def read(self) -> float:
        """Keep a failure for the thread that asks for this page, if one ever does.

        Returns the seconds that it took.
        """
        began = time.monotonic()
        try:
            self.outcome = self.source.page(self.request, self.window)
        except BaseException as problem:  # noqa: BLE001  # raised where the page is asked for
            self.outcome = problem
        return time.monotonic() - began


class Jobs:
    """The jobs of a reader. Starts nothing, and is not thread-safe."""

    def __init__(self) -> None:
        self._wanted: dict[ListingKey, dict[int, Job]] = {}  # and not yet handed over
        self.queue: list[Job] = []  # those of them that nobody has begun to read
        self.in_flight: set[Job] = set()  # may hold jobs that are no longer wanted

    @property
    def held(self) -> int:
        """Pages in flight or waiting to be asked for."""
        given_up = sum(not job.is_wanted for job in self.in_flight)
        return given_up + sum(map(len, self._wanted.values()))

    @property
    def expected(self) -> int:
        """Pages held for listings whose turn has not come."""
        return sum(job.urgency == LATER for jobs in self._wanted.values() for job in jobs.values())

    def at(self, listing: ListingKey) -> dict[int, Job]:
        """The jobs of one listing by offset."""
        return self._wanted.get(listing, {})

    def add(self, job: Job) -> None:
        """Want a page, and let it wait to be read."""
        self._wanted.setdefault(job.listing, {})[job.request.offset] = job
        self.queue.append(job)

    def next(self) -> Job:
        """The most urgent of those that wait, of equals the first."""
        return min(self.queue, key=lambda queued: queued.urgency)

    def begin(self, job: Job) -> None:
        """A thread reads it now."""
        self.queue.remove(job)
        self.in_flight.add(job)

    def forget(self, job: Job) -> None:
        """Hand over what came of a job, or give it up."""
        jobs = self._wanted[job.listing]
        del jobs[job.request.offset]
        if not jobs:
            del self._wanted[job.listing]
        job.is_wanted = False
        if job in self.queue:
            self.queue.remove(job)

    def forget_unwanted(self, listing: ListingKey, request: PageRequest) -> None:
        """Make room: forget what the scan went past, places it no longer plans, other listings."""
        wanted = {request.offset, *request.ahead}
        last = min(wanted)
        for other, jobs in list(self._wanted.items()):
            for offset, job in list(jobs.items()):
                if other == listing:
                    is_unwanted = offset >= last and offset not in wanted
                else:
                    is_unwanted = job.urgency != LATER or other[0] == listing[0]
                if is_unwanted:
                    self.forget(job)
