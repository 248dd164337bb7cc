"""Where the scan reads next, request by request, when the list changes: pages of 10 unless said.

A list of 50 single backups at rest is read at 0, 41, 33, 25, 17, 9 and 1.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from tap_dds_backups.api.errors import ScanNotSettled
from tap_dds_backups.api.models import Page, PageRequest
from tap_dds_backups.api.paging import FrontierScan
from tests.api.scanning import WINDOW, Listing, backups, drive, still

SINGLE = backups(*[1] * 3_000)


def grows(count: int, by: int, at: int, *, told: bool = True) -> Listing:
    """A list of single backups with so many new ones from request `at` on; not told: in its count."""
    requests = 0

    def listing(asked: PageRequest) -> Page:
        nonlocal requests
        requests += 1
        page = still(SINGLE[by if requests < at else 0 : count + by])(asked)
        return page if told else Page(page.backups, count)

    return listing


@pytest.mark.parametrize(
    ("by", "places"),
    [
        (1, "0, 41, 46 fresh, 33, 25, 17, 9, 1"),
        (8, "0, 41, 49 fresh, 33, 25, 17, 9, 1"),
        (9, "0, 41, 50 fresh, 42, 33, 25, 17, 9, 1"),
    ],
)
def test_growth_before_the_first_page(by: int, places: str) -> None:
    """The old end moved by the growth, half a page at least; the page read before is kept.

    Nine are one too many for it: beside the older page's newest second another one is needed.
    """
    driven = drive(grows(50, by, at=2), limit=10)
    assert driven.steps == places
    assert len(set(driven.ids)) == len(driven.ids) == 49 + by


@pytest.mark.parametrize(
    ("at", "by", "places"),
    [
        (4, 8, "0, 41, 33, 25, 33 fresh, 17, 9, 1"),
        (4, 1, "0, 41, 33, 25, 26 fresh, 17, 9, 1"),
        (7, 3, "0, 41, 33, 25, 17, 9, 1, 4 fresh"),
    ],
)
def test_growth_on_the_way(at: int, by: int, places: str) -> None:
    """What was not to be found here lies older by the growth."""
    assert drive(grows(50, by, at), limit=10).steps == places


@pytest.mark.parametrize(
    ("at", "by", "places"),
    [
        (2, 8, "0, 41, 46 fresh, 51 fresh, 33, 25, 17, 9, 1, 1 fresh, 0 fresh"),
        (4, 8, "0, 41, 33, 25, 26 fresh, 31 fresh, 36 fresh, 17, 9, 1, 1 fresh, 0 fresh"),
    ],
)
def test_growth_that_is_not_told(at: int, by: int, places: str) -> None:
    """Where the count does not tell, the next place is one older, then half a page at a time."""
    assert drive(grows(50, by, at, told=False), limit=10).steps == places


def test_a_page_in_hand_that_does_not_reach() -> None:
    """It may be too old to tell: the same place is read anew."""
    requests = 0

    def listing(asked: PageRequest) -> Page:
        nonlocal requests
        requests += 1
        newest = {1: 8, 2: 0}.get(requests, 3)  # eight came, then three of them went
        return still(SINGLE[newest:58])(asked)

    driven = drive(listing, limit=10)
    assert driven.steps == "0, 41, 49 fresh, 41 fresh, 33, 25, 17, 9, 1"
    assert {row.id for row in SINGLE[8:58]} <= set(driven.ids)


@pytest.mark.parametrize("count", [10, 50])
def test_a_list_at_rest(count: int) -> None:
    """All places but the newest are announced at once, and none has to be fresh."""
    driven = drive(still(SINGLE[:count]), limit=10)
    assert driven.steps == ("0, 1" if count == 10 else "0, 41, 33, 25, 17, 9, 1")
    assert list(driven.asked[1].ahead) == [asked.offset for asked in driven.asked[2:]]


def test_a_margin() -> None:
    """Behind seconds of equal size all planned pages but the first lie older by the margin."""
    driven = drive(still(backups(10, 10, *[1] * 61)), limit=20)
    assert driven.asked[1].offset == 62
    assert driven.asked[1].ahead == (56, 46, 36, 26, 16, 6)


def test_a_count_smaller_than_the_page() -> None:
    """No place before the first is ever asked for."""
    driven = drive(lambda asked: Page(still(SINGLE[:30])(asked).backups, 5), limit=10)
    assert min(asked.offset for asked in driven.asked) == 0


def test_how_much_is_announced() -> None:
    """At most 32 places; half as many after each page that did not reach, one more after others."""
    driven = drive(grows(600, 8, at=2), limit=10)
    announced = [len(request.ahead) for request in driven.asked]
    assert announced[:8] == [0, 32, 16, 18, 19, 20, 21, 22]
    assert max(announced) == 32
    assert announced[20:30] == [32] * 10
    assert {request.attempt for request in driven.asked} == {0}


@pytest.mark.parametrize(
    ("crowd", "places", "announced"),
    [
        (5, "0, 61, 47, 43, 25, 7", [0, 3, 3, 2, 1, 0]),
        (6, "0, 61, 48, 43, 25, 7", [0, 3, 3, 2, 1, 0]),
        (7, "0, 61, 49, 31, 19, 7", [0, 3, 0, 2, 1, 0]),
    ],
)
def test_a_step_that_is_too_wide(crowd: int, places: str, announced: list[int]) -> None:
    """Up to a quarter of a page is bridged by one more page, beyond that all is planned anew."""
    driven = drive(still(backups(*[1] * 61, crowd, *[1] * (19 - crowd))), limit=20)
    assert driven.steps == places
    assert [len(request.ahead) for request in driven.asked] == announced


def test_a_new_plan_is_announced_by_half() -> None:
    """What was read ahead of the old plan was in vain; here twice, as the crowd widens it again."""
    driven = drive(still(backups(*[1] * 1_001, 7, *[1] * 12)), limit=20)
    assert [asked.offset for asked in driven.asked[1:4]] == [1_001, 989, 971]
    assert [len(asked.ahead) for asked in driven.asked[1:5]] == [32, 0, 8, 9]


@pytest.mark.parametrize(
    "older", [(1,) * 60, (*[1] * 41, 3, *[1] * 16)], ids=["by two places", "to the very place"]
)
def test_planned_places_that_are_needless(older: tuple[int, ...]) -> None:
    """A planned page is left out where the next one still reaches."""
    driven = drive(still(backups(10, 10, *older)), limit=20)
    assert driven.steps == "0, 61, 45, 35, 25, 15, 5"


@pytest.mark.parametrize("refuses", [True, False], ids=["400", "empty"])
def test_a_list_that_shrank_below_the_first_page(refuses: bool) -> None:
    """An offset past the end: begin again with the newest page."""
    sizes = iter([500])

    def listing(asked: PageRequest) -> Page:
        kept = SINGLE[: next(sizes, 120)]
        past = refuses and asked.offset >= len(kept)
        return Page((), None) if past else still(kept)(asked)

    assert drive(listing, limit=100).steps == "0, 401, 0 fresh, 21"


@pytest.mark.parametrize(("at", "reads"), [(2, 65), (4, 68)])
def test_a_list_that_outruns_the_scan(at: int, reads: int) -> None:
    """After 64 pages in vain the scan gives up, counted from what was last written."""
    requests = 0

    def listing(asked: PageRequest) -> Page:
        nonlocal requests
        requests += 1
        return still(SINGLE[1_600 - 20 * max(0, requests - at + 1) : 1_650])(asked)

    driven = drive(listing, limit=10)
    assert isinstance(driven.error, ScanNotSettled)
    assert driven.read == reads


def test_a_list_that_grows_all_the_time_but_slowly() -> None:
    """As long as something is written between two pages in vain, there may be any number of them."""
    requests = 0

    def listing(asked: PageRequest) -> Page:
        nonlocal requests
        requests += 1
        return still(SINGLE[2_000 - requests :])(asked)

    driven = drive(listing, limit=10)
    assert driven.error is None
    assert sum(asked.fresh for asked in driven.asked) > 100
    assert len(driven.ids) >= 1_000


@pytest.mark.parametrize(
    ("limit", "crowd", "shown"), [(10, 31, 5), (10, 32, 4), (11, 34, 6), (11, 35, 5)]
)
def test_the_second_behind_a_crowd(limit: int, crowd: int, shown: int) -> None:
    """Half a page of it is enough to take it for a crowd too; else it is stepped over as usual."""
    driven = drive(still(backups(*[1] * 5, 20, crowd, *[1] * 20)), limit=limit)
    places = [asked.offset for asked in driven.asked]
    top = 25 - shown  # the page that ends the first crowd's passes
    behind = places[places.index(top, places.index(top) + 1) + 1]
    is_crowd = shown >= limit / 2
    assert behind == (top - limit + 1 if is_crowd else top + shown + 1 - limit)


def test_what_is_remembered() -> None:
    """The ids of one second and one page, however long the list is."""
    reading = FrontierScan(WINDOW, 10)
    listing = still(backups(*[3] * 200))
    run, reply = reading.run(), None
    with suppress(StopIteration):
        while True:
            asked = run.send(reply)
            reply = listing(asked) if isinstance(asked, PageRequest) else None
            assert len(reading.seen) <= 3
            assert len(reading.in_hand) <= 1
    assert reading.frontier == SINGLE[0].begin_time
