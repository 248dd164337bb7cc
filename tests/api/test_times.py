"""Times as the service writes them, and as we keep them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_dds_backups.api.times import for_query, from_seconds, parse_time, shifted, to_seconds

KEPT = "2018-08-06T12:41:14+00:00"
OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=OFFSETS)  # noqa: DTZ001  # hypothesis adds the zone


@pytest.mark.parametrize(
    "text",
    [
        "2018-08-06 12:41:14",
        "2018-08-06T12:41:14",
        "2018-08-06T12:41:14Z",
        "2018-08-06T12:41:14z",
        "2018-08-06 12:41:14 UTC",
        "2018-08-06T12:41:14+0000",
        "2018-08-06T12:41:14-00:00",
        "2018-08-06T20:41:14+08:00",
        "2018-08-06 07:11:14 -05:30",
        "2018-08-07T12:40:14+23:59",
        "2018-08-06T12:41:14.999999",
        "2018-08-06T12:41:14,5Z",
        "  2018-08-06 12:41:14\n",
    ],
)
def test_spellings_of_one_instant(text: str) -> None:
    """Blank or T, a fraction, no zone, Z or an offset: all become one text of fixed width."""
    assert parse_time(text) == KEPT


@pytest.mark.parametrize(
    "text",
    [
        *["", " ", "0", "now", "null", "1533559274", "2018-08-06", "12:41:14", "2018-08-06 12:41"],
        *["0000-00-00 00:00:00", "0000-01-01 00:00:00", "2018-00-06 12:41:14"],
        *["2018-13-06 12:41:14", "2018-02-29 12:41:14", "2018-04-31 12:41:14"],
        *["2018-08-06 24:00:00", "2018-08-06 12:60:00", "2018-08-06 12:41:60"],
        *["2018-08-06 12:41:14+24:00", "2018-08-06 12:41:14+08:60", "2018-08-06 12:41:14+8"],
        *["2018-08-06T12:41+01", "2018-08-06T12:41.14", "2018-08-06 12+01:00"],
        *["2018-08-06 124114.0", "2018-08-06_12:41:14", "2018-08-06x12:41:14"],
        *["2018-8-6 12:41:14", "18-08-06 12:41:14", "12018-08-06 12:41:14", "2018/08/06 12:41:14"],
        *[
            "-018-08-06 12:41:14",
            "2018-08-06 12:41:1",
            "2018-08-06 12:41: 4",
            "2018-08-06 12:41:+4",
        ],
        *["2018-W32-1 12:41:14", "2018-08-06 12:41:14 PST", "2018-08-06 12:41:14.", "2018-08-06 "],
        *["0001-01-01 00:00:00+00:01", "9999-12-31 23:59:59-00:01"],
        *["٢٠١٨-08-06 12:41:14", "2018-08-06 1\uff12:41:14", "2018-08-06 12:41:14\x00"],
        "2018-08-06 12:41:14." + "1" * 19,
    ],
)
def test_what_names_no_instant(text: str) -> None:
    """Days, hours, leap seconds and zones that do not exist, other notations, other digits."""
    assert parse_time(text) is None


@given(MOMENTS, st.sampled_from(["T", " "]), st.sampled_from(["", " "]))
def test_any_instant_in_any_zone(moment: datetime, blank: str, gap: str) -> None:
    """A time with an offset becomes the same instant in UTC, its fraction dropped."""
    spelled = moment.isoformat(blank)
    zone = spelled[-6:]
    kept = parse_time(f"{spelled[:-6]}{gap}{zone}")
    assert kept is not None
    assert len(kept) == 25
    assert datetime.fromisoformat(kept) == moment.astimezone(UTC).replace(microsecond=0)


@given(st.text(alphabet="0123456789-: T.Z+", max_size=30) | st.text(max_size=30))
def test_any_text_is_a_time_of_fixed_width_or_none(text: str) -> None:
    """Whatever the text, the answer is None or a time that reads back as itself."""
    kept = parse_time(text)
    assert kept is None or (len(kept), parse_time(kept), from_seconds(to_seconds(kept))) == (
        25,
        kept,
        kept,
    )


@given(st.integers(-62_135_596_800, 253_402_300_799), st.integers(-62_135_596_800, 253_402_300_799))
def test_text_order_is_time_order(left: int, right: int) -> None:
    """Times compare as text as they do in time, and seconds come back."""
    assert (from_seconds(left) < from_seconds(right)) is (left < right)
    assert to_seconds(from_seconds(left)) == left


@pytest.mark.parametrize(("seconds", "second"), [(1.999, 1), (0.0, 0), (-0.5, -1), (-1.0, -1)])
def test_fractions_fall_to_the_second_begun(seconds: float, second: int) -> None:
    """A fraction is dropped towards the past, before 1970 too."""
    assert from_seconds(seconds) == from_seconds(second)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, "2018-08-06T12:41:13+00:00"),
        (86_400, "2018-08-07T12:41:14+00:00"),
        (-1e12, "0001-01-01T00:00:00+00:00"),
        (1e12, "9999-12-31T23:59:59+00:00"),
    ],
)
def test_shifted(seconds: float, expected: str) -> None:
    """A shift stays within the years that the format can say."""
    assert shifted(KEPT, seconds) == expected


def test_for_query() -> None:
    """The API takes a blank and no zone."""
    assert for_query(KEPT) == "2018-08-06 12:41:14"
