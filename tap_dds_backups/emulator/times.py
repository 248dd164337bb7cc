"""The spellings of time on this API; inside the emulator an instant is UTC seconds since 1970."""

from __future__ import annotations

import calendar
import functools
import re
import time
from email.utils import formatdate

HOUR = 3600
DAY = 86_400

_API_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


def api_time(seconds: float) -> str:
    """`yyyy-mm-dd hh:mm:ss`, UTC (API page, Tables 1 and 4)."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


@functools.lru_cache(1024)
def seconds(text: str) -> int:
    """UTC seconds of a time as the list call takes it.

    Raises:
        ValueError: for any other form, and for dates that do not exist.
    """
    if not _API_TIME.fullmatch(text):
        raise ValueError("not yyyy-mm-dd hh:mm:ss")
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def instance_time(when: float) -> str:
    """`yyyy-mm-ddThh:mm:ss` without a zone, as the instance list has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when))


def iam_time(when: float) -> str:
    """`yyyy-mm-ddThh:mm:ss.ffffffZ`, as IAM writes the life of a token."""
    whole = int(when // 1)
    return f"{instance_time(whole)}.{int((when - whole) * 1_000_000):06d}Z"


def http_date(when: float) -> str:
    """The form of the Date and Retry-After headers (RFC 9110)."""
    return _http_date(int(when // 1))


@functools.lru_cache(16)
def _http_date(when: int) -> str:
    return formatdate(when, usegmt=True)
