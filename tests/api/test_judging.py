"""Whether a page can be believed: by itself, and beside its older neighbour."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_dds_backups.api.judging import (
    OUT_OF_ORDER,
    Held,
    contradiction,
    disagree,
    hold,
    reaches,
)
from tap_dds_backups.api.models import Backup, Flaw, Page, Window
from tap_dds_backups.api.times import from_seconds

WINDOW = Window(from_seconds(100), from_seconds(200))


def row(second: int, name: str = "", end: int | None = None) -> Backup:
    """A backup that began in this second."""
    return Backup(
        id=name or f"b{second}",
        begin_time=from_seconds(second),
        end_time=None if end is None else from_seconds(end),
    )


def held(*seconds: int, offset: int = 0, limit: int = 3, total: int | None = None) -> Held:
    """A page with one backup in each of these seconds; without a total the last of the list."""
    rows = [row(second, f"{offset + number}") for number, second in enumerate(seconds)]
    return hold(offset, limit, Page(rows, offset + len(rows) if total is None else total))


class TestHold:
    """A page in hand keeps the rows that are older than the last one that cannot be used."""

    @pytest.mark.parametrize(
        ("places", "kept"), [((0,), 4), ((2,), 2), ((4,), 0), ((0, 2), 2), ((3, 4), 0)]
    )
    def test_rows_behind_the_worst(self, places: tuple[int, ...], kept: int) -> None:
        """Of five rows from offset 10, those at some places unusable: what is kept, and where."""
        usable = [row(200 - place) for place in range(5) if place not in places]
        flaws = tuple(Flaw(place, "", "bad") for place in places)
        found = hold(10, 5, Page(usable, 100, flaws))
        assert (found.count, found.total, found.flaw) == (5, 100, flaws[-1])
        assert list(found.rows) == [row(200 - place) for place in range(places[-1] + 1, 5)]
        assert (len(found.rows), found.first_place) == (kept, 15 - kept)

    def test_without_flaws(self) -> None:
        """All rows are kept, from the page's own offset on."""
        found = held(150, 140, offset=10, total=30)
        assert (len(found.rows), found.count, found.first_place, found.flaw) == (2, 2, 10, None)

    def test_unknown_total(self) -> None:
        """An offset that was refused as past the end counts as the end."""
        assert hold(40, 10, Page((), None)).total == 40

    def test_newest_and_oldest(self) -> None:
        """The edges of a page; of an empty one the text that is smaller than every time."""
        page = held(150, 140, 130)
        assert (page.newest, page.oldest) == (from_seconds(150), from_seconds(130))
        assert (held().newest, held().oldest) == ("", "")

    @pytest.mark.parametrize(
        ("seconds", "short"), [((9,) * 2, True), ((9,) * 3, False), ((9,) * 4, False)]
    )
    def test_short(self, seconds: tuple[int, ...], short: bool) -> None:
        """Only fewer rows than asked for end the list, not more."""
        assert held(*seconds).short is short

    @pytest.mark.parametrize(("second", "place"), [(150, 9), (140, 10), (139, 8)])
    def test_beside(self, second: int, place: int) -> None:
        """The newest place whose page still holds a row older than a second of this page."""
        assert held(150, 140, 140, offset=10, total=99).beside(from_seconds(second)) == place


class TestContradiction:
    """A page that contradicts itself or the question is named, one that does not is not."""

    @pytest.mark.parametrize(
        ("page", "reason"),
        [
            (held(150, 150, 140, 130), "it holds more rows than were asked for"),
            (held(150, 140, 150), OUT_OF_ORDER),
            (held(140, 150), OUT_OF_ORDER),
            (held(201), "it holds a backup outside the time that was asked for"),
            (held(150, 140, total=3), "total_count says 3, but the listing ends after fewer rows"),
            (
                held(150, offset=6, total=8),
                "total_count says 8, but the listing ends after fewer rows",
            ),
            (held(150, 140, 130, total=99), None),
            (held(150, 140, total=0), None),
            (held(200, 150, 100), None),
            (held(150, 150, 150), None),
            (held(), None),
        ],
        ids=str,
    )
    def test_named(self, page: Held, reason: str | None) -> None:
        """One page, one reason."""
        assert contradiction(page, WINDOW) == reason

    def test_same_id(self) -> None:
        """One id at two places of a page is no list."""
        twice = hold(0, 3, Page([row(150, "x"), row(140, "x")], 2))
        assert contradiction(twice, WINDOW) == "it holds one backup twice"

    @pytest.mark.parametrize(
        ("begin", "end", "allowed"),
        [
            *[(99, 99, False), (99, 100, True), (99, None, True), (1, 300, True)],
            *[
                (100, 99, True),
                (150, 99, True),
                (200, 300, True),
                (201, None, False),
                (201, 202, False),
            ],
        ],
    )
    def test_readings_of_the_filter(self, begin: int, end: int | None, *, allowed: bool) -> None:
        """A row that only began earlier is a reading of the filter; one wholly outside is none."""
        page = hold(0, 3, Page([row(begin, end=end)], 1))
        assert (contradiction(page, WINDOW) is None) is allowed

    def test_readings_of_the_filter_side_by_side(self) -> None:
        """A row that began earlier makes none of its neighbours one from outside."""
        rows = [row(200), row(150, end=99), row(100, end=99), row(99)]
        assert contradiction(hold(0, 5, Page(rows, 4)), WINDOW) is None

    @pytest.mark.parametrize(
        "rows",
        [
            [row(201), row(150), row(120)],
            [row(150), row(140), row(99, end=99)],
            [row(150), row(99, end=99), row(140)],
        ],
    )
    def test_one_row_outside(self, rows: list[Backup]) -> None:
        """One row of several is from outside: the newest, the oldest, or one out of order."""
        reason = "it holds a backup outside the time that was asked for"
        assert contradiction(hold(0, 3, Page(rows, 3)), WINDOW) == reason

    @pytest.mark.parametrize(("newer", "fault"), [((140, 150), "order"), ((201, 150), "outside")])
    def test_rows_before_one_that_cannot_be_used(self, newer: tuple[int, int], fault: str) -> None:
        """They are none of those that are kept, and are judged all the same."""
        rows = [*map(row, newer), row(130)]
        page = hold(0, 4, Page(rows, 4, (Flaw(2, "", "bad"),)))
        assert fault in (contradiction(page, WINDOW) or "")

    def test_order_may_be_waived(self) -> None:
        """An unsorted list is read all the same, its other contradictions are still seen."""
        assert contradiction(held(140, 150), WINDOW, ordered=False) is None
        assert contradiction(held(140, 150, total=9), WINDOW, ordered=False) is not None

    def test_flawed_rows_count(self) -> None:
        """A row that cannot be used still takes its place: the page is not short of it."""
        page = hold(0, 3, Page([row(150)], 2, (Flaw(1, "", "bad"),)))
        assert contradiction(page, WINDOW) is None


class TestReaches:
    """A page reaches if nothing can lie unread between it and what was written."""

    @pytest.mark.parametrize(
        ("page", "frontier", "drained", "expected"),
        [
            (held(150, 140, 130), 131, False, True),
            (held(150, 140, 130), 130, False, False),
            (held(150, 140, 130), 130, True, True),
            (held(150, 140, 130), 129, True, False),
            (held(150, 140), 100, False, True),
            (held(), 100, False, True),
        ],
        ids=str,
    )
    def test_by_its_oldest_row(
        self, page: Held, frontier: int, *, drained: bool, expected: bool
    ) -> None:
        """Shorter than asked for, or older at its end than the frontier, or at it once drained."""
        assert reaches(page, from_seconds(frontier), drained=drained) is expected

    def test_at_first_only_the_end(self) -> None:
        """Before anything was written a full page never reaches."""
        assert not reaches(held(150, 140, 130), "", drained=False)

    def test_flaw_at_the_older_end(self) -> None:
        """A full page whose oldest row cannot be used shows nothing of what lies behind it."""
        page = hold(5, 2, Page([row(150)], 20, (Flaw(1, "", "bad"),)))
        assert not reaches(page, from_seconds(190), drained=True)


class TestDisagree:
    """Neighbours under one count must show the same begin times at the places they share."""

    older = held(150, 140, 130, offset=4, total=20)

    @pytest.mark.parametrize(
        ("seconds", "offset", "expected"),
        [
            ((170, 160, 150), 2, False),
            ((170, 160, 140), 2, True),
            ((170, 150, 140), 3, False),
            ((170, 140, 130), 3, True),
            ((190, 180, 170), 1, False),
            ((150, 140, 130), 4, False),
            ((150, 140, 131), 4, True),
            ((149, 140, 130), 4, True),
            ((1, 1, 1), 5, False),
        ],
        ids=str,
    )
    def test_shared_places(self, seconds: tuple[int, ...], offset: int, *, expected: bool) -> None:
        """A newer page at this offset beside one at offset 4."""
        assert disagree(held(*seconds, offset=offset, total=20), self.older) is expected

    def test_other_count(self) -> None:
        """A list whose count changed may show anything."""
        for total in (19, 21):
            assert not disagree(held(170, 160, 140, offset=2, total=total), self.older)

    def test_large_count(self) -> None:
        """Equal counts are equal, however large."""
        older = held(150, 140, 130, offset=4, total=int("2000"))
        assert disagree(held(170, 160, 140, offset=2, total=int("2000")), older)

    def test_behind_a_flaw(self) -> None:
        """Places are counted behind a row that cannot be used."""
        rows = [row(150), row(140)]
        newer = hold(3, 3, Page(rows, 20, (Flaw(0, "", "bad"),)))
        assert not disagree(newer, self.older)
        assert disagree(newer, held(151, 140, 130, offset=4, total=20))

    @given(st.lists(st.integers(100, 120), min_size=2, max_size=12), st.data())
    def test_pages_of_one_list_agree(self, seconds: list[int], data: st.DataObject) -> None:
        """Two pages cut from one list never disagree; a refilled page does where begins differ."""
        listed = sorted(seconds, reverse=True)
        at = data.draw(st.integers(0, len(listed) - 1))
        behind = data.draw(st.integers(at, len(listed) - 1))
        cut = [held(*listed[o : o + 4], offset=o, limit=4, total=len(listed)) for o in (at, behind)]
        assert not disagree(*cut)
        refilled = listed[at + 1 : at + 5]
        shared = slice(behind - at, None)
        differs = any(
            left != right
            for left, right in zip(refilled[shared], listed[behind : behind + 4], strict=False)
        )
        lying = held(*refilled, offset=at, limit=4, total=len(listed))
        assert disagree(lying, cut[1]) is differs


@given(st.lists(st.integers(1, 6)), st.integers(0, 7))
def test_rows_at_a_second_and_after_it(seconds: list[int], second: int) -> None:
    """The rows that share a second, and those that began later, newest first."""
    page = held(*sorted(seconds, reverse=True), limit=100)
    moment = from_seconds(second)
    assert page.at(moment) == [row for row in page.rows if row.begin_time == moment]
    assert page.after(moment) == [row for row in page.rows if row.begin_time > moment]


def test_begins_are_those_of_the_rows_that_can_be_used() -> None:
    """Places and times stay together where rows were left out."""
    page = hold(0, 5, Page([row(4), row(3), row(1)], 9, (Flaw(1, "", "bad"), Flaw(2, "", "bad"))))
    assert page.begins == [from_seconds(3), from_seconds(1)]
    assert (page.newest, page.oldest) == (from_seconds(3), from_seconds(1))
