"""A target that trusts nothing but STATE, and the laws that must hold for what it holds."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any

from tap_dds_backups.api.listings import Source, Waiting
from tap_dds_backups.api.models import Backup, Filters, Page, PageRequest, Window
from tap_dds_backups.api.times import from_seconds, shifted
from tap_dds_backups.emulator import Backup as Stored
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Checkpoint, Event, Failed, Finished, Records, Started
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.sync import Sync, Wanted
from tests.laws.life import WEEK, Life
from tests.replication.service import Listing

PROJECT = "a" * 32
SETTLED = 5  # seconds after which a second is closed for either clock
Remember = Callable[[Checkpoint, str], Bookmark]


def as_told(checkpoint: Checkpoint, _newest: str) -> Bookmark:
    """The bookmark that the sync names."""
    return checkpoint.bookmark


@dataclass(frozen=True)
class Order:
    """What one sync is asked for. `kill`: stop after so many events, as SIGKILL would."""

    filters: Filters = field(default_factory=Filters)
    start_date: str | None = None
    end_date: str | None = None
    page_size: int = 100
    kill: int | None = None
    unrest: float = 0.0  # chance of a change before each request
    full_table: bool = False


@dataclass
class Ahead:
    """Pages read ahead on one thread: some of those announced, before or after the one asked for."""

    random: Random
    stock: dict[int, Page] = field(default_factory=dict)

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Answer a request, from the stock if it need not be fresh."""
        yield from ()
        ready = self.stock.pop(request.offset, None)
        wanted = [offset for offset in request.ahead[:8] if offset not in self.stock]
        chosen = [offset for offset in wanted if self.random.random() < 0.5]
        before = self.random.sample(chosen, self.random.randint(0, len(chosen)))
        for offset in before:
            self.stock[offset] = source.page(PageRequest(offset, request.limit), window)
        page = source.page(request, window) if ready is None or request.fresh else ready
        for offset in chosen:
            if offset not in before:
                self.stock[offset] = source.page(PageRequest(offset, request.limit), window)
        return page

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """There is one listing only."""


@dataclass
class Warehouse:
    """Holds what was written before the last STATE, and nothing that came after it."""

    life: Life
    remember: Remember = as_told
    rows: dict[str, Backup] = field(default_factory=dict)
    state: dict[str, Any] | None = None
    syncs: int = 0
    requests: int = 0
    refused: list[str] = field(default_factory=list)
    digest: str = ""

    def run(self, order: Order) -> None:
        """Sync once and hold the laws against what came of it."""
        Run(self, order).run()
        self.syncs += 1

    def note(self, event: Event) -> None:
        """Everything that was said goes into the digest of this life."""
        self.digest = sha256(f"{self.digest}{event!r}".encode()).hexdigest()


@dataclass
class Run:
    """One sync, watched."""

    warehouse: Warehouse
    order: Order
    buffer: dict[str, Backup] = field(default_factory=dict)  # written since the last STATE
    written: set[str] = field(default_factory=set)
    newest: str = ""
    resumed: bool = False

    def __post_init__(self) -> None:
        self.life = self.warehouse.life
        self.life.changed.clear()
        self.began = self.life.now
        self.covered = [*self._covered()]
        self.partition = Partition(PROJECT, self.order.filters)
        state = self.warehouse.state
        self.old = Bookmark.from_json(state) if state else None

    def run(self) -> None:
        """To the end, or until it is killed."""
        for number, event in enumerate(self._events()):
            self.warehouse.note(event)
            self.take(event)
            if number == self.order.kill:
                return

    def take(self, event: Event) -> None:
        """Do with an event what a target does, and judge it."""
        if isinstance(event, Started):
            self.resumed = event.resumed
        elif isinstance(event, Records):
            self._wrote(event)
        elif isinstance(event, Checkpoint):
            self._checkpoint(event)
        elif isinstance(event, Failed):
            self.warehouse.refused.append(str(event.error))
        elif isinstance(event, Finished):
            self._finished()

    def _events(self) -> Iterator[Event]:
        order = self.order
        wanted = Wanted(
            start_date=order.start_date,
            end_date=order.end_date,
            lookback_seconds=self.life.lookback,
            page_size=order.page_size,
            full_table=order.full_table,
        )
        listing = Listing(self.life.store, self.life.clock, self.partition, self.life.skew)
        listing.before = self._between_requests
        sync = Sync(wanted, Ahead(self.life.random), self.life.clock)
        return sync.run({self.partition: listing}, {self.partition: self.old} if self.old else {})

    def _between_requests(self, _number: int) -> None:
        self.warehouse.requests += 1
        self.life.wait(0.3)
        if self.life.random.random() < self.order.unrest:
            self.life.something()

    def _wrote(self, records: Records) -> None:
        if self.life.reading.order == "creation":  # read in passes after a first attempt
            self.newest, self.written = "", set()
        for row in records.backups:
            assert row.begin_time >= self.newest, "begin_time went back"
            assert row.id not in self.written, f"{row.id} was written twice"
            assert self._wants(row), f"{row.id} was not asked for"
            self.newest = row.begin_time
            self.written.add(row.id)
            self.buffer[row.id] = row

    def _wants(self, row: Backup) -> bool:
        order = self.order
        return (order.start_date or "") <= row.begin_time <= (order.end_date or "9")

    def _checkpoint(self, checkpoint: Checkpoint) -> None:
        warehouse = self.warehouse
        assert not self.order.full_table, "FULL_TABLE moves no bookmark"
        bookmark = warehouse.remember(checkpoint, self.newest)
        warehouse.rows |= self.buffer
        self.buffer.clear()
        warehouse.state = bookmark.to_json()
        assert bookmark.begin_time < from_seconds(self.life.now), "a bookmark in the future"
        self._assert_complete(until=self._next_window(bookmark))
        if self.old and self.resumed and bookmark.begin_time < self.old.begin_time:
            assert any(row.begin_time == bookmark.begin_time for row in warehouse.rows.values())

    def _finished(self) -> None:
        if not self.order.full_table:
            assert not self.buffer, "rows without a STATE behind them"
        self.warehouse.rows |= self.buffer
        self._assert_complete(until="9")
        self._assert_fresh()

    def _covered(self) -> Iterator[tuple[str, Stored]]:
        """What is listed before the first request and covered by the promise, with its begin."""
        settled = self.began - SETTLED
        first, last = self.order.start_date or "", self.order.end_date or "9"
        for backup in self.life.listed():
            if self.life.hides_unfinished and (backup.end or self.began) > settled:
                continue  # the window's end bounds the backup's
            lag = self.life.shown_since[backup.id] - backup.begin
            if backup.begin > settled or lag > self.life.lookback:
                continue
            begin = from_seconds(backup.begin)
            if first <= begin <= last and _matches(backup, self.order.filters):
                yield begin, backup

    def _assert_complete(self, until: str) -> None:
        rows = self.warehouse.rows
        missing = [each for begin, each in self.covered if begin < until and each.id not in rows]
        lost = [backup for backup in missing if self.life.holds(backup)]
        assert not lost, f"lost before {until}: {lost[0]}"

    def _assert_fresh(self) -> None:
        """No finished backup still stands as running, and what was read again is as it was."""
        window = self._reread_from()
        for _, backup in self.covered:
            if backup.id in self.life.changed or backup.end is None or not self.life.holds(backup):
                continue
            held = self.warehouse.rows[backup.id]
            if backup.end - backup.begin < WEEK - 60:
                assert held.status != "BUILDING", f"stale: {held}"
            if held.begin_time >= window:
                seen = (held.status, held.end_time, held.size, held.instance_id)
                end, size = from_seconds(backup.end), backup.size
                size_listed = None if "size" in self.life.reading.missing_fields else size
                assert seen == (backup.status, end, size_listed, backup.instance.id)

    def _next_window(self, bookmark: Bookmark) -> str:
        """Before what a next sync would not look again: by the look-back, once there was a STATE."""
        if not self.resumed:
            return bookmark.begin_time
        return shifted(bookmark.begin_time, -self.life.lookback)

    def _reread_from(self) -> str:
        if not self.resumed or self.old is None:
            return ""
        return shifted(self.old.begin_time, -self.life.lookback)


def _matches(backup: Stored, filters: Filters) -> bool:
    return (
        filters.instance_id in (None, backup.instance.id)
        and filters.backup_type in (None, backup.type)
        and filters.mode in (None, backup.instance.mode)
    )
