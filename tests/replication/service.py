"""The emulator's store as a service in this process, on a clock that only we move.

Pages go through the real parsing of responses, so that a test sees what a run would see.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tap_dds_backups.api.client import page_query
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.listings import OneByOne, Pages
from tap_dds_backups.api.models import Page, PageRequest, Window
from tap_dds_backups.api.readahead import ReadAhead
from tap_dds_backups.api.responses import page_from
from tap_dds_backups.api.times import from_seconds
from tap_dds_backups.emulator import ApiError, Backup, Reading, Store, query_from
from tap_dds_backups.emulator.answers import Request
from tap_dds_backups.emulator.times import http_date
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Checkpoint, Event, Failed, Records, Remark
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.sync import Sync, Wanted
from tests.api.virtual import START, VirtualClock

E = TypeVar("E")
PARTITION = Partition("a" * 32)
DAY = 86_400


def at(seconds: float) -> str:
    """So many seconds after the clock's start, as the package writes times."""
    return from_seconds(START + seconds)


@dataclass
class Listing:
    """The list of one partition; `before` is called ahead of each request with its number."""

    store: Store
    clock: VirtualClock
    partition: Partition = PARTITION
    ahead: float = 0.0  # the server's clock minus ours, seconds
    has_date: bool = True
    before: Callable[[int], None] = lambda _: None
    windows: list[Window] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def key(self) -> Partition:
        """What tells this listing from another."""
        return self.partition

    def page(self, request: PageRequest, window: Window) -> Page:
        """Answer from the store at this instant."""
        with self.lock:
            self.windows.append(window)
            self.before(len(self.windows))
            received = self.clock.now()
            response = self._answer(page_query(request, window, self.partition.filters))
        return page_from(response, "dds.test", request, self.partition.filters, received)

    def _answer(self, query: str) -> Response:
        now = self.clock.now() + self.ahead
        date = {"date": http_date(now)} if self.has_date else {}
        try:
            pairs = Request("GET", "/", query).parameters()
            asked = query_from(pairs, reading=self.store.reading, now=now)
            return Response(200, date, self.store.body(asked, now=now))
        except ApiError as refused:
            return Response(refused.answer.status, date, refused.answer.body)


class Account:
    """One project: a store with an instance, and what a person may do with it."""

    def __init__(
        self, partition: Partition = PARTITION, *, reading: Reading | None = None, **listing: Any
    ) -> None:
        self.clock = listing.pop("clock", None) or VirtualClock()
        self.store = Store(reading=reading)
        self.instance = self.store.add_instance("orders", id="i" * 32)
        self.partition = partition
        self.listing = Listing(self.store, self.clock, partition, **listing)

    def add(self, *seconds: float, status: str = "COMPLETED", **details: Any) -> list[Backup]:
        """Backups that began so many seconds after the clock's start (mostly before it)."""
        done = status != "BUILDING"
        return [
            self.store.start(
                self.instance,
                begin=START + begin,
                **{"status": status, "end": int(START + begin) + 60 if done else None, **details},
            )
            for begin in seconds
        ]


def run(
    accounts: Account | Iterable[Account],
    bookmarks: Mapping[Partition, Bookmark] | None = None,
    *,
    threads: int = 0,
    **wanted: Any,
) -> Run:
    """Sync to the end; without `threads`, each page when it is asked for."""
    accounts = [accounts] if isinstance(accounts, Account) else list(accounts)
    with _pages(threads) as pages:
        sync = Sync(Wanted(**wanted), pages, accounts[0].clock, ahead=threads)
        sources = {account.partition: account.listing for account in accounts}
        return Run(list(sync.run(sources, bookmarks or {})))


@contextmanager
def _pages(threads: int) -> Iterator[Pages]:
    if not threads:
        yield OneByOne()
        return
    pages = ReadAhead(threads, lambda: threads, quick_seconds=0.0)
    try:
        yield pages
    finally:
        pages.close()


@dataclass
class Run:
    """What a sync said."""

    events: list[Event]

    def begins(self, partition: Partition | None = None) -> list[str]:
        """The begin_time of each record, in order."""
        found = self.of(Records)
        return [
            b.begin_time
            for each in found
            if partition in (None, each.partition)
            for b in each.backups
        ]

    @property
    def ids(self) -> list[str]:
        """The id of each record, in order."""
        return [backup.id for each in self.of(Records) for backup in each.backups]

    @property
    def bookmarks(self) -> dict[Partition, Bookmark]:
        """What would stand in the state at the end."""
        return {each.partition: each.bookmark for each in self.of(Checkpoint)}

    @property
    def bookmark(self) -> str | None:
        """The time that would stand in the state at the end, of the one partition."""
        marks = list(self.bookmarks.values())
        return marks[0].begin_time if marks else None

    @property
    def warnings(self) -> list[str]:
        """The texts of the warnings."""
        return [each.text for each in self.of(Remark) if each.is_warning]

    @property
    def errors(self) -> list[str]:
        """The texts of the failures."""
        return [str(each.error) for each in self.of(Failed)]

    def of(self, kind: type[E]) -> list[E]:
        """All events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]
