"""How far apart pages are planned, from the seconds of one page."""

from __future__ import annotations

import pytest

from tap_dds_backups.api.judging import Held, hold
from tap_dds_backups.api.models import Page
from tap_dds_backups.api.planning import step
from tests.api.scanning import backups


def page(*groups: int, offset: int = 500) -> Held:
    """A page of 100 with so many backups in each second, newest first."""
    return hold(offset, 100, Page(backups(*groups), 2_000))


@pytest.mark.parametrize(
    ("groups", "planned"),
    [
        ((1,) * 100, (98, 0)),
        ((2,) * 50, (98, 0)),
        ((3,) * 33 + (1,), (96, 1)),
        ((20, 40, 40), (80, 9)),
        ((1, 49, 49, 1), (98, 0)),
        ((10, 50, 40), (50, 24)),
        ((39, 60, 1), (60, 19)),
        ((1, 98, 1), (98, 0)),
    ],
)
def test_equal_seconds(groups: tuple[int, ...], planned: tuple[int, int]) -> None:
    """As many whole seconds as fit between two rows, and half of what is left as a margin."""
    assert step(page(*groups)) == planned


@pytest.mark.parametrize(
    ("groups", "stride"),
    [
        ((*[1] * 98, 2), 98),
        ((1, 2, *[1] * 97), 97),
        ((2, *[1] * 98), 97),
        ((1, 40, 5, 40, 14), 59),
        ((1, 30, 60, 9), 50),
        ((25, *[1] * 75), 74),
    ],
)
def test_uneven_seconds(groups: tuple[int, ...], stride: int) -> None:
    """Pages overlap by the largest second and a row, by half a page at most."""
    assert step(page(*groups)) == (stride, 0)


@pytest.mark.parametrize(
    "groups", [(100,), (99, 1), (1, 99), (48, 52), (26, *[1] * 74), (60, 39, 1)]
)
def test_a_crowd_of_unknown_size(groups: tuple[int, ...]) -> None:
    """Where a large second is cut off by the page's newer edge, nothing is planned behind it."""
    assert step(page(*groups)) == (0, 0)


def test_the_newest_page_cuts_nothing_off() -> None:
    """Before offset 0 there is nothing more of its newest second."""
    assert step(page(60, 40, offset=0)) == (60, 19)
    assert step(page(40, 40, 20, offset=0)) == (80, 9)
    assert step(page(100, offset=0)) == (0, 0)
    assert step(page(99, 1, offset=0)) == (0, 0)


def test_a_page_without_rows() -> None:
    """Nothing can be planned by it."""
    assert step(page()) == (0, 0)
