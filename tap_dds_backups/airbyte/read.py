"""Reading one stream for Airbyte: a sync's events become records, states and statuses."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tap_dds_backups.airbyte import messages
from tap_dds_backups.airbyte.output import Output
from tap_dds_backups.airbyte.state import StreamState
from tap_dds_backups.api.listings import Waiting
from tap_dds_backups.interrupts import Interrupts
from tap_dds_backups.narration import Narrator
from tap_dds_backups.record import RecordEncoder, completed
from tap_dds_backups.replication.events import (
    Checkpoint,
    Event,
    Failed,
    Found,
    Listed,
    Records,
    Started,
)
from tap_dds_backups.replication.partition import Partition

MANY_PARTITIONS = 100
STATE_EVERY_SECONDS = 5.0
logger = logging.getLogger("source-dds-backups")


@dataclass
class StreamReading:
    """Writes the messages of one stream. `regions` names each project's region."""

    name: str
    state: StreamState
    output: Output
    interrupts: Interrupts
    regions: Mapping[str, str | None]
    monotonic: Callable[[], float] = time.monotonic
    _written: int = 0
    _written_since_state: int = 0
    _estimated: int = 0
    _state_at: float | None = None
    _running: bool = False
    _failed: bool = False
    _narrator: Narrator = field(init=False)

    def __post_init__(self) -> None:
        self._narrator = Narrator(self.monotonic)

    def run(self, events: Iterable[Event]) -> bool:
        """Write it all; True if every partition was read to its end.

        A state of all that was written comes last, also where a signal or an error ends the run.
        """
        complete = False
        self.output.write(messages.stream_status(self.name, "STARTED"))
        try:
            for event in events:
                with self.interrupts.held_back():
                    self._narrate(event)
                    self._write(event)
            complete = not self._failed
        except Exception as problem:  # noqa: BLE001  # told to Airbyte; other streams go on
            self.output.write(messages.error(problem, stream=self.name))
        finally:
            with self.interrupts.held_back():
                self._write_last_state()
                status = messages.stream_status(self.name, "COMPLETE" if complete else "INCOMPLETE")
                self.output.write(status)
        return complete

    def _narrate(self, event: Event) -> None:
        if line := self._narrator.line(event):
            logger.log(*line)

    def _write(self, event: Event) -> None:
        match event:
            case Started(total=total):
                self._run_on()
                self._estimated += total
                self.output.write(messages.estimate(self.name, self._estimated))
            case Records():
                self._run_on()
                self._write_backups(event)
            case Found():
                self._run_on()
                self._write_found(event)
            case Listed(partition, instance_ids):
                self._run_on()
                self.state.forget_gone(partition.project_id, instance_ids)
            case Checkpoint(partition, bookmark):
                self.state.remember(partition, bookmark)
                self._write_state_if_due()
            case Waiting(until=until):
                self._running = False
                limited = messages.stream_status(self.name, "RUNNING", quota_reset=until)
                self.output.write(limited)
            case Failed(partition, error):
                self._failed = True
                text = f"{partition}: {error}"
                self.output.write(messages.error(error, text=text, stream=self.name))

    def _run_on(self) -> None:
        """Say that the stream runs, at its first answer and after each wait."""
        if not self._running:
            self._running = True
            self.output.write(messages.stream_status(self.name, "RUNNING"))

    def _region(self, partition: Partition) -> str | None:
        return self.regions[partition.project_id]

    def _write_backups(self, event: Records) -> None:
        encoder = RecordEncoder(event.partition.project_id, self._region(event.partition))
        frame = messages.record_frame(self.name, event.extracted_at)
        self._write_records(encoder.lines(event.backups, *frame), len(event.backups))

    def _write_found(self, event: Found) -> None:
        project_id, region = event.partition.project_id, self._region(event.partition)
        head, tail = messages.record_frame(self.name, event.extracted_at)
        rows = [json.dumps(completed(row, project_id, region)) for row in event.records]
        lines = [head + row.encode() + tail + b"\n" for row in rows]
        self._write_records(b"".join(lines), len(rows))

    def _write_records(self, chunk: bytes, count: int) -> None:
        self.output.write_records(chunk)
        self._written += count
        self._written_since_state += count

    def _write_state_if_due(self) -> None:
        """At each checkpoint; where the state is large, not more often than is useful."""
        age = math.inf if self._state_at is None else self.monotonic() - self._state_at
        if len(self.state) <= MANY_PARTITIONS or age >= STATE_EVERY_SECONDS:
            self._write_state()

    def _write_last_state(self) -> None:
        if self._state_at is None or self._written_since_state:
            self._write_state()

    def _write_state(self) -> None:
        self._state_at = self.monotonic()
        blob = self.state.blob(self._written)
        self.output.write(messages.state(self.name, blob, self._written_since_state))
        self._written_since_state = 0
