"""What the scan reads again, request by request: neighbours that do not agree, pages of 10."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tap_dds_backups.api.models import Backup, Page, PageRequest
from tests.api.scanning import Listing, backups, drive, still

SINGLE = backups(*[1] * 100)


def shows(
    rows: Sequence[Backup], lacking: dict[int, int], spare: Sequence[Backup] = (), at: int = 99
) -> Listing:
    """A list whose answers to these requests lack the backup at a place and are filled up again.

    `spare` are newer backups that it has from request `at` on.
    """
    requests = 0

    def listing(asked: PageRequest) -> Page:
        nonlocal requests
        requests += 1
        place = lacking.get(requests)
        listed = [*spare, *rows] if requests >= at else rows
        if place is None:
            return still(listed)(asked)
        gone = asked.offset + place
        cut = [*listed[:gone], *listed[gone + 1 :]][asked.offset : asked.offset + asked.limit]
        return Page(cut, len(listed))

    return listing


@pytest.mark.parametrize(
    ("at", "places"),
    [
        (1, "0, 31, 23, 15, 7, 7 fresh, 0 fresh"),
        (2, "0, 31, 31 fresh, 23, 15, 7"),
        (3, "0, 31, 23, 31 fresh, 23 fresh, 15, 7"),
        (4, "0, 31, 23, 15, 23 fresh, 15 fresh, 7"),
        (5, "0, 31, 23, 15, 7, 15 fresh, 7 fresh"),
    ],
)
def test_a_backup_left_out_once(at: int, places: str) -> None:
    """Two neighbours that do not agree are read again, the older one first."""
    rows = SINGLE[:40]
    driven = drive(shows(rows, {at: 3}), limit=10)
    assert driven.steps == places
    assert driven.ids == [row.id for row in reversed(rows)]


@pytest.mark.parametrize(
    ("at", "spare", "places"),
    [
        (6, 1, "0, 31, 23, 15, 23 fresh, 15 fresh, 16 fresh, 7"),
        (6, 3, "0, 31, 23, 15, 23 fresh, 15 fresh, 18 fresh, 7"),
        (5, 12, "0, 31, 23, 15, 23 fresh, 15 fresh, 27 fresh, 19, 11, 3"),
    ],
)
def test_growth_while_two_pages_are_read_again(at: int, spare: int, places: str) -> None:
    """Both are judged anew: the older one may not reach any more, and then is not written."""
    rows = SINGLE[spare : 40 + spare]
    driven = drive(shows(rows, {4: 3}, SINGLE[:spare], at), limit=10)
    assert driven.steps == places
    assert {row.id for row in rows} <= set(driven.ids)
    assert driven.begins == sorted(driven.begins)


def test_neighbours_that_never_agree() -> None:
    """They are read again eight times."""
    driven = drive(shows(SINGLE[:40], dict.fromkeys([1, *range(7, 99, 2)], 3)), limit=10)
    assert driven.steps == "0, 31, 23, 15, 7" + ", 7 fresh, 0 fresh" * 8
    assert "show different lists" in str(driven.error)
