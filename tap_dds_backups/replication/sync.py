"""Read partitions one after another and say what to write and what to remember."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice

from msgspec import Struct, field

from tap_dds_backups.api.clock import Clock
from tap_dds_backups.api.errors import DdsError, RequestRefused
from tap_dds_backups.api.listings import Pages, Source, Waiting
from tap_dds_backups.api.models import Backup, Note, Page, PageRequest, Window
from tap_dds_backups.api.paging import scan
from tap_dds_backups.api.reading import Rows
from tap_dds_backups.api.times import from_seconds
from tap_dds_backups.replication.bookmark import Bookmark, Conditions, Progress
from tap_dds_backups.replication.events import (
    Checkpoint,
    Event,
    Failed,
    Finished,
    Records,
    Remark,
    Started,
)
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.span import Span

BEHIND_SECONDS = 2  # the server's clock counts where ours is behind by more
SKEW_WARNING_SECONDS = 300
MAX_REMARKS = 1_000  # a service may make up names of fields without end


class Wanted(Struct, frozen=True):
    """What a sync is asked for, the same for all partitions. Times are RFC 3339 UTC.

    `full_table`: bookmarks are neither used nor moved.
    """

    start_date: str | None = None
    end_date: str | None = None
    lookback_seconds: int = 86_400
    page_size: int = 100
    full_table: bool = False

    def span(self, partition: Partition, bookmark: Bookmark | None) -> Span:
        """What to read of this partition."""
        known = None if self.full_table else bookmark
        return Span.of(self.conditions(partition), self.end_date, known, self.lookback_seconds)

    def conditions(self, partition: Partition) -> Conditions:
        """What this partition's history is read under."""
        return Conditions.of(partition.filters, self.start_date)


class Opening(Struct, frozen=True):
    """The window of a partition's first request, and what was known of time when it was set.

    `asked_at` is our clock, UTC seconds; `behind` by how many it was known to be behind theirs.
    """

    window: Window
    asked_at: float
    behind: float


class Sync(Struct):
    """Reads partitions in order, each from its own listing; the next ones are read ahead."""

    wanted: Wanted
    pages: Pages
    clock: Clock
    ahead: int = 0
    _behind: float = 0.0  # how far our clock was found behind the server's
    _openings: dict[Partition, Opening] = field(default_factory=dict)
    _said: set[tuple[str, str]] = field(default_factory=set)
    _skew_told: bool = False

    def run(
        self, sources: Mapping[Partition, Source], bookmarks: Mapping[Partition, Bookmark]
    ) -> Iterator[Event]:
        """Yield what to write and remember. An error ends its partition, not the run."""
        todo = list(sources)
        for number, partition in enumerate(todo):
            for later in islice(todo, number + 1, number + 1 + self.ahead):
                window = self.opening(later, bookmarks.get(later)).window
                self.pages.expect(sources[later], PageRequest(0, self.wanted.page_size), window)
            reading = _Reading(self, partition, sources[partition], bookmarks.get(partition))
            try:
                yield from reading.run()
            except DdsError as error:
                yield Failed(partition, error, reading.written)

    def opening(self, partition: Partition, bookmark: Bookmark | None) -> Opening:
        """How to open this partition, the same however often it is asked for."""
        if partition not in self._openings:
            now = self.clock.now()
            window = self.wanted.span(partition, bookmark).window(now + self._behind)
            self._openings[partition] = Opening(window, now, self._behind)
        return self._openings[partition]

    def remark(self, partition: Partition, notes: Iterable[Note]) -> Iterator[Remark]:
        """Each kind of note once a run."""
        for note in notes:
            if (note.kind, note.text) not in self._said and len(self._said) < MAX_REMARKS:
                self._said.add((note.kind, note.text))
                yield Remark(partition, note.text, note.is_warning)

    def measure_clock(self, page: Page) -> Iterator[Note]:
        """Compare the clocks at an answer to a partition's opening."""
        if page.date is None:
            return
        ahead = page.date - page.received
        if ahead > BEHIND_SECONDS:
            self._behind = max(self._behind, ahead)
        if abs(ahead) > SKEW_WARNING_SECONDS and not self._skew_told:
            self._skew_told = True
            side = "behind" if ahead > 0 else "ahead of"
            yield Note(
                "clock", f"this machine's clock is {abs(ahead):.0f} s {side} the service's", True
            )


class _Reading(Struct):
    """One partition while it is read."""

    sync: Sync
    partition: Partition
    source: Source
    bookmark: Bookmark | None
    written: int = 0
    total: int = 0

    def run(self) -> Generator[Event, None, None]:
        window, first = yield from self._open()
        span = self.sync.wanted.span(self.partition, self.bookmark)
        now = self.sync.clock.now() if first.date is None else first.date
        closed = window.end if first.date is None else min(window.end, from_seconds(now - 1))
        conditions = self.sync.wanted.conditions(self.partition)
        progress = Progress(span.resume, conditions, closed, from_seconds(now))
        self.total = first.total_count or 0
        asked_at = self.sync.opening(self.partition, self.bookmark).asked_at
        yield Started(self.partition, window, self.total, span.resume is not None, asked_at)
        for found in self._scan(window, first):
            if not isinstance(found, Rows):
                yield found
                continue
            backups = span.wanted(found.backups, closed)
            if backups:
                yield from self._write(backups, found, progress)
            if found.frontier is not None and self.written:
                yield from self._remember(progress)
        yield Finished(self.partition, self.written, self.total)

    def _open(self) -> Generator[Event, None, tuple[Window, Page]]:
        """Ask for the newest page; where our clock was wrong, once more by the server's."""
        opening = self.sync.opening(self.partition, self.bookmark)
        try:
            first = yield from self._ask(opening.window)
        except RequestRefused as refusal:
            window = self._window(refusal.server_time)
            if window is None or window.end >= opening.window.end:
                raise
            return window, (yield from self._ask(window))
        behind = 0.0 if first.date is None else first.date - first.received - opening.behind
        window = self._window(first.date) if behind > BEHIND_SECONDS else None
        if window is None or window == opening.window:
            return opening.window, first
        return window, (yield from self._ask(window))

    def _window(self, now: float | None) -> Window | None:
        span = self.sync.wanted.span(self.partition, self.bookmark)
        return None if now is None else span.window(now)

    def _ask(self, window: Window) -> Generator[Event, None, Page]:
        request = PageRequest(0, self.sync.wanted.page_size)
        page = yield from self.sync.pages.ask(self.source, request, window)
        yield from self.sync.remark(self.partition, self.sync.measure_clock(page))
        return page

    def _scan(self, window: Window, first: Page) -> Iterator[Rows | Waiting | Remark]:
        """Drive the scan: answer its page requests, pass on what it says."""
        reading = scan(window, self.sync.wanted.page_size)
        question = next(reading, None)
        opening: Page | None = first
        while question is not None:
            answer = None
            if isinstance(question, PageRequest):
                answer, opening = opening, None
                if answer is None:
                    answer = yield from self.sync.pages.ask(self.source, question, window)
                self.total = answer.total_count or self.total
                yield from self.sync.remark(self.partition, answer.notes)
            elif isinstance(question, Note):
                yield from self.sync.remark(self.partition, [question])
            else:
                yield question
            try:
                question = reading.send(answer)
            except StopIteration:
                return

    def _write(self, backups: Sequence[Backup], found: Rows, progress: Progress) -> Iterator[Event]:
        self.written += len(backups)
        received = found.page.received
        yield Records(self.partition, backups, received, self.written, self.total)
        for backup in progress.wrote(backups):
            text = (
                f"backup {backup.id} is unfinished since {backup.begin_time}, over seven days:"
                " the bookmark no longer waits for it"
            )
            yield from self.sync.remark(self.partition, [Note("stuck", text, True)])

    def _remember(self, progress: Progress) -> Iterator[Checkpoint]:
        bookmark = progress.bookmark()
        if bookmark is not None and not self.sync.wanted.full_table:
            yield Checkpoint(self.partition, bookmark)
