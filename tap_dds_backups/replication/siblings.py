"""Reads what stands beside the backups: instances, and per instance its policy and restorable ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct, field

from tap_dds_backups.api.clock import Clock
from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.instances import (
    GetJson,
    backup_policy,
    list_instances,
    restore_ranges,
)
from tap_dds_backups.api.ordered import in_order
from tap_dds_backups.replication.account import (
    Row,
    days_back,
    instance_record,
    policy_record,
    window_records,
)
from tap_dds_backups.replication.events import Event, Failed, Finished, Found
from tap_dds_backups.replication.partition import Partition

AT_A_TIME = 100  # records of one event


class Siblings(Struct):
    """The sibling calls of each project: `calls` by project id, so many `threads` at a time.

    The list of instances is read once a run and project. `restore_days`: how many UTC days back
    restorable ranges are asked for, today included. `only` narrows to one instance.
    """

    calls: Mapping[str, GetJson]
    threads: int
    clock: Clock
    restore_days: int = 7
    only: str | None = None
    _instances: dict[str, list[Row]] = field(default_factory=dict)

    def run(self, stream: str) -> Iterator[Event]:
        """Yield the records of a sibling stream. An error ends its project, not the run."""
        read: Mapping[str, Callable[[str], Iterator[list[Row]]]] = {
            "instances": self._read_instances,
            "backup_policies": self._read_policies,
            "restore_windows": self._read_windows,
        }
        for project_id in self.calls:
            partition, written = Partition(project_id), 0
            try:
                for records in _batches(read[stream](project_id)):
                    yield Found(partition, records, self.clock.now())
                    written += len(records)
            except DdsError as error:
                yield Failed(partition, error, written)
            else:
                yield Finished(partition, written, written)

    def instances(self, project_id: str) -> list[Row]:
        """The project's instances, as the service shows them. Raises DdsError."""
        if project_id not in self._instances:
            found = list_instances(self.calls[project_id])
            wanted = [row for row in found if self.only in (None, row["id"])]
            self._instances[project_id] = wanted
        return self._instances[project_id]

    def _read_instances(self, project_id: str) -> Iterator[list[Row]]:
        for row in self.instances(project_id):
            yield [instance_record(row)]

    def _read_policies(self, project_id: str) -> Iterator[list[Row]]:
        call = self.calls[project_id]
        instances = self.instances(project_id)
        asked = (partial(backup_policy, call, row["id"]) for row in instances)
        for row, policy in zip(instances, in_order(asked, self.threads), strict=True):
            yield [] if policy is None else [policy_record(row, policy)]

    def _read_windows(self, project_id: str) -> Iterator[list[Row]]:
        call = self.calls[project_id]
        days = days_back(self.clock.now(), self.restore_days)
        wanted = [(row, day) for row in self.instances(project_id) for day in days]
        asked = (partial(restore_ranges, call, row["id"], day) for row, day in wanted)
        for (row, day), ranges in zip(wanted, in_order(asked, self.threads), strict=True):
            yield window_records(row, day, ranges or [])


def _batches(found: Iterator[list[Row]]) -> Iterator[Sequence[dict[str, Any]]]:
    """Records a hundred at a time."""
    batch: list[Row] = []
    for records in found:
        batch += records
        while len(batch) >= AT_A_TIME:
            yield batch[:AT_A_TIME]
            batch = batch[AT_A_TIME:]
    if batch:
        yield batch
