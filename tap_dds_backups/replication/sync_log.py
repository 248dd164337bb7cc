"""One row for each project and run: what was read, under which conditions, and whether to the end.

With it a warehouse can prove that it holds everything, and knows which backups still exist: those
that the newest full listing saw, or that were first seen later.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from tap_dds_backups.api.clock import Clock
from tap_dds_backups.api.times import from_seconds
from tap_dds_backups.replication.bookmark import FILTER_NAMES
from tap_dds_backups.replication.events import Event, Failed, Finished, Started
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.sync import Wanted


class SyncLog(Struct):
    """Turns a run's events into rows of `backup_syncs`; `run_id` tells this run from others."""

    run_id: str
    wanted: Wanted
    clock: Clock
    version: str
    _started: dict[Partition, Started] = field(default_factory=dict)

    def row(self, event: Event) -> dict[str, Any] | None:
        """The row of a project that has ended, completed or not; None at other events."""
        if isinstance(event, Started):
            self._started[event.partition] = event
        if not isinstance(event, Finished | Failed):
            return None
        partition = event.partition
        started = self._started.get(partition)
        now = from_seconds(self.clock.now())
        return {
            "sync_id": f"{self.run_id}-{partition.project_id}",
            "run_id": self.run_id,
            "stream": "backups",
            "started_at": from_seconds(started.asked_at) if started else now,
            "finished_at": now,
            "window_begin": started.window.begin if started else None,
            "window_end": started.window.end if started else None,
            "replication_method": "FULL_TABLE" if self.wanted.full_table else "INCREMENTAL",
            "filters": {name: getattr(partition.filters, name) for name in FILTER_NAMES},
            "start_date": self.wanted.start_date,
            "end_date": self.wanted.end_date,
            "is_full_listing": self._is_full_listing(started),
            "total_count": self._total(event, started),
            "records_written": event.written,
            "completed": isinstance(event, Finished),
            "tap_version": self.version,
        }

    @staticmethod
    def _total(event: Finished | Failed, started: Started | None) -> int | None:
        """The newest count: what was deleted while the run went on is in the first one only."""
        if isinstance(event, Finished):
            return event.total
        return started.total if started else None

    def _is_full_listing(self, started: Started | None) -> bool:
        """Nothing was left out: no bookmark, no filter, no bound."""
        if started is None or started.resumed:
            return False
        filters = started.partition.filters
        unfiltered = not any(getattr(filters, name) for name in FILTER_NAMES)
        return unfiltered and not self.wanted.start_date and not self.wanted.end_date
