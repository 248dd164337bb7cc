"""Scans broken on purpose. Each must be caught by what the shipped scan passes."""

from __future__ import annotations

from collections.abc import Generator

from tap_dds_backups.api.judging import Held, hold
from tap_dds_backups.api.models import Page, PageRequest, Window
from tap_dds_backups.api.paging import FrontierScan
from tap_dds_backups.api.reading import Question, Reading, Rows, Scan
from tap_dds_backups.api.times import shifted
from tests.laws.explore import ScanMaker


class NoReachTest(FrontierScan):
    """Takes every page, whether or not something may lie unread behind it."""

    def _reaches(self, page: Held) -> bool:  # noqa: ARG002  # what is missing here
        return True


class NoWholenessTest(FrontierScan):
    """Takes every page as it comes, whatever its own count says."""

    def _read(self, offset: int, *, fresh: bool) -> Reading:
        request = PageRequest(offset, self.limit, fresh, 0, tuple(self.plan))
        page = yield request
        assert page is not None
        return hold(offset, self.limit, page)


class NoNeighbourCheck(FrontierScan):
    """Never compares a page with the one behind it."""

    def _agreed(self, page: Held) -> Reading:
        yield from ()
        return page


class NoDrain(FrontierScan):
    """Goes past a second that fills a page as if overlap could prove that it is complete."""

    def _crossed_crowds(self) -> Generator[Question, Page | None, bool]:
        if self.edge is None or len(self.edge.at(self.frontier)) < self.limit - 1:
            return False
        self.drained = True
        newer = max(0, self.edge.first_place - self.limit + 1)
        page = yield from self._read(newer, fresh=True)
        yield from self._accept(page)
        return page.offset == 0


class ExclusiveFrontier(FrontierScan):
    """Says that the newest second written is complete, which it need not be."""

    def _accept(self, page: Held) -> Generator[Rows, None, None]:
        for rows in super()._accept(page):
            yield rows._replace(frontier=shifted(self.frontier, 1))


def forward(window: Window, limit: int) -> Scan:
    """Page from the newest to the oldest, as most readers do; the bookmark is max(begin_time)."""
    offset, newest = 0, ""
    known: set[str] = set()
    while True:
        page = yield PageRequest(offset, limit)
        assert page is not None
        rows = [row for row in page.backups if row.id not in known]
        known.update(row.id for row in rows)
        newest = max([newest, *(row.begin_time for row in rows)])
        if rows:
            yield Rows(rows, newest, page)
        if len(page.backups) < limit:
            return
        offset += limit


def backward(window: Window, limit: int) -> Scan:
    """Page from the last offset to 0 without overlap; the bookmark is max(begin_time)."""
    first = yield PageRequest(0, limit)
    assert first is not None
    assert first.total_count is not None
    newest = ""
    known: set[str] = set()
    for offset in range((first.total_count // limit) * limit, -1, -limit):
        page = yield PageRequest(offset, limit)
        assert page is not None
        rows = [row for row in reversed(page.backups) if row.id not in known]
        known.update(row.id for row in rows)
        newest = max([newest, *(row.begin_time for row in rows)])
        if rows:
            yield Rows(rows, newest, page)


def scan_of(kind: type[FrontierScan]) -> ScanMaker:
    """The scan that this class runs, without a way out for unsorted lists."""
    return lambda window, limit: kind(window, limit).run()


# What is broken, the world that shows it, and what is seen there.
BROKEN: list[tuple[str, ScanMaker, str, str]] = [
    ("no reach test", scan_of(NoReachTest), "everything, seconds differ", "lost"),
    ("no wholeness test", scan_of(NoWholenessTest), "a row left out", "lost"),
    ("no neighbour check", scan_of(NoNeighbourCheck), "left out, filled up", "lost"),
    ("no drain", scan_of(NoDrain), "rows of one second", "lost"),
    ("exclusive frontier", scan_of(ExclusiveFrontier), "rows of one second", "unsafe"),
    ("forward paging", forward, "deletions", "lost"),
    ("forward paging", forward, "deletions", "disordered"),
    ("bookmark of max(begin_time)", forward, "deletions", "unsafe"),
    ("backward paging", backward, "new and late rows", "lost"),
    ("bookmark of max(begin_time), old end first", backward, "new and late rows", "unsafe"),
]
