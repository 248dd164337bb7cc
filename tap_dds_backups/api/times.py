"""Times as the service writes them and as we keep them.

The service writes `yyyy-mm-dd hh:mm:ss` in UTC (API page, Table 4) and, on sibling calls, a `T`
without a zone. We keep RFC 3339 in UTC at a fixed width, `2018-08-06T12:41:14+00:00`, so that
comparing text compares instants.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

_LENIENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,]\d{1,18})?"
    r"\s?(?:(Z|z|UTC)|([+-])([01]\d|2[0-3]):?([0-5]\d))?",
    re.ASCII,
)
_MARKS = ((4, "-"), (7, "-"), (10, " "), (13, ":"), (16, ":"), (19, "\n"))  # of Table 4's form
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(text: str) -> str | None:
    """Return `text` as RFC 3339 in UTC, fraction dropped; None where it names no instant."""
    if len(text) == 19 and text[4:17:3] in {"-- ::", "--T::"} and text[11:13] != "24":
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return None
        return f"{text[:10]}T{text[11:]}+00:00"
    match = _LENIENT.fullmatch(text.strip())
    if match is None:
        return None
    *parts, _zulu, sign, hours, minutes = match.groups()
    try:
        moment = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc, arg-type]  # six ints
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes))
            moment = moment - offset if sign == "+" else moment + offset
    except (ValueError, OverflowError):
        return None
    return moment.isoformat()


def parse_times(texts: Sequence[str]) -> list[str] | None:
    """`parse_time` of each, quickly, where all are as Table 4 has them; None where one is not."""
    if not texts:
        return []
    joined = "\n".join([*texts, ""])
    if not all(joined[place::20] == mark * len(texts) for place, mark in _MARKS):
        return None
    if " 24:" in joined:  # from Python 3.14 on the first moment of the next day
        return None
    try:
        deque(map(datetime.fromisoformat, texts), maxlen=0)
    except ValueError:
        return None
    rewritten = joined.replace(" ", "T").replace("\n", "+00:00\n").split("\n")
    del rewritten[-1]
    return rewritten


def from_seconds(seconds: float) -> str:
    """UTC seconds since 1970 as RFC 3339, the fraction dropped."""
    return (_EPOCH + timedelta(seconds=seconds // 1)).isoformat()


def to_seconds(time: str) -> float:
    """RFC 3339 in UTC, as this package keeps it, as seconds since 1970."""
    return (datetime.fromisoformat(time) - _EPOCH).total_seconds()


def shifted(time: str, seconds: float) -> str:
    """`time` moved by `seconds`, kept inside the years that the format can say."""
    moment = to_seconds(time) + seconds
    return from_seconds(min(max(moment, -62_135_596_800), 253_402_300_799))


def for_query(time: str) -> str:
    """RFC 3339 as the API's query wants it: `yyyy-mm-dd hh:mm:ss`, UTC."""
    return f"{time[:10]} {time[11:19]}"
