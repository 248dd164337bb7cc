"""The streams that the Airbyte source reads in one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tap_dds_backups.airbyte import messages
from tap_dds_backups.airbyte.catalog import Chosen
from tap_dds_backups.airbyte.output import Output
from tap_dds_backups.airbyte.read import StreamReading
from tap_dds_backups.airbyte.state import StreamState
from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.interrupts import Interrupts
from tap_dds_backups.run import Run as Account
from tap_dds_backups.run import opened
from tap_dds_backups.schema import BACKUP_SYNCS
from tap_dds_backups.settings import Settings


@dataclass(frozen=True)
class Run:
    """One `read`: its settings, and where its messages go."""

    settings: Settings
    output: Output
    interrupts: Interrupts

    def read(self, streams: Sequence[Chosen], states: Mapping[str, object]) -> bool:
        """Read the chosen streams; True if each was read to its end.

        `backup_syncs` comes last: its rows are of what the others have read.
        """
        in_turn = sorted(streams, key=lambda stream: stream.name == BACKUP_SYNCS.name)
        with self._opened() as account:
            outcomes = [self._read_stream(account, each, states.get(each.name)) for each in in_turn]
        return all(outcomes)

    def _read_stream(self, account: Account, stream: Chosen, blob: object) -> bool:
        try:
            if stream.problem is not None:
                raise stream.problem
            state = StreamState(stream.name, blob, account.partitions)
        except DdsError as problem:
            self.output.write(messages.error(problem, stream=stream.name))
            self.output.write(messages.stream_status(stream.name, "INCOMPLETE"))
            return False
        reading = StreamReading(stream.name, state, self.output, self.interrupts, account.regions)
        # A full refresh too goes on from the state it is given: Airbyte clears it before.
        return reading.run(account.events(stream.name, state.bookmarks))

    def _opened(self) -> AbstractContextManager[Account]:
        return opened(self.settings, on_secret=lambda token: self.output.hide([token]))
