"""A second with more backups than one page can hold: its places are read until all are known.

Backups of one second come in any order, and in another at the next call. So no overlap of pages
proves that each has been seen. What does: whole passes over the places of that second, each from
a page that ends below it to one that begins above it, until a pass brings nothing new while as
many ids are known as there are places. Places are counted from the old end of the list, where new
backups do not move them. When their number changes, the second itself changed, and the ids known
so far no longer count towards it. Only pages read after the one before are used, never pages read
ahead, and the window is never narrowed. The page that ends a drain may begin the next one: it ends
below the next second.
"""

from __future__ import annotations

from collections.abc import Generator

from msgspec import Struct, field

from tap_dds_backups.api.judging import Held, disagree, reaches
from tap_dds_backups.api.models import Page, PageRequest, Window
from tap_dds_backups.api.reading import Question, Rows, not_settled, read_whole

MAX_PASSES = 60


class _Pass(Struct):
    """One walk over the places of a second, from its old end to its new one."""

    ids: set[str] = field(default_factory=set)
    older: int = 0  # rows of the list older than the second
    upto: int = 0  # rows of the list no newer than the second
    new: int = 0
    moved: bool = False
    top: Held | None = None

    @property
    def places(self) -> int:
        return self.upto - self.older


def drain(lowest: Held, window: Window, seen: set[str]) -> Generator[Question, Page | None, Held]:
    """Write all of the second in which `lowest` begins; return the last pass's newest page.

    `lowest` ends below that second and was just read; `seen` holds the ids written at it and
    grows. Raises ScanNotSettled after 60 passes.
    """
    second, places = lowest.newest, -1
    known: set[str] = set()
    start: Held | int = lowest
    for _ in range(MAX_PASSES):
        walk = yield from _walk(second, start, lowest.limit, window, seen)
        # A second that fits into a page after all is read from two: each has its witness then.
        start = lowest.beside(second) if places > lowest.limit - 2 else lowest.offset
        if walk is None or walk.moved:
            continue
        if walk.places != places:  # the first whole pass, or the second changed: count anew
            known, places = walk.ids, walk.places
            continue
        known |= walk.ids
        if walk.top is not None and not walk.new and len(known) >= places:
            return walk.top
    raise not_settled(lowest, f"the backups that began at {second} never show up together")


def _walk(
    second: str, start: Held | int, limit: int, window: Window, seen: set[str]
) -> Generator[Question, Page | None, _Pass | None]:
    """One pass; None where it has a gap, or two of its pages show different lists."""
    walk = _Pass()
    page, offset = (start, start.offset) if isinstance(start, Held) else (None, start)
    behind: Held | None = None
    while True:
        if page is None:
            request = PageRequest(max(offset, 0), limit, fresh=True)
            page = yield from read_whole(request, window)
        if behind is not None and disagree(page, behind):
            return None
        if reaches(page, second, drained=False):  # from here up the pass has no gap
            within = len(page.after(second)) + len(page.at(second))
            walk = _Pass(older=page.total - page.first_place - within, new=walk.new)
        elif walk.top is None:
            offset, page = page.offset + page.limit // 2, None
            continue
        elif page.oldest != second or page.flaw is not None:
            return None
        yield from _write(page, second, walk, seen)
        behind = page
        if page.newest > second or page.offset == 0:
            walk.upto = page.total - page.first_place - len(page.after(second))
            return walk
        offset, page = page.offset - page.limit + 1, None


def _write(page: Held, second: str, walk: _Pass, seen: set[str]) -> Generator[Rows, None, None]:
    rows = page.at(second)
    new = [row for row in rows if row.id not in seen]
    walk.moved |= walk.top is not None and walk.top.total != page.total
    walk.top = page
    walk.new += len(new)
    walk.ids.update(row.id for row in rows)
    seen.update(row.id for row in new)
    if new:
        yield Rows(new[::-1], second, page.page)
