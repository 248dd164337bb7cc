"""A crowded second, pass by pass: which places are read, and when its backups are all known.

Unless said otherwise the list is 2 newer backups, then a second of 10, then 5 older ones, read by
4: the page at offset 9 is the newest one that reaches below the second, and a pass is 9, 6, 3, 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from tap_dds_backups.api.draining import drain
from tap_dds_backups.api.errors import ScanNotSettled
from tap_dds_backups.api.judging import Held, hold
from tap_dds_backups.api.models import Backup, Flaw, Page, PageRequest
from tap_dds_backups.api.reading import Rows
from tap_dds_backups.api.times import from_seconds
from tests.api.scanning import MIDNIGHT, WINDOW

SECOND = MIDNIGHT - 1_000
PASS = [9, 6, 3, 0]

# What the list is at request number n, from 1.
Lists = Callable[[int], Sequence[Backup]]


def listed(newer: int = 2, crowd: int = 10, older: int = 5) -> list[Backup]:
    """Backups before, in and after the second, newest first."""
    ages = [*range(-newer, 0), *[0] * crowd, *range(1, older + 1)]
    names = [*(f"n{-age}" for age in ages[:newer]), *(f"s{n}" for n in range(crowd))]
    names += [f"o{age}" for age in ages[newer + crowd :]]
    return [
        Backup(id=name, begin_time=from_seconds(SECOND - age))
        for name, age in zip(names, ages, strict=True)
    ]


def named(rows: Sequence[Backup], old: str, new: str) -> list[Backup]:
    """The same list with another backup in the place of one."""
    return [Backup(id=new if row.id == old else row.id, begin_time=row.begin_time) for row in rows]


def cut(rows: Sequence[Backup], offset: int, limit: int) -> Page:
    """A page of a list."""
    return Page(rows[offset : offset + limit], len(rows))


@dataclass
class Drained:
    """What a drain asked and wrote, and how it ended."""

    asked: list[PageRequest] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    top: Held | None = None
    error: ScanNotSettled | None = None

    @property
    def offsets(self) -> list[int]:
        """The places that were asked for."""
        return [request.offset for request in self.asked]


def drained(
    at: Lists, offset: int = 9, limit: int = 4, answer: Callable[[int, Page], Page] | None = None
) -> Drained:
    """Drain from the page at this offset, which was read before anything changed."""
    found = Drained()
    lowest = hold(offset, limit, cut(at(0), offset, limit))
    seen = {row.id for row in lowest.rows if row.begin_time == from_seconds(SECOND)}
    reading = drain(lowest, WINDOW, seen)
    reply: Page | None = None
    while True:
        try:
            asked = reading.send(reply)
        except StopIteration as end:
            found.top = end.value
            return found
        except ScanNotSettled as error:
            found.error = error
            return found
        reply = None
        if isinstance(asked, Rows):
            assert asked.frontier == from_seconds(SECOND)
            found.written += [row.id for row in asked.backups]
        elif isinstance(asked, PageRequest):
            found.asked.append(asked)
            number = len(found.asked)
            reply = cut(at(number), asked.offset, limit)
            reply = answer(number, reply) if answer else reply


def test_a_crowd_at_rest() -> None:
    """Two passes, the first from the page in hand; nothing is read ahead, nothing written twice."""
    rows = listed()
    found = drained(lambda _: rows)
    assert found.offsets == PASS[1:] + PASS
    assert all(request.fresh and not request.ahead for request in found.asked)
    assert sorted(found.written) == [f"s{n}" for n in range(7)]
    assert found.top is not None
    assert found.top.offset == 0


def test_a_crowd_at_the_newest_end() -> None:
    """Without newer backups a pass ends at the newest place."""
    rows = listed(newer=0)
    assert drained(lambda _: rows, offset=7).offsets == [4, 1, 0, 7, 4, 1, 0]


@pytest.mark.parametrize(
    ("crowd", "offset", "again"), [(3, 2, 2), (4, 3, 2), (10, 9, 8), (20, 19, 18)]
)
def test_where_a_third_pass_begins(crowd: int, offset: int, again: int) -> None:
    """At the place of the first page; beside the second where it is known not to fit into a page.

    In the second pass one of its backups is another one, so that a third is needed.
    """
    before = listed(crowd=crowd)
    after = named(before, "s0", "other")
    first = len(drained(lambda _: before, offset, 5).offsets) // 2
    found = drained(lambda number: after if number > first else before, offset, 5)
    starts = [at for at, below in zip(found.offsets[1:], found.offsets, strict=False) if at > below]
    assert starts == [offset, again]
    assert "other" in found.written
    assert len(found.written) == len(set(found.written))


def test_known_are_fewer_than_places() -> None:
    """Ties that hide the same backup in two passes: it is waited for, the number of places tells."""
    rows = listed()
    hiding = named(rows, "s5", "s3")  # in the page that does not hold s3
    found = drained(lambda number: hiding if number in {1, 5} else rows)
    assert found.offsets == PASS[1:] + PASS * 3
    assert "s5" in found.written


@pytest.mark.parametrize(("newer", "again"), [(1, PASS), (3, [9, 11, 8, 5, 2])])
def test_a_pass_in_which_the_list_moved(newer: int, again: list[int]) -> None:
    """Where the count changed on the way a backup may have slipped by: the pass does not count."""
    before, after = listed(), listed(newer=newer)
    found = drained(lambda number: before if number <= 5 else after)
    assert found.offsets == PASS[1:] + PASS + again
    assert found.top is not None


def test_the_second_itself_changes() -> None:
    """A pass that finds another number of places counts anew."""
    before, after = listed(), listed(crowd=9)
    found = drained(lambda number: before if number <= 3 else after)
    assert found.offsets == PASS[1:] + PASS + PASS


def test_the_list_grew_before_a_pass() -> None:
    """A page that ends inside the second shows nothing below: half a page older, until one does."""
    before, after = listed(), listed(newer=8)
    found = drained(lambda number: before if number <= 3 else after)
    assert found.offsets == [*PASS[1:], 9, 11, 13, 15, 12, 9, 6]
    assert found.top is not None


def test_the_list_grew_before_a_pass_of_odd_pages() -> None:
    """Half a page is rounded down."""
    before, after = listed(), listed(newer=10)
    found = drained(lambda number: before if number <= 2 else after, 8, 5)
    assert found.offsets == [4, 0, 8, 10, 12, 14, 16, 12, 8]


def test_the_list_shrank_before_a_pass() -> None:
    """A page that lies below the whole second is where a pass begins, not where it ends."""
    before, after = listed(newer=9, older=12), listed(newer=0, older=12)
    found = drained(lambda number: before if number <= 3 else after, offset=16)
    assert found.offsets[3:] == [16, 13, 10, 7, 4, 1, 0]
    assert found.top is not None


def test_a_pass_that_steps_over_the_second() -> None:
    """A page of newer backups alone behind one of the second leaves a gap: a new pass."""
    before, after = listed(), listed(newer=20)
    found = drained(lambda number: after if number == 5 else before)
    assert found.offsets == [*PASS[1:], 9, 6, *PASS]


def test_a_step_over_the_second_that_the_count_does_not_tell() -> None:
    """The gap shows in the page itself, whatever its count."""
    before, after = listed(), listed(newer=20)

    def answer(number: int, page: Page) -> Page:
        return Page(after[6:10], len(before)) if number == 5 else page

    found = drained(lambda _: before, answer=answer)
    assert found.offsets == [*PASS[1:], 9, 6, *PASS]


def test_a_backup_that_cannot_be_used_for_a_while() -> None:
    """What is newer than it in its page is not known: the pass does not count."""
    rows = listed()

    def answer(number: int, page: Page) -> Page:
        if number not in {5, 6, 7}:
            return page
        return Page([page.backups[0], *page.backups[2:]], len(rows), (Flaw(1, "s5", "bad"),))

    found = drained(lambda _: rows, answer=answer)
    assert found.offsets == [*PASS[1:], 9, 6, 6, 6, *PASS]


def test_a_page_filled_up_again() -> None:
    """A page that lacks a backup and shows an older one in its place is seen by the page before it."""
    rows = listed()
    lacking = [row for row in rows if row.id != "s8"]

    def answer(number: int, page: Page) -> Page:
        return Page(lacking[8:12], len(rows)) if number == 6 else page

    found = drained(lambda _: rows, offset=11, answer=answer)
    assert found.offsets == [8, 5, 2, 0, 11, 8, *PASS]


def test_a_crowd_that_never_settles() -> None:
    """After sixty passes, each with a new backup, the scan gives up by name."""
    rows = listed()
    found = drained(lambda number: named(rows, "s0", f"x{number}"))
    assert found.offsets.count(0) == 60
    assert found.error is not None
    assert "never show up together" in str(found.error)
