"""Singer face: turns a sync's events into RECORD and STATE messages."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import SameRecordTransform
from singer_sdk.metrics import Counter
from singer_sdk.singerlib import RecordMessage
from singer_sdk.streams import Stream

from tap_dds_backups.api.models import Backup
from tap_dds_backups.record import RecordEncoder, as_record
from tap_dds_backups.replication.events import Checkpoint, Event, Failed, Records
from tap_dds_backups.replication.state import remember
from tap_dds_backups.schema import BACKUPS

if TYPE_CHECKING:
    from tap_dds_backups.tap import TapDDSBackups

MANY_PARTITIONS = 100
STATE_EVERY_SECONDS = 5.0


class SyncFailed(Exception):
    """At least one partition was not read to its end; each has been reported by itself."""


class BackupsStream(Stream):
    """The backups of each project, oldest first, one state partition a project."""

    name = BACKUPS.name
    primary_keys = BACKUPS.primary_key
    replication_key = BACKUPS.replication_key
    is_sorted = True
    check_sorted = False  # the bookmark is ours: replication/bookmark.py

    def __init__(self, tap: TapDDSBackups) -> None:
        super().__init__(tap, schema=BACKUPS.schema)
        self._dds_tap = tap
        self._state_written = float("-inf")

    @property
    def partitions(self) -> list[dict[str, Any]] | None:
        """One for each project."""
        return [dict(partition.context) for partition in self._dds_tap.partitions]

    @property
    def emit_activate_version_messages(self) -> bool:
        """Never at the start, as the SDK would: a run cut short must not delete what it did not read."""
        return False

    def get_replication_key_signpost(self, context: Any = None) -> None:
        """None: the window ends at a closed second, and the state holds nothing that is not needed."""

    def log(self, message: str, *args: Any, **kwargs: Any) -> None:
        """Log, except that an aborted run is not reported twice."""
        if not message.startswith("An unhandled error occurred"):
            super().log(message, *args, **kwargs)

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:
        """All records, as plain values. A run goes through `_sync_records` instead."""
        for event in self._dds_tap.events(self):
            if isinstance(event, Records) and context in (None, event.partition.context):
                yield from self._records(event)

    def _sync_records(
        self,
        context: Mapping[str, Any] | None = None,  # noqa: ARG002  # all partitions in one go
        *,
        write_messages: bool = True,
    ) -> Generator[dict[str, Any], Any, Any]:
        """Write RECORD and STATE messages; the SDK's own loop would move the bookmark by itself."""
        with self.get_record_counter() as counter, self.get_sync_timer():
            try:
                yield from self._sync_events(counter, write_messages=write_messages)
            finally:  # a signal too ends with a STATE of all that was written
                if write_messages:
                    self._write_state(at_once=True)
                    self._dds_tap.lines.flush()

    def _sync_events(
        self, counter: Counter, *, write_messages: bool
    ) -> Generator[dict[str, Any], Any, None]:
        tap, failed = self._dds_tap, False
        if self.replication_method == "FULL_TABLE" and tap.settings.emit_activate_version_messages:
            self._stream_version = self._initialized_at // 1000
        for event in tap.events(self):
            failed |= isinstance(event, Failed)
            if write_messages:
                with tap.interrupts.held_back():
                    self._write(event)
            if isinstance(event, Records):
                counter.increment(len(self._wanted(event)))
                yield from () if write_messages else self._records(event)
                if self.ABORT_AT_RECORD_COUNT is not None:
                    return
        if failed:
            raise SyncFailed
        if self._stream_version is not None and tap.reads_everything:
            self._write_activate_version_message(self._stream_version)

    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Nothing to finalize: each STATE written was final for what it covers."""

    def _write(self, event: Event) -> None:
        if isinstance(event, Records):
            self._write_records(event)
        elif isinstance(event, Checkpoint):
            remember(self.get_context_state(event.partition.context), event.bookmark)
            self._write_state(at_once=len(self._dds_tap.partitions) <= MANY_PARTITIONS)

    def _write_state(self, *, at_once: bool) -> None:
        now = time.monotonic()
        if at_once or now - self._state_written >= STATE_EVERY_SECONDS:
            self._state_written = now
            self._dds_tap.state_writer.write_state(self.tap_state)

    def _write_records(self, event: Records) -> None:
        if self._is_plain():
            self._dds_tap.lines.write_lines(self._encoded(event))
            return
        moment = datetime.fromtimestamp(event.extracted_at, UTC)
        for record in self._records(event):
            for message in self._generate_record_messages(record):
                self._dds_tap.write_message(
                    RecordMessage(message.stream, message.record, message.version, moment)
                )

    def _records(self, event: Records) -> list[dict[str, Any]]:
        region = self._dds_tap.regions[event.partition.project_id]
        project_id = event.partition.project_id
        return [as_record(backup, project_id, region) for backup in self._wanted(event)]

    def _wanted(self, event: Records) -> Sequence[Backup]:
        """All of them, except where `--test` wants one."""
        return event.backups[: self.ABORT_AT_RECORD_COUNT]

    def _encoded(self, event: Records) -> Iterator[bytes]:
        project_id = event.partition.project_id
        moment = datetime.fromtimestamp(event.extracted_at, UTC).isoformat()
        version = "" if self._stream_version is None else f', "version": {self._stream_version}'
        head = f'{{"type": "RECORD", "stream": "{self.name}", "record": '.encode()
        tail = f'{version}, "time_extracted": "{moment}"}}\n'.encode()
        encoder = RecordEncoder(project_id, self._dds_tap.regions[project_id])
        for record in encoder.encode(event.backups):
            yield head + record + tail

    def _is_plain(self) -> bool:
        """Whether records go out as they are: no map, no flattening, nothing deselected."""
        maps = self.stream_maps
        return (
            self.ABORT_AT_RECORD_COUNT is None
            and len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not maps[0].flattening_options
            and self.effective_schema["properties"].keys() == self.schema["properties"].keys()
            and all(self.mask.values())
        )
