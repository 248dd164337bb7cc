"""From when to when a sync reads: what is wanted, and the window that is sent for it. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter

from msgspec import Struct

from tap_dds_backups.api.models import Backup, Window
from tap_dds_backups.api.times import from_seconds, shifted
from tap_dds_backups.replication.bookmark import Bookmark, Conditions

EPOCH = "2000-01-01T00:00:00+00:00"  # older than the service
END_DATE_MARGIN_SECONDS = 7 * 86_400


class Span(Struct, frozen=True):
    """What one partition's sync wants. Times are RFC 3339 UTC, bounds included.

    `start_date` and `end_date` cut rows away; `resume` only says from where to ask, since a row
    that began earlier may have become visible only now.
    """

    start_date: str | None
    end_date: str | None
    resume: Bookmark | None = None
    lookback_seconds: int = 0

    @classmethod
    def of(
        cls,
        wanted: Conditions,
        end_date: str | None,
        bookmark: Bookmark | None,
        lookback_seconds: int,
    ) -> Span:
        """Go on from the bookmark if it covers what is wanted now, else read again."""
        resume = bookmark if bookmark and bookmark.conditions.cover(wanted) else None
        return cls(wanted.start_date, end_date, resume, lookback_seconds)

    def window(self, now: float) -> Window:
        """The bounds to send when it is `now` (UTC seconds).

        One second earlier than wanted, since the manual does not say whether bounds are included,
        and never the current second, which may still gain backups. With an `end_date` a week more
        is asked for: the service may mean a backup's end, and we cut by its begin.
        """
        last = from_seconds(now - 1)
        begin = self.start_date or EPOCH
        if self.resume:
            begin = max(begin, shifted(min(self.resume.begin_time, last), -self.lookback_seconds))
        begin = shifted(begin, -1)
        if self.end_date:
            last = min(last, shifted(self.end_date, END_DATE_MARGIN_SECONDS))
        return Window(begin, max(last, shifted(begin, 1)))

    def wanted(self, backups: Sequence[Backup], closed: str) -> Sequence[Backup]:
        """Those of these (oldest first) that are to be written now.

        `closed`: newest second that is complete.
        """
        first, last = self.start_date or "", min(self.end_date or closed, closed)
        begin = attrgetter("begin_time")
        return backups[
            bisect_left(backups, first, key=begin) : bisect_right(backups, last, key=begin)
        ]
