"""What the list call shows of the backups, under one reading of the API page."""

from __future__ import annotations

from collections.abc import Container, Iterable
from random import Random
from typing import Any, NamedTuple

from tap_dds_backups.emulator.answers import dds_error, json_bytes
from tap_dds_backups.emulator.listing import Query
from tap_dds_backups.emulator.ordering import Ordered, shuffled_page
from tap_dds_backups.emulator.readings import Reading
from tap_dds_backups.emulator.rows import Backup

CACHED_QUERIES = 64


class Slice(NamedTuple):
    """The rows that match stand at the places `start` to `stop` of `rows`."""

    rows: list[Backup]
    start: int
    stop: int


class View:
    """The visible backups in their order, and the pages cut out of it.

    Full backups are one list; incremental ones are one list per instance, since they are only
    shown for one `instance_id`.
    """

    def __init__(self, reading: Reading, *, seed: int = 0) -> None:
        self.reading = reading
        self._ties = Random(f"ties {seed}")
        self._shelves: dict[str, Ordered] = {}
        self._matches: dict[Any, list[Backup]] = {}
        self._counts: dict[Any, int] = {}

    def add(self, backups: Iterable[Backup]) -> None:
        """Show these backups too."""
        shelves: dict[str, list[Backup]] = {}
        for backup in backups:
            shelves.setdefault(_shelf_of(backup), []).append(backup)
        for name, rows in shelves.items():
            self._shelf(name).add(rows)
        self._matches.clear()

    def remove(self, backup: Backup) -> None:
        """Show this backup no more."""
        self._shelf(_shelf_of(backup)).remove(backup)
        self._matches.clear()

    def ended(self) -> None:
        """A backup got its end, which a filter may look at."""
        if self.reading.acts_on != "begin":
            self._matches.clear()

    def shown(self, backup: Backup) -> dict[str, Any]:
        """The row, made once until the backup changes."""
        if backup.shown is None:
            backup.shown = self.reading.row(backup)
        return backup.shown

    def spell(self, backup: Backup) -> bytes:
        """The row as JSON, made once until the backup changes."""
        backup.spelled = json_bytes(self.reading.row(backup))
        return backup.spelled

    def matching(self, query: Query) -> list[Backup]:
        """All rows that the filters let through, newest first."""
        rows, start, stop = self._slice(query)
        return rows[start:stop]

    def incrementals(self, instance_id: str) -> list[Backup]:
        """The incremental backups of an instance, newest first."""
        return self._shelf(instance_id).rows if instance_id in self._shelves else []

    def page(self, query: Query, *, known: Container[str]) -> tuple[list[Backup], int]:
        """One page and its count; `known` are the instances that exist.

        Raises:
            ApiError: where this reading refuses the offset or an unknown id.
        """
        rows, start, stop = self._slice(query)
        total = stop - start
        self._refuse(query, total, known)
        limit = min(query.limit, self.reading.page_cap or query.limit)
        first = min(start + query.offset, stop)
        last = min(first + limit, stop)
        if self.reading.ties == "shuffled":
            second = self.reading.order_second
            page = shuffled_page(rows, first, last, second, self._ties)
        else:
            page = rows[first:last]
        return page, self._count(query, total)

    def _refuse(self, query: Query, total: int, known: Container[str]) -> None:
        if query.offset > 0 and query.offset >= total and self.reading.past_end == "refused":
            raise dds_error(400, "DBS.280440", "Invalid offset.")
        if total == 0 and self.reading.unknown_id == "refused":
            if query.instance_id and query.instance_id not in known:
                raise dds_error(400, "DBS.280110", "The DB instance does not exist.")
            if query.backup_id:
                raise dds_error(400, "DBS.201214", "The backup does not exist.")

    def _count(self, query: Query, total: int) -> int:
        if self.reading.count == "lagging":
            key = (query.begin, query.end, query.filters)
            before = self._counts.get(key, total)
            self._counts[key] = total
            total = before
        return max(0, total + self.reading.count_off_by) if total else 0

    def _slice(self, query: Query) -> Slice:
        reading = self.reading
        if any(query.filters) or reading.acts_on != "begin" or reading.order != "begin":
            rows = self._filtered(query)
            return Slice(rows, 0, len(rows))
        oldest, newest = query.begin, query.end
        if oldest is not None and reading.lower == "exclusive":
            oldest += 1
        if newest is not None and reading.upper == "exclusive":
            newest -= 1
        full = self._shelf("")
        return Slice(full.rows, *full.between(oldest, newest))

    def _filtered(self, query: Query) -> list[Backup]:
        key = (query.begin, query.end, query.filters)
        if key not in self._matches:
            if len(self._matches) >= CACHED_QUERIES:
                self._matches.clear()
            inside = self.reading.in_window
            self._matches[key] = [
                backup
                for backup in self._shelf(_shelf_asked(query, self._shelves))
                if query.wants(backup) and inside(backup, query.begin, query.end)
            ]
        return self._matches[key]

    def _shelf(self, name: str) -> Ordered:
        if name not in self._shelves:
            self._shelves[name] = Ordered(self.reading.order_second)
        return self._shelves[name]


def _shelf_of(backup: Backup) -> str:
    return backup.instance.id if backup.type == "Incremental" else ""


def _shelf_asked(query: Query, shelves: dict[str, Ordered]) -> str:
    """Incremental backups show for their type, or for one backup's id, each with the instance."""
    if not query.instance_id or query.instance_id not in shelves:
        return "" if query.backup_type != "Incremental" else query.instance_id or ""
    if query.backup_type == "Incremental":
        return query.instance_id
    one = query.backup_id is not None and query.backup_type is None
    ids = {backup.id for backup in shelves[query.instance_id]} if one else ()
    return query.instance_id if query.backup_id in ids else ""
