"""Drive the scan against a list in memory, one page at a time or with pages read ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.models import Backup, Note, Page, PageRequest, Window
from tap_dds_backups.api.paging import scan
from tap_dds_backups.api.reading import Question, Rows
from tap_dds_backups.api.times import from_seconds

MIDNIGHT = 1_533_513_600  # 2018-08-06 00:00:00 UTC
WINDOW = Window(from_seconds(MIDNIGHT - 2_000_000), from_seconds(MIDNIGHT))
MAX_REQUESTS = 3_000

Listing = Callable[[PageRequest], Page]


def backups(*groups: int) -> list[Backup]:
    """That many backups in each second, newest second first, a second apart."""
    return [
        Backup(id=f"{age}-{number}", begin_time=from_seconds(MIDNIGHT - age))
        for age, size in enumerate(groups)
        for number in range(size)
    ]


def still(rows: Sequence[Backup]) -> Listing:
    """A list that does not change."""
    return lambda asked: Page(rows[asked.offset : asked.offset + asked.limit], len(rows))


@dataclass
class Driven:
    """What a scan asked and what it said. With `ahead`, that many announced pages are read at once."""

    listing: Listing
    ahead: int = 0
    asked: list[PageRequest] = field(default_factory=list)
    read: int = 0  # pages read, those ahead included, wanted later or not
    written: list[Rows] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    error: DdsError | None = None
    stock: dict[int, Page] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The ids written, in order."""
        return [backup.id for rows in self.written for backup in rows.backups]

    @property
    def begins(self) -> list[str]:
        """The begin times written, in order."""
        return [backup.begin_time for rows in self.written for backup in rows.backups]

    @property
    def steps(self) -> str:
        """The places that were asked for, marked where the answer had to be a fresh one."""
        return ", ".join(f"{asked.offset}{' fresh' * asked.fresh}" for asked in self.asked)

    def answer(self, question: Question) -> Page | None:
        """Answer a request, take note of anything else."""
        if isinstance(question, Rows):
            self.written.append(question)
            return None
        if isinstance(question, Note):
            self.notes.append(question)
            return None
        self.asked.append(question)
        ready = self.stock.pop(question.offset, None)
        page = self._read(question) if ready is None or question.fresh else ready
        for offset in [each for each in question.ahead if each not in self.stock][: self.ahead]:
            self.stock[offset] = self._read(PageRequest(offset, question.limit))
        return page

    def _read(self, request: PageRequest) -> Page:
        self.read += 1
        assert self.read <= MAX_REQUESTS, "the scan does not end"
        return self.listing(request)


def drive(listing: Listing, *, limit: int = 100, ahead: int = 0) -> Driven:
    """Run a scan to its end."""
    driven = Driven(listing, ahead)
    reading = scan(WINDOW, limit)
    try:
        question = next(reading)
        while True:
            question = reading.send(driven.answer(question))
    except StopIteration:
        pass
    except DdsError as error:
        driven.error = error
    return driven
