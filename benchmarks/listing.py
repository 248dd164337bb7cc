"""The backup list, spelled once: any page of any window is one slice of one run of bytes."""

from __future__ import annotations

import calendar
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import parse_qsl

from benchmarks.rows import row

MAX_LIMIT = 100


class Listing:
    """The rows, newest first, of which the first `hidden` do not exist yet.

    Args:
        begins: UTC seconds of each backup's begin, oldest first; they never descend.
    """

    def __init__(self, begins: Sequence[int]) -> None:
        spelled = bytearray()
        self._ages = array("q", (-begin for begin in reversed(begins)))
        self._places = array("q", [0])
        for serial in range(len(begins) - 1, -1, -1):
            spelled += row(serial, begins[serial])
            spelled += b","
            self._places.append(len(spelled))
        self._spelled = memoryview(bytes(spelled))
        self.hidden = 0
        self._between = lru_cache(256)(self._window)

    def page(self, query: str) -> tuple[bytes, memoryview, bytes]:
        """The parts of a body: what is before the rows, the rows, the count behind them.

        Raises:
            ValueError: the query asks for what no service answers.
        """
        asked = dict(parse_qsl(query))
        newest, oldest = self._between(asked.get("begin_time"), asked.get("end_time"))
        newest = max(newest, self.hidden)
        oldest = max(newest, oldest)
        limit, offset = int(asked.get("limit", MAX_LIMIT)), int(asked.get("offset", 0))
        if not 1 <= limit <= MAX_LIMIT or offset < 0:
            raise ValueError(query)
        first = min(newest + offset, oldest)
        last = min(first + limit, oldest)
        rows = self._spelled[self._places[first] : max(self._places[last] - 1, 0)]
        if first == last:
            rows = self._spelled[:0]
        return b'{"backups":[', rows, b'],"total_count":%d}' % (oldest - newest)

    def _window(self, begin: str | None, end: str | None) -> tuple[int, int]:
        """The places of the newest row that began at `end` or before, and after the oldest wanted."""
        newest = bisect_left(self._ages, -_seconds(end)) if end else 0
        oldest = bisect_right(self._ages, -_seconds(begin)) if begin else len(self._ages)
        return newest, oldest


def _seconds(text: str) -> int:
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))
