"""The bookmark: from which begin_time the next sync goes on, and under which conditions it holds.

A bookmark is the begin_time of the newest backup *written*, held back by the oldest unfinished
one, since that will change. It is only as good as the conditions that it was read under: with
other filters or an earlier start_date it says nothing, and history is read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from tap_dds_backups.api.errors import StateError
from tap_dds_backups.api.models import Backup, Filters
from tap_dds_backups.api.times import parse_time, shifted

VERSION = 1
STUCK_AFTER_SECONDS = 7 * 86_400
FILTER_NAMES = ("instance_id", "backup_id", "backup_type", "mode")
_FINISHED = {"COMPLETED", "FAILED", "DISABLED"}


class Conditions(Struct, frozen=True):
    """What a history was read under: the API's filters that were set, and start_date."""

    filters: Mapping[str, str] = field(default_factory=dict)
    start_date: str | None = None

    @classmethod
    def of(cls, filters: Filters, start_date: str | None) -> Conditions:
        """The conditions of a sync with these settings."""
        named = {name: getattr(filters, name) for name in FILTER_NAMES}
        return cls({name: value for name, value in named.items() if value}, start_date)

    def cover(self, wanted: Conditions) -> bool:
        """Whether a history read under these conditions holds all that is wanted now.

        A filter added narrows, one changed or removed does not. Incremental backups are listed
        only for their type or for the id of one (API reference of 2025), so asking for either is
        not covered by a history without.
        """
        if any(wanted.filters.get(name) != value for name, value in self.filters.items()):
            return False
        added = {name: wanted.filters[name] for name in wanted.filters.keys() - self.filters.keys()}
        if added.get("backup_type") == "Incremental" or "backup_id" in added:
            return False
        return (wanted.start_date or "") >= (self.start_date or "")


class Bookmark(Struct, frozen=True):
    """`begin_time` (RFC 3339 UTC) up to which everything under `conditions` has been written."""

    begin_time: str
    conditions: Conditions = Conditions()

    def to_json(self) -> dict[str, Any]:
        """What stands in the state beside the partition's name."""
        value: dict[str, Any] = {
            "replication_key": "begin_time",
            "replication_key_value": self.begin_time,
            "version": VERSION,
        }
        if self.conditions.filters:
            value["filters"] = dict(self.conditions.filters)
        if self.conditions.start_date:
            value["start_date"] = self.conditions.start_date
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Bookmark | None:
        """Read what `to_json` or an older release wrote; None where there is no bookmark yet.

        Raises:
            StateError: a time or filter is none, or a newer version wrote it.
        """
        version = value.get("version", VERSION)
        if not isinstance(version, int) or isinstance(version, bool) or version > VERSION:
            raise StateError(
                "the state was written by a newer version", hint="Upgrade, or start anew"
            )
        if value.get("replication_key_value") is None:
            return None
        start_date = value.get("start_date")
        conditions = Conditions(
            _filters(value.get("filters", {})),
            None if start_date is None else _time(start_date, "start_date"),
        )
        return cls(_time(value["replication_key_value"], "replication_key_value"), conditions)


def _time(value: object, name: str) -> str:
    time = parse_time(value) if isinstance(value, str) else None
    if time is None:
        raise StateError(f"the state's '{name}' is not a time", hint="Correct it, or start anew")
    return time


def _filters(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        name in FILTER_NAMES and isinstance(text, str) for name, text in value.items()
    ):
        raise StateError("the state's 'filters' are not ours", hint="Correct them, or start anew")
    return dict(value)


def is_unfinished(backup: Backup) -> bool:
    """BUILDING, or without an end in a status that we do not know."""
    status = (backup.status or "").upper()
    return status == "BUILDING" or (status not in _FINISHED and backup.end_time is None)


class Progress:
    """The bookmark while a partition is being written.

    `old` is the bookmark that the sync goes on from (None: history is read anew). `closed` is the
    newest second of which the service can no longer gain a backup, `now` its clock; RFC 3339.
    """

    def __init__(self, old: Bookmark | None, conditions: Conditions, closed: str, now: str) -> None:
        self._conditions = conditions
        self._closed = closed
        self._newest = old.begin_time if old else ""
        self._oldest_unfinished = ""
        self._stuck_before = shifted(now, -STUCK_AFTER_SECONDS)

    def wrote(self, backups: Sequence[Backup]) -> list[Backup]:
        """Take note of written backups, oldest first and at least one.

        Returns those that are unfinished for over seven days.
        """
        self._newest = max(self._newest, backups[-1].begin_time)
        # Nearly all are COMPLETED: the closer look is for the others.
        unfinished = [
            each for each in backups if each.status != "COMPLETED" and is_unfinished(each)
        ]
        for backup in unfinished:
            if backup.begin_time >= self._stuck_before:
                oldest = self._oldest_unfinished or backup.begin_time
                self._oldest_unfinished = min(oldest, backup.begin_time)
        return [backup for backup in unfinished if backup.begin_time < self._stuck_before]

    def bookmark(self) -> Bookmark | None:
        """The bookmark now; None where nothing was ever written."""
        if not self._newest:
            return None
        begin_time = min(self._newest, self._closed)
        if self._oldest_unfinished:
            begin_time = min(begin_time, self._oldest_unfinished)
        return Bookmark(begin_time, self._conditions)
