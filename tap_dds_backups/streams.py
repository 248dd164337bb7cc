"""Singer face: turns a sync's events into RECORD and STATE messages."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from singer_sdk.mapper import SameRecordTransform
from singer_sdk.metrics import Counter
from singer_sdk.singerlib import RecordMessage, StateMessage
from singer_sdk.streams import Stream

from tap_dds_backups.record import RecordEncoder, as_record, completed
from tap_dds_backups.replication.events import Checkpoint, Event, Failed, Finished, Found, Records
from tap_dds_backups.replication.state import remember
from tap_dds_backups.schema import StreamDefinition

if TYPE_CHECKING:
    from tap_dds_backups.tap import TapDDSBackups

MANY_PARTITIONS = 100
STATE_EVERY_SECONDS = 5.0
CONNECTION_TEST = 1  # the record limit that `--test` sets


class SyncFailed(Exception):
    """At least one partition was not read to its end; each has been reported by itself."""


class EventStream(Stream):
    """One of the streams of `schema.STREAMS`: what happens is read from the tap's events."""

    is_sorted = True
    check_sorted = False  # the bookmark is ours: replication/bookmark.py

    def __init__(self, tap: TapDDSBackups, definition: StreamDefinition) -> None:
        self.selected_by_default = definition.selected_by_default
        super().__init__(tap, schema=definition.schema, name=definition.name)
        self.primary_keys = definition.primary_key
        self.replication_key = definition.replication_key
        self._dds_tap = tap
        self._state_written = float("-inf")

    @property
    def partitions(self) -> list[dict[str, Any]] | None:
        """None for the SDK, which would put an empty entry for each into the state."""
        return None

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
            if context in (None, event_context(event)):
                yield from self._records(event)

    def finalize_state_progress_markers(self, state: dict[str, Any] | None = None) -> None:
        """Nothing to finalize: each STATE written was final for what it covers."""

    def write_found(self, events: Iterable[Event]) -> None:
        """Write records that another stream's sync has brought about."""
        for event in events:
            self._write(event)

    def _sync_records(
        self,
        context: Mapping[str, Any] | None = None,  # noqa: ARG002  # all partitions in one go
        *,
        write_messages: bool = True,
    ) -> Generator[dict[str, Any], Any, Any]:
        """Write RECORD and STATE messages; the SDK's own loop would move the bookmark by itself."""
        if self.ABORT_AT_RECORD_COUNT == CONNECTION_TEST and not self.selected_by_default:
            return  # `--test` selects every stream; it must not need rights that a run does not
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
        self._writes_plain = self._is_plain()
        for event in tap.events(self):
            failed |= isinstance(event, Failed)
            counter.increment(self._count(event))
            if write_messages:
                with tap.interrupts.held_back():
                    self._write(event)
            else:
                yield from self._records(event)
            if self.ABORT_AT_RECORD_COUNT is not None and counter.value:
                return
        if failed:
            raise SyncFailed
        if self._stream_version is not None and tap.reads_everything:
            self._write_activate_version_message(self._stream_version)

    def _write(self, event: Event) -> None:
        if isinstance(event, Records) and self._writes_plain:
            self._dds_tap.lines.write_lines(self._encoded(event))
        elif isinstance(event, Records | Found):
            self._write_ordinary(self._records(event), event.extracted_at)
        elif isinstance(event, Checkpoint):
            remember(self.get_context_state(event.partition.context), event.bookmark)
            self._write_state(at_once=len(self.stream_state["partitions"]) <= MANY_PARTITIONS)
        elif isinstance(event, Finished | Failed):
            self._dds_tap.write_sync_rows()

    def _write_state(self, *, at_once: bool) -> None:
        now = time.monotonic()
        if at_once or now - self._state_written >= STATE_EVERY_SECONDS:
            self._state_written = now
            self._dds_tap.write_message(StateMessage(self.tap_state))

    def _write_ordinary(self, records: Iterable[dict[str, Any]], extracted_at: float) -> None:
        moment = datetime.fromtimestamp(extracted_at, UTC)
        for record in records:
            for message in self._generate_record_messages(record):
                self._dds_tap.write_message(
                    RecordMessage(message.stream, message.record, message.version, moment)
                )

    def _records(self, event: Event) -> list[dict[str, Any]]:
        if not isinstance(event, Records | Found):
            return []
        project_id = event.partition.project_id
        region = self._dds_tap.run.regions[project_id]
        if isinstance(event, Found):
            found = event.records[: self.ABORT_AT_RECORD_COUNT]
            return [completed(record, project_id, region) for record in found]
        backups = event.backups[: self.ABORT_AT_RECORD_COUNT]
        return [as_record(backup, project_id, region) for backup in backups]

    def _count(self, event: Event) -> int:
        found: Sequence[object] = ()
        if isinstance(event, Records):
            found = event.backups
        elif isinstance(event, Found):
            found = event.records
        return len(found[: self.ABORT_AT_RECORD_COUNT])

    def _encoded(self, event: Records) -> bytes:
        project_id = event.partition.project_id
        moment = datetime.fromtimestamp(event.extracted_at, UTC).isoformat()
        version = "" if self._stream_version is None else f', "version": {self._stream_version}'
        head = f'{{"type": "RECORD", "stream": "{self.name}", "record": '.encode()
        tail = f'{version}, "time_extracted": "{moment}"}}'.encode()
        encoder = RecordEncoder(project_id, self._dds_tap.run.regions[project_id])
        return encoder.lines(event.backups, head, tail)

    def _is_plain(self) -> bool:
        """Whether records go out as they are: no map, no flattening, nothing deselected."""
        maps = self.stream_maps
        return (
            self.ABORT_AT_RECORD_COUNT is None
            and len(maps) == 1
            and type(maps[0]) is SameRecordTransform
            and not maps[0].flattening_enabled
            and self.effective_schema["properties"].keys() == self.schema["properties"].keys()
            and all(self.mask.values())
        )


def event_context(event: Event) -> dict[str, str] | None:
    """What names the event's partition, where it has one."""
    return event.partition.context if isinstance(event, Records | Found) else None
