"""The window that is sent, and what is cut out of what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from tap_dds_backups.api.models import Backup, Window
from tap_dds_backups.api.times import to_seconds
from tap_dds_backups.replication.bookmark import Bookmark, Conditions
from tap_dds_backups.replication.span import EPOCH, Span

NOW = to_seconds("2026-03-20T12:00:00+00:00")


def march(day: str) -> str:
    """A moment of March 2026."""
    return f"2026-03-{day}+00:00"


def window(now: float = NOW, **span: Any) -> Window:
    """The window of a span that is unbounded unless said otherwise."""
    bounds: dict[str, Any] = {"start_date": None, "end_date": None, **span}
    return Span(**bounds).window(now)


def resumed(day: str) -> Bookmark:
    """The bookmark of a sync before."""
    return Bookmark(march(day))


def test_all_history() -> None:
    """From before the service was there to the second that closed last."""
    assert window() == Window("1999-12-31T23:59:59+00:00", march("20T11:59:59"))


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.999])
def test_the_current_second_is_not_asked_for(fraction: float) -> None:
    """Wherever in the second we are."""
    assert window(NOW + fraction).end == march("20T11:59:59")


def test_start_date() -> None:
    """One second earlier, should the bound be exclusive."""
    assert window(start_date=march("10T00:00:00")).begin == march("09T23:59:59")


@pytest.mark.parametrize(
    ("lookback", "begin"), [(0, "18T00:59:59"), (60, "18T00:58:59"), (86_400, "17T00:59:59")]
)
def test_going_on(lookback: int, begin: str) -> None:
    """The look-back widens the query behind the bookmark, and a second more."""
    found = window(resume=resumed("18T01:00:00"), lookback_seconds=lookback)
    assert found.begin == march(begin)


def test_the_look_back_ends_at_start_date() -> None:
    """What is older is not wanted."""
    found = window(
        start_date=march("17T12:00:00"), resume=resumed("18T01:00:00"), lookback_seconds=86_400
    )
    assert found.begin == march("17T11:59:59")


def test_the_look_back_ends_at_the_beginning() -> None:
    """Not before the service was there, however early the bookmark."""
    found = window(resume=Bookmark("2000-01-01T01:00:00+00:00"), lookback_seconds=86_400)
    assert found.begin == "1999-12-31T23:59:59+00:00"


def test_a_bookmark_from_the_future() -> None:
    """It looks back from the last second that is over."""
    found = window(resume=resumed("25T00:00:00"), lookback_seconds=60)
    assert found == Window(march("20T11:58:58"), march("20T11:59:59"))


@pytest.mark.parametrize(
    ("end_date", "end"),
    [
        ("10T00:00:00", "17T00:00:00"),
        ("13T11:59:59", "20T11:59:59"),
        ("20T11:00:00", "20T11:59:59"),
    ],
)
def test_end_date(end_date: str, end: str) -> None:
    """A week more is asked for, should the filter act on the end, but never the future."""
    assert window(end_date=march(end_date)).end == march(end)


@pytest.mark.parametrize(
    "span",
    [
        {"start_date": march("25T00:00:00")},
        {"start_date": march("25T00:00:00"), "end_date": march("26T00:00:00")},
        {"end_date": march("01T00:00:00"), "resume": resumed("18T01:00:00")},
        {"resume": resumed("20T12:00:05")},
        {"start_date": march("20T12:00:00")},
        {"start_date": march("20T12:00:01")},
    ],
)
def test_the_end_is_after_the_begin(span: dict[str, Any]) -> None:
    """By a second at least: a start in the future, two runs within a second, an end long ago."""
    found = window(**span)
    assert to_seconds(found.end) >= to_seconds(found.begin) + 1


def test_the_same_moment_makes_the_same_window() -> None:
    """Bounds never move within a sync."""
    assert window(NOW) == window(NOW + 0.5)


@pytest.mark.parametrize(
    ("begin", "wanted"),
    [
        ("09T23:59:59", False),
        ("10T00:00:00", True),
        ("12T00:00:00", True),
        ("12T00:00:01", False),
    ],
)
def test_cut_by_dates(begin: str, wanted: bool) -> None:
    """Both dates included, to the second, by begin_time."""
    span = Span(march("10T00:00:00"), march("12T00:00:00"))
    row = Backup(id="b", begin_time=march(begin))
    assert span.wanted([row], march("20T11:59:59")) == [row] * wanted


@pytest.mark.parametrize(("begin", "wanted"), [("20T11:59:59", True), ("20T12:00:00", False)])
def test_set_aside(begin: str, wanted: bool) -> None:
    """What began in a second that may still gain backups is left to the next run."""
    row = Backup(id="b", begin_time=march(begin))
    assert Span(None, None).wanted([row], march("20T11:59:59")) == [row] * wanted


def test_the_look_back_cuts_nothing() -> None:
    """A row from before it may have become visible only now: where the filter acts on the end."""
    span = Span(None, None, resumed("18T00:00:00"), 60)
    row = Backup(id="b", begin_time=march("01T00:00:00"))
    assert span.wanted([row], march("20T11:59:59")) == [row]


@pytest.mark.parametrize(
    ("read", "goes_on"),
    [({}, True), ({"mode": "Single"}, True), ({"mode": "Sharding"}, False)],
)
def test_conditions_decide_whether_it_goes_on(read: dict[str, str], goes_on: bool) -> None:
    """A bookmark that does not cover what is wanted is not used."""
    wanted = Conditions({"mode": "Single"}, None)
    old = Bookmark(march("18T00:00:00"), Conditions(read))
    span = Span.of(wanted, None, old, 60)
    assert span.resume == (old if goes_on else None)
    assert (span.window(NOW).begin > EPOCH) is goes_on
