"""What the scan refuses, by name: pages that contradict themselves, rows that cannot be used."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tap_dds_backups.api.errors import BadRow, ScanNotSettled
from tap_dds_backups.api.models import Backup, Flaw, Page, PageRequest
from tap_dds_backups.api.times import from_seconds
from tests.api.scanning import MIDNIGHT, Listing, backups, drive, still


class TestRefusals:
    """What no reading explains ends the run by name; it never becomes fewer rows and a success."""

    @pytest.mark.parametrize("count", [50, 99, 100, 250])
    def test_count_too_large(self, count: int) -> None:
        """A count larger than what is listed is refused after nine readings, saying so."""
        rows = backups(*[1] * count)
        driven = drive(lambda asked: replace(still(rows)(asked), total_count=count + 1))
        assert isinstance(driven.error, ScanNotSettled)
        assert f"total_count says {count + 1}" in str(driven.error)
        assert driven.read <= 11

    def test_pages_capped(self) -> None:
        """A service that gives fewer rows than asked for is told from a wrong count by its hint."""
        rows = backups(*[1] * 250)
        driven = drive(lambda asked: still(rows)(replace(asked, limit=50)))
        assert "lower page_size" in str(driven.error)
        assert driven.ids == []

    @pytest.mark.parametrize(
        ("page", "reason"),
        [
            (backups(1, 1)[:1] * 2, "one backup twice"),
            (
                [Backup(id="late", begin_time=from_seconds(MIDNIGHT + 1))],
                "outside the time that was asked for",
            ),
            (
                [
                    Backup(
                        id="early",
                        begin_time="1999-01-01T00:00:00+00:00",
                        end_time="1999-01-02T00:00:00+00:00",
                    )
                ],
                "outside the time that was asked for",
            ),
            (backups(*[1] * 101), "more rows than were asked for"),
        ],
        ids=["twice", "after the window", "before the window", "too many"],
    )
    def test_page_that_contradicts_itself(self, page: list[Backup], reason: str) -> None:
        """A page that stays impossible is refused with its reason and the rows' places."""
        driven = drive(lambda _: Page(page, len(page)))
        assert isinstance(driven.error, ScanNotSettled)
        assert reason in str(driven.error)
        assert "rows 1 to 100" in str(driven.error)
        assert driven.read == 9
        assert [request.attempt for request in driven.asked] == list(range(9))
        assert [request.fresh for request in driven.asked] == [False] + [True] * 8

    def test_a_fault_that_passes_is_forgiven(self) -> None:
        """Eight bad readings and then a good one make a good page."""
        rows = backups(*[1] * 80)

        def listing(asked: PageRequest) -> Page:
            return replace(still(rows)(asked), total_count=80 if asked.attempt == 8 else 81)

        driven = drive(listing)
        assert driven.error is None
        assert len(driven.ids) == 80

    @pytest.mark.parametrize("left_out", [0, 1, 50, 98, 99])
    def test_row_left_out_for_good(self, left_out: int) -> None:
        """A page that always lacks a row and is filled up again is refused by its neighbour."""
        rows = backups(*[1] * 200)

        def listing(asked: PageRequest) -> Page:
            if asked.offset:
                return still(rows)(asked)
            return Page(rows[:left_out] + rows[left_out + 1 : 101], 200)

        driven = drive(listing)
        assert isinstance(driven.error, ScanNotSettled)
        assert "show different lists" in str(driven.error)


def flawed(place: int, count: int) -> Listing:
    """A list at rest with one row that cannot be used, at this place."""
    rows = backups(*[1] * count)

    def listing(asked: PageRequest) -> Page:
        end = min(asked.offset + asked.limit, count)
        usable = [rows[number] for number in range(asked.offset, end) if number != place]
        inside = asked.offset <= place < end
        flaws = (Flaw(place - asked.offset, "b7", "no time"),) if inside else ()
        return Page(usable, count, flaws)

    return listing


class TestUnusableRow:
    """A row without a usable id or begin_time ends the run, once all older ones are written."""

    @pytest.mark.parametrize("ahead", [0, 8])
    @pytest.mark.parametrize(
        ("count", "place"),
        [(5, 0), (5, 2), (5, 4), *[(300, at) for at in (0, 1, 50, 98, 99, 100, 101, 198, 299)]],
    )
    def test_what_is_older_is_written(self, count: int, place: int, ahead: int) -> None:
        """Exactly the older rows are written; the error names the place, the id and the way past."""
        driven = drive(flawed(place, count), ahead=ahead)
        rows = backups(*[1] * count)
        assert isinstance(driven.error, BadRow)
        assert driven.ids == [row.id for row in reversed(rows[place + 1 :])]
        assert f"backup {place + 1} of the listing (id b7) cannot be used: no time" in str(
            driven.error
        )
        way = f"start_date of {rows[place - 1].begin_time}" if place else "a later start_date"
        assert way in str(driven.error)

    @pytest.mark.parametrize("readings", [1, 2])
    def test_a_flaw_that_passes_is_forgiven(self, readings: int) -> None:
        """A row that can be read at the second or third reading ends nothing."""

        def listing(asked: PageRequest) -> Page:
            return flawed(2 if asked.attempt < readings else 99, 5)(asked)

        driven = drive(listing)
        assert driven.error is None
        assert len(driven.ids) == 5

    def test_it_is_read_three_times(self) -> None:
        """A row that stays unusable is believed after two more readings."""
        driven = drive(flawed(2, 5))
        assert [request.attempt for request in driven.asked] == [0, 1, 2]

    def test_in_a_crowded_second(self) -> None:
        """In a second that fills a page the row is still named."""
        rows = backups(1, 150, 1)

        def listing(asked: PageRequest) -> Page:
            page = still(rows)(asked)
            places = [n for n, row in enumerate(page.backups) if row.id == "1-70"]
            usable = [row for row in page.backups if row.id != "1-70"]
            return Page(usable, len(rows), tuple(Flaw(place, "1-70", "bad") for place in places))

        driven = drive(listing)
        assert isinstance(driven.error, BadRow)
        assert "2-0" in driven.ids
