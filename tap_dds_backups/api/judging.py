"""Whether a page can be believed: by itself, and beside its older neighbour. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from tap_dds_backups.api.models import Backup, Flaw, Page, Window

OUT_OF_ORDER = "its rows are not in the order newest first"


class Held(Struct, frozen=True):
    """A page in hand: `count` rows from `offset`, newest first, when the list had `total`.

    Where a row could not be used, `rows` are only those older than it and `flaw` is that row.
    `begins` are their begin times.
    """

    offset: int
    limit: int
    rows: Sequence[Backup]
    begins: Sequence[str]
    count: int
    total: int
    page: Page
    flaw: Flaw | None = None

    @property
    def short(self) -> bool:
        """Fewer rows than asked for: the old end of the list (once the page is whole)."""
        return self.count < self.limit

    @property
    def newest(self) -> str:
        """The newest begin_time, or the smallest text where there are no rows."""
        return self.begins[0] if self.begins else ""

    @property
    def oldest(self) -> str:
        """The oldest begin_time, or the smallest text where there are no rows."""
        return self.begins[-1] if self.begins else ""

    @property
    def first_place(self) -> int:
        """Where in the list `rows` begin: `offset`, or behind the row that cannot be used."""
        return self.offset + self.count - len(self.rows)

    def beside(self, second: str) -> int:
        """The newest place whose page would still hold a row older than this second.

        For a page that holds the older end of the second.
        """
        return self.first_place + len(self.at(second)) + 1 - self.limit

    def after(self, second: str) -> Sequence[Backup]:
        """The rows that began after this second."""
        return self.rows[: self._newer(second)]

    def at(self, second: str) -> Sequence[Backup]:
        """The rows that began in this second."""
        newer = self._newer(second)
        return self.rows[newer : newer + self.begins.count(second)]

    def _newer(self, second: str) -> int:
        return len(self.begins) - bisect_right(self.begins[::-1], second)


def hold(offset: int, limit: int, page: Page) -> Held:
    """Take a page in hand; of a page with unusable rows, the rows older than the last of them."""
    total = offset if page.total_count is None else page.total_count
    count = len(page.backups) + len(page.flaws)
    if not page.flaws:
        return Held(offset, limit, page.backups, _begins(page.backups), count, total, page)
    worst = page.flaws[-1]
    older = count - worst.place - 1
    rows = page.backups[len(page.backups) - older :]
    return Held(offset, limit, rows, _begins(rows), count, total, page, worst)


def _begins(rows: Sequence[Backup]) -> list[str]:
    return [row.begin_time for row in rows]


def contradiction(held: Held, window: Window, *, ordered: bool = True) -> str | None:
    """Say what makes this page contradict itself or the question, or None.

    A row that only began before the window is a reading of the filter, not a contradiction: the
    manual does not say whether the times bound a backup's begin, its end or its whole span.
    """
    rows = held.page.backups
    if held.count > held.limit:
        return "it holds more rows than were asked for"
    if len({row.id for row in rows}) < len(rows):
        return "it holds one backup twice"
    begins = held.begins if held.flaw is None else _begins(rows)
    falling = sorted(begins, reverse=True)
    if (
        falling
        and (window.begin > falling[-1] or falling[0] > window.end)
        and _outside(rows, window)
    ):
        return "it holds a backup outside the time that was asked for"
    if held.short and held.offset + held.count < held.total:
        return f"total_count says {held.total}, but the listing ends after fewer rows"
    if ordered and begins != falling:
        return OUT_OF_ORDER
    return None


def _outside(rows: Sequence[Backup], window: Window) -> bool:
    """Whether no reading of the filter explains one of these rows."""
    return any(
        row.begin_time > window.end
        or (
            row.begin_time < window.begin
            and row.end_time is not None
            and row.end_time < window.begin
        )
        for row in rows
    )


def reaches(held: Held, frontier: str, *, drained: bool) -> bool:
    """Whether nothing can lie unread between what was written and this page."""
    if held.short or not held.rows:  # no usable row at the older end: nothing shows what is behind
        return held.short
    return held.oldest < frontier or (drained and held.oldest == frontier)


def disagree(newer: Held, older: Held) -> bool:
    """Whether two neighbours of one total_count show other begin times at the same places.

    A row left out of a page and the page filled up again shifts its older end: this sees it.
    """
    if newer.total != older.total or newer.first_place > older.first_place:
        return False
    shared = newer.begins[older.first_place - newer.first_place :][: len(older.begins)]
    return shared != older.begins[: len(shared)]
