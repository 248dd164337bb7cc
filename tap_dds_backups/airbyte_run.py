"""What the Airbyte source asks the service: a first answer for `check`, streams for `read`."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property

from tap_dds_backups import airbyte_messages as messages
from tap_dds_backups.airbyte_catalog import Chosen
from tap_dds_backups.airbyte_output import Output
from tap_dds_backups.airbyte_read import StreamReading
from tap_dds_backups.airbyte_state import StreamState
from tap_dds_backups.api.errors import DdsError, Throttled
from tap_dds_backups.api.readahead import Waiting
from tap_dds_backups.interrupts import Interrupts
from tap_dds_backups.replication.events import Failed, Started
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.sync import Wanted
from tap_dds_backups.run import Run as Account
from tap_dds_backups.run import opened
from tap_dds_backups.schema import BACKUP_SYNCS
from tap_dds_backups.settings import Settings

CHECK_WAITS_SECONDS = 60.0  # nobody watches a form for longer
logger = logging.getLogger("source-dds-backups")


@dataclass(frozen=True)
class Run:
    """One command that goes to the service."""

    settings: Settings
    output: Output
    interrupts: Interrupts

    @cached_property
    def partitions(self) -> Sequence[Partition]:
        """One for each project, in the order of the config."""
        filters = self.settings.filters
        return [Partition(project.project_id, filters) for project in self.settings.projects]

    def check(self) -> list[str]:
        """Ask each project for its newest page; return what the user has to solve.

        Raises:
            DdsError: the service, not the settings, is the reason that there is no answer.
        """
        problems = []
        with self._opened() as account:
            for partition in self.partitions:
                error = _first_answer(account, partition)
                if error is None:
                    continue
                if messages.failure_type(error) != "config_error":
                    raise error
                problems.append(f"{partition}: {error}")
        return problems

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
            state = StreamState(stream.name, blob, self.partitions)
        except DdsError as problem:
            self.output.write(messages.error(problem, stream=stream.name))
            self.output.write(messages.stream_status(stream.name, "INCOMPLETE"))
            return False
        regions = {project.project_id: project.region for project in self.settings.projects}
        reading = StreamReading(stream.name, state, self.output, self.interrupts, regions)
        # A full refresh too goes on from the state it is given: Airbyte clears it before.
        return reading.run(account.events(stream.name, state.bookmarks))

    def _opened(self) -> AbstractContextManager[Account]:
        return opened(self.settings, on_secret=lambda token: self.output.hide([token]))


def _first_answer(account: Account, partition: Partition) -> DdsError | None:
    """What keeps a project from being read; None once it has answered."""
    connection = account.connection
    for event in connection.sync(Wanted()).run(connection.sources([partition]), {}):
        if isinstance(event, Failed):
            return event.error
        if isinstance(event, Started):
            logger.info(
                "%s: %d backups listed since %s", partition, event.total, event.window.begin
            )
            return None
        if isinstance(event, Waiting) and event.until - time.time() > CHECK_WAITS_SECONDS:
            return Throttled(f"{partition}: throttled by the service for over a minute")
    return None
