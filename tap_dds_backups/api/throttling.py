"""What a throttled answer says about when to come back."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from tap_dds_backups.api.http_date import parse_http_date

# "policy user over ratelimit,limit:200,time:5 minute": blanks vary, and so do the units.
_ANNOUNCED = re.compile(
    r"limit\s*:\s*(\d{1,9})\s*,\s*time\s*:\s*(\d{1,6})\s*(sec|s|min|m|hour|h|day|d)?"
    r"(?![a-z]*\d)",
    re.ASCII | re.IGNORECASE,
)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SECONDS = re.compile(r"\d+(\.\d*)?", re.ASCII)


class RateLimit(NamedTuple):
    """So many calls in so many seconds."""

    calls: float
    seconds: float


def announced_limit(message: str) -> RateLimit | None:
    """Return the limit that the text of a refusal names; None where it names none.

    A period without a unit is in seconds.
    """
    match = _ANNOUNCED.search(message)
    if match is None:
        return None
    unit = (match[3] or "s")[0].lower()
    limit = RateLimit(int(match[1]), int(match[2]) * _UNITS[unit])
    return limit if limit.calls > 0 and limit.seconds > 0 else None


def retry_after(value: str, now: float | None) -> float | None:
    """Return the seconds that a Retry-After header asks for; None where it asks for nothing.

    `now` is the server's clock (its Date), which a date in the header is relative to. What is
    neither a number above 0 nor a date to come says nothing. A number too large to be one is
    infinite: no run waits that long.
    """
    text = value.strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    else:
        date = parse_http_date(text)
        seconds = math.nan if date is None or now is None else date - now
    return seconds if seconds > 0 else None
