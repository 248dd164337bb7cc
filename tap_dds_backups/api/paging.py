"""The frontier scan: every backup of a window, oldest first, from a list that changes under us.

The service lists newest first by offset and limit. Rows are added, removed and finished while we
read, rows of one second come in any order (another at each call), and `total_count` may be of
another instant than the rows. `scan` is a generator that yields a `PageRequest` and is sent the
`Page`; in between it yields `Rows` to write. It does no I/O, so that the object that runs in
production is the one that the tests drive through every order of events.

The idea. The bounds of the window never move, only offsets do. We read from the old end to the
new one and keep a frontier F: every backup that is visible and began before F has been written.
A page counts only with its witnesses:

whole      newest first, ids distinct, nothing outside the window, and either full or reaching the
           end of the list by its own total_count.
reaches    it is short (the old end of the list), or its oldest row began before F; at F itself
           once all of second F has been written (`drained`).
agrees     while total_count stands still, it and its older neighbour show the same begin times at
           the places they share. This sees a row left out of a page that was filled up again.

Theorem. Suppose that the list is ordered newest begin first (ties in any order) and that the rows
of one answer are of one instant. Then every backup that is in the list from the first request to
the last is written, in non-decreasing begin_time, and after every write F is safe to resume from,
F itself included.

Proof. An accepted page is, at its instant, an unbroken run of the list. Its oldest row began
before F, or nothing lies beyond it; so the run holds every backup then visible that began at F or
later and before N, its own newest begin. We write those not yet written, oldest first: sorted,
and none before F. What began at N may be cut off by the page's edge, so the new frontier is N and
not a moment later: the next page must hold a row older than N, hence the whole of second N. So by
induction every backup visible throughout that began before the frontier is written; the page at
offset 0 has no newer edge, and after it nothing is left. *When* a page was read is nowhere used:
pages may be read ahead, in any number and order. QED

Nothing in the proof asks for a certain place either, so `planning` may guess where pages will
reach. A second that fits into a page with a row on either side needs no more than that page.

Insertions and deletions only decide which pages reach. Each refusal needs a change of the list
or a service that contradicts itself; re-reads are bounded, and what was written stays safe.

A second with more rows than a page can hold together with an older row cannot be crossed by
overlap: `draining` reads its places in passes until they are all known. A list that is in another
order is read by `passes` instead.

What this does not claim: a service that tells the same lie twice (drops the same row from a page
twice, filling it up, while the count stays honest) can hide that row.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from itertools import islice

from tap_dds_backups.api import passes
from tap_dds_backups.api.draining import drain
from tap_dds_backups.api.errors import ScanNotSettled
from tap_dds_backups.api.judging import Held, disagree, reaches
from tap_dds_backups.api.models import Backup, Page, PageRequest, Window
from tap_dds_backups.api.planning import step
from tap_dds_backups.api.reading import (
    OutOfOrder,
    Question,
    Reading,
    Rows,
    Scan,
    bad_row,
    not_settled,
    read_whole,
)

MAX_DISAGREEMENTS = 8
MAX_IDLE = 64
MAX_AHEAD = 32  # twice the most requests in flight


def scan(window: Window, limit: int) -> Scan:
    """Read a whole window; see the module's text for what is proven.

    Raises:
        ScanNotSettled: the service keeps contradicting itself; what was written is safe.
        BadRow: a row cannot be used; everything older than it has been written.
    """
    try:
        yield from FrontierScan(window, limit).run()
    except OutOfOrder:
        yield from passes.collect(window, limit)


class FrontierScan:
    """The scan's memory: the frontier, and where to read next."""

    def __init__(self, window: Window, limit: int) -> None:
        self.window = window
        self.limit = limit
        self.frontier = ""
        self.drained = False
        self.seen: set[str] = set()  # ids written at second `frontier`
        self.edge: Held | None = None  # the page that was last accepted
        self.plan: deque[int] = deque()  # offsets to judge, from the old end to 0
        self.in_hand: dict[int, Held] = {}  # pages read before their turn; offset 0 from the start
        self.must_be_fresh = -1
        self.read_ahead = MAX_AHEAD  # how much of the plan may be read before its turn
        self.idle = 0  # fresh pages since something was last written

    def run(self) -> Scan:
        """Judge page after page until the newest has been accepted."""
        yield from self._start()
        while True:
            offset = self.plan.popleft()
            kept = offset in self.in_hand and offset != self.must_be_fresh
            page = yield from self._page(offset)
            if page.page.total_count is None or (not page.count and offset and self.edge is None):
                yield from self._start()  # an offset past the end: the list shrank
                continue
            if not self._reaches(page):
                self._go_older(page, kept=kept)
                continue
            page = yield from self._agreed(page)
            if not self._reaches(page):
                self._go_older(page, kept=False)
                continue
            yield from self._accept(page)
            if page.offset == 0 or (yield from self._crossed_crowds()):
                return
            self._replan()

    def _start(self) -> Scan:
        """Read the newest page, to be judged last, and plan the way to it from the old end."""
        self._lose_patience("the list changes faster than it can be read")
        first = yield from self._read(0, fresh=bool(self.in_hand))
        self.in_hand = {0: first}
        self._plan_from(0 if first.short else first.total - self.limit + 1, first)

    def _plan_from(self, offset: int, page: Held) -> None:
        """Plan a page here and the next ones newer, as far apart as the seconds of `page` let us."""
        stride, margin = step(page)
        newer = range(offset - stride + margin, 0, -stride) if stride else ()
        self.plan = deque([offset, *newer, 0] if offset > 0 else [0])

    def _page(self, offset: int) -> Reading:
        fresh = offset == self.must_be_fresh
        self.must_be_fresh = -1
        kept = self.in_hand.pop(offset, None)
        return kept if kept and not fresh else (yield from self._read(offset, fresh=fresh))

    def _read(self, offset: int, *, fresh: bool) -> Reading:
        ahead = (planned for planned in self.plan if planned not in self.in_hand)
        request = PageRequest(offset, self.limit, fresh, 0, tuple(islice(ahead, self.read_ahead)))
        return (yield from read_whole(request, self.window))

    def _reaches(self, page: Held) -> bool:
        return reaches(page, self.frontier, drained=self.drained)

    def _go_older(self, page: Held, *, kept: bool) -> None:
        """Something may lie unread behind this page: keep it and read closer to the frontier."""
        self._lose_patience("the list changes faster than it can be read")
        self.read_ahead //= 2
        self.plan.appendleft(page.offset)
        if kept:  # too old to be judged by its place: read the same place anew
            self.must_be_fresh = page.offset
            return
        self.in_hand[page.offset] = page
        self.must_be_fresh = max(self._closest(page.total), page.offset + self._stride())
        self.plan.appendleft(self.must_be_fresh)

    def _stride(self) -> int:
        return 1 if self.edge is not None and self.idle <= 1 else self.limit // 2

    def _closest(self, total: int) -> int:
        """The newest place whose page still holds a row older than the frontier.

        Exact on a still list. Where the list grew, the growth may lie on either side of the
        frontier: the place that is right for both is the older one.
        """
        if self.edge is None:
            return total - self.limit + 1
        return self.edge.beside(self.frontier) + max(0, total - self.edge.total)

    def _replan(self) -> None:
        """Drop planned pages that a newer one makes needless; step back where none will reach."""
        if self.edge is None:
            return
        closest = self._closest(self.edge.total)
        while len(self.plan) > 1 and self.plan[1] >= closest:
            self.plan.popleft()
        if self.plan[0] >= closest:
            self.read_ahead = min(self.read_ahead + 1, MAX_AHEAD)
        elif closest - self.plan[0] > self.limit // 4:
            self.read_ahead //= 2
            self._plan_from(closest, self.edge)
        else:
            self.plan.appendleft(closest)

    def _agreed(self, page: Held) -> Reading:
        """Read this page and its older neighbour again until they agree, the older one first."""
        older = self.edge
        for _ in range(MAX_DISAGREEMENTS):
            if older is None or not disagree(page, older):
                return page
            older = yield from self._read(older.offset, fresh=True)
            if self._reaches(older):
                yield from self._accept(older)
            page = yield from self._read(page.offset, fresh=True)
            if not self._reaches(page):
                return page
        raise not_settled(page, "it and the page behind it show different lists")

    def _accept(self, page: Held) -> Generator[Rows, None, None]:
        """Write what is new in a page that reaches, and move the frontier to its newest row."""
        rows = self._unwritten(page)
        if page.newest > self.frontier:
            self.frontier, self.drained = page.newest, False
            self.seen = set()
        self.seen.update(row.id for row in page.at(self.frontier))
        self.edge = page
        if rows:
            self.idle = 0
            yield Rows(rows, self.frontier, page.page)
        if page.flaw is not None:
            raise bad_row(page, page.flaw)

    def _unwritten(self, page: Held) -> list[Backup]:
        at_frontier = [] if self.drained else page.at(self.frontier)
        still = [row for row in at_frontier if row.id not in self.seen]
        return [*still[::-1], *page.after(self.frontier)[::-1]]

    def _crossed_crowds(self) -> Generator[Question, Page | None, bool]:
        """Drain second F if no page can hold it and an older row; True at the end of the list.

        Behind one such second another is expected: half a page of it is enough to begin with.
        """
        crowd = self.limit - 1
        while self.edge is not None and len(self.edge.at(self.frontier)) >= crowd:
            newest = yield from drain(self.edge, self.window, self.seen)
            self.drained = True
            yield from self._accept(newest)
            if newest.offset == 0:
                return True
            crowd = (self.limit + 1) // 2
        return False

    def _lose_patience(self, reason: str) -> None:
        self.idle += 1
        if self.idle > MAX_IDLE:
            message = f"the listing does not settle: {reason}"
            raise ScanNotSettled(message, hint="Run again later; what was written is safe")
