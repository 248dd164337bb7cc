"""The scan on lists in memory: what it costs, what it refuses, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from tap_dds_backups.api.errors import ScanNotSettled
from tap_dds_backups.api.models import Backup, Page, PageRequest
from tap_dds_backups.api.times import from_seconds
from tests.api.scanning import MIDNIGHT, WINDOW, backups, drive, still

AHEAD = pytest.mark.parametrize("ahead", [0, 3, 16], ids="ahead={}".format)


class TestCost:
    """Reading backwards costs hardly more requests than reading forwards."""

    @AHEAD
    @pytest.mark.parametrize(
        ("count", "requests"),
        [
            *[(0, 1), (1, 1), (98, 1), (99, 1), (100, 2), (101, 2), (197, 2), (198, 3)],
            *[(1_000, 11), (10_000, 103), (20_000, 205)],
        ],
    )
    def test_quiet_list(self, count: int, requests: int, ahead: int) -> None:
        """A list at rest costs exactly this many requests, read ahead or not."""
        rows = backups(*[1] * count)
        driven = drive(still(rows), ahead=ahead)
        assert driven.read == requests <= (1 if count < 100 else -(-count // 98) + 1)
        assert driven.ids == [row.id for row in reversed(rows)]

    @AHEAD
    @pytest.mark.parametrize(
        ("groups", "requests"),
        [
            *[((50, 1), 1), ((99, 1), 2), ((100,), 5), ((1, 99), 5), ((300,), 13)],
            *[((40,) * 30, 15), ((60,) * 30, 30), ((100,) * 30, 92), ((300,) * 30, 213)],
        ],
        ids=lambda value: str(value) if isinstance(value, int) else f"{value[0]}x{len(value)}",
    )
    def test_crowded_seconds(self, groups: tuple[int, ...], requests: int, ahead: int) -> None:
        """Crowded seconds cost no more than this, and each of their backups is written once."""
        driven = drive(still(backups(*groups)), ahead=ahead)
        assert driven.read <= requests
        assert len(set(driven.ids)) == len(driven.ids) == sum(groups)
        assert driven.begins == sorted(driven.begins)

    @AHEAD
    @pytest.mark.parametrize(
        ("usual", "requests"), [(20, 8), (30, 13), (40, 15), (45, 24), (60, 30), (80, 39)]
    )
    def test_nearly_equal_seconds(self, usual: int, requests: int, ahead: int) -> None:
        """Crowds of which one or another lacks a backup cost hardly more than equal ones."""
        random = Random(usual)
        groups = [usual - (random.random() < 0.3) for _ in range(30)]
        driven = drive(still(backups(*groups)), ahead=ahead)
        assert driven.read <= requests
        assert len(set(driven.ids)) == len(driven.ids) == sum(groups)

    def test_a_crowd_among_single_backups(self) -> None:
        """What was read ahead behind it is in vain once, not again and again."""
        rows = backups(*[1] * 900, 300, *[1] * 1_000)
        assert drive(still(rows)).read <= 29
        assert drive(still(rows), ahead=8).read <= 29 + 8 + 4

    def test_only_planned_places_are_announced(self) -> None:
        """What is announced for reading ahead is asked for later, in that order, as long as all is still."""
        driven = drive(still(backups(*[1] * 1_000)))
        asked = [request.offset for request in driven.asked]
        for number, request in enumerate(driven.asked):
            announced = list(request.ahead)
            assert announced == asked[number + 1 :][: len(announced)]
        assert len(driven.asked[1].ahead) == len(asked) - 2


class TestChangingList:
    """Whatever is deleted or added meanwhile, the scan ends and what stayed is written."""

    @pytest.mark.parametrize("at", [1, 2, 3])
    @pytest.mark.parametrize("gone", [1, 50, 99, 100, 101, 150, 249, 250])
    def test_newest_vanish(self, gone: int, at: int) -> None:
        """Deleting any number of the newest backups at any request neither loses nor hangs."""
        rows = backups(*[1] * 250)

        def listing(asked: PageRequest, count: list[int] = [0]) -> Page:  # noqa: B006  # a counter
            count[0] += 1
            return still(rows if count[0] <= at else rows[gone:])(asked)

        driven = drive(listing)
        assert driven.error is None
        assert {row.id for row in rows[gone:]} <= set(driven.ids)
        assert driven.read <= 12

    def test_growing_list_is_left_in_the_end(self) -> None:
        """A list that gains a page's worth inside what is unread at each request is refused."""
        rows: list[Backup] = backups(*[1] * 300)

        def listing(asked: PageRequest) -> Page:
            begin = rows[0].begin_time
            newest = [Backup(id=f"n{len(rows) + n}", begin_time=begin) for n in range(150)]
            rows.extend(newest)
            rows.sort(key=lambda row: row.begin_time, reverse=True)
            return still(rows)(asked)

        driven = drive(listing)
        assert isinstance(driven.error, ScanNotSettled)
        assert driven.read < 1_000
        assert driven.begins == sorted(driven.begins)

    @pytest.mark.parametrize("refuses", [True, False], ids=["400", "empty"])
    def test_offset_past_the_end(self, refuses: bool) -> None:
        """A list that shrank below the planned place is read again from its newest page."""
        rows = backups(*[1] * 500)
        sizes = iter([500, 120])

        def listing(asked: PageRequest) -> Page:
            kept = rows[: next(sizes, 120)]
            if refuses and asked.offset >= len(kept):
                return Page((), None)
            return still(kept)(asked)

        driven = drive(listing)
        assert driven.error is None
        assert sorted(driven.ids) == sorted(row.id for row in rows[:120])
        assert driven.read <= 5

    def test_an_old_page_read_anew_in_vain(self) -> None:
        """A page kept for later that does not reach when read anew either: the scan goes older.

        Two backups appeared while three pages, read ahead before that, waited: 3, 4 and 1.
        """
        after = backups(*[1] * 9)
        between = [after[0], *after[2:]]
        before = [after[0], *after[3:]]
        ready = {4: before, 3: before, 1: between}

        def listing(asked: PageRequest) -> Page:
            if asked.offset == 0:
                return still(before)(asked)
            return still(after if asked.fresh else ready.get(asked.offset, after))(asked)

        driven = drive(listing, limit=3)
        assert driven.error is None
        assert {row.id for row in before} <= set(driven.ids)
        assert driven.read < 20

    @pytest.mark.parametrize("place", range(4))
    @pytest.mark.parametrize("at", range(1, 10))
    @pytest.mark.parametrize("groups", [(1, 2, 1, 3), (1, 3, 3), (2, 1, 4, 1)])
    def test_one_backup_left_out_once(self, groups: tuple[int, ...], at: int, place: int) -> None:
        """A page that lacks a row and was filled up again is seen through, in crowds too."""
        rows = backups(*groups)
        requests = 0

        def listing(asked: PageRequest) -> Page:
            nonlocal requests
            requests += 1
            gone = asked.offset + place
            listed = rows[:gone] + rows[gone + 1 :] if requests == at else rows
            return Page(listed[asked.offset : asked.offset + asked.limit], len(rows))

        driven = drive(listing, limit=4)
        assert driven.error is None
        assert sorted(driven.ids) == sorted(row.id for row in rows)
        assert driven.begins == sorted(driven.begins)

    def test_random_ties(self) -> None:
        """Seconds whose rows come in another order at each call are written whole."""
        rows = backups(*[7, 60, 1, 120, 30] * 8)
        random = Random(7)

        def listing(asked: PageRequest) -> Page:
            shuffled = sorted(rows, key=lambda row: (row.begin_time, random.random()), reverse=True)
            return still(shuffled)(asked)

        driven = drive(listing)
        assert driven.error is None
        assert sorted(driven.ids) == sorted(row.id for row in rows)


class TestOtherOrder:
    """A list that is not newest begin first is read whole until two readings agree."""

    def swapped(self, count: int) -> list[Backup]:
        """Backups in order of creation, begins swapped by up to an hour."""
        random = Random(11)
        seconds = sorted(range(count), key=lambda second: second + random.randrange(3_600))
        return [
            Backup(id=str(second), begin_time=from_seconds(MIDNIGHT - second)) for second in seconds
        ]

    @pytest.mark.parametrize("count", [50, 90, 250, 1_000])
    def test_written_ascending(self, count: int) -> None:
        """Every row is written in ascending begin_time, STATE may speak at the end only, once warned."""
        rows = self.swapped(count)
        driven = drive(still(rows))
        whole = driven.ids[-count:]
        assert driven.error is None
        assert [int(each) for each in whole] == list(range(count - 1, -1, -1))
        assert [note.kind for note in driven.notes] == ["order"]
        pages = driven.written[-((count + 99) // 100) :]
        assert [rows.frontier for rows in pages[:-1]] == [None] * (len(pages) - 1)
        assert pages[-1].frontier == from_seconds(MIDNIGHT)

    def test_a_disorder_that_passes(self) -> None:
        """One unsorted page is read again, not taken for an unsorted list."""
        rows = backups(*[1] * 80)

        def listing(asked: PageRequest) -> Page:
            return still(rows if asked.attempt else rows[::-1])(asked)

        driven = drive(listing)
        assert (driven.notes, len(driven.ids), driven.read) == ([], 80, 2)

    def test_never_the_same(self) -> None:
        """An unsorted list that changes at each reading is refused, and nothing is remembered."""
        rows = self.swapped(50)

        def listing(asked: PageRequest) -> Page:
            rows.append(Backup(id=f"n{len(rows)}", begin_time=WINDOW.begin))
            return still(rows)(asked)

        driven = drive(listing)
        assert "never the same twice" in str(driven.error)
        assert driven.ids == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: Page((), None),
        lambda _: Page((), 1),
        lambda _: Page((), 10**12),
        lambda asked: Page((), 0 if asked.offset else 10**6),
        lambda asked: Page(backups(*[1] * 100), 10**6 + asked.offset),
        lambda asked: Page(backups(200)[:100], 200 + asked.attempt),
        lambda asked: Page(backups(1) if asked.offset % 2 else (), asked.offset + 1),
    ],
    ids=["never", "one missing", "huge", "nothing behind", "always the same", "crowd", "odd"],
)
def test_every_service_is_left_in_the_end(answer: Callable[[PageRequest], Page]) -> None:
    """Whatever a service answers, the scan stops asking after a bounded number of requests."""
    driven = drive(answer)
    assert driven.read < 1_000
    assert driven.error is not None or driven.read < 10
