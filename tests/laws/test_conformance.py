"""Nobody can try the real service, so every reading of the manual's open points is tried instead."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.readahead import QUICK_SECONDS
from tap_dds_backups.emulator import READINGS, REFUSALS, Emulator, Query, Reading, advance, estate
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Checkpoint, Failed, Records
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.run import opened
from tap_dds_backups.settings import from_singer

LONGEST_BACKUP = 12 * 3_600
HIDES_UNFINISHED = {"end", "span"}  # the filter compares ends: running backups have none


@dataclass
class Warehouse:
    """What a target holds after each run, and the bookmarks that it was given."""

    statuses: dict[str, str | None] = field(default_factory=dict)
    bookmarks: dict[Partition, Bookmark] = field(default_factory=dict)
    errors: list[DdsError] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    def run(self, config: Mapping[str, Any]) -> None:
        """Sync once, over sockets, with threads."""
        self.written, self.errors, newest = [], [], ""
        with opened(from_singer(config, {})) as account:
            for event in account.events("backups", lambda _: dict(self.bookmarks)):
                if isinstance(event, Checkpoint):
                    self.bookmarks[event.partition] = event.bookmark
                elif isinstance(event, Failed):
                    self.errors.append(event.error)
                elif isinstance(event, Records):
                    self.statuses |= {row.id: row.status for row in event.backups}
                    self.written += [row.id for row in event.backups]
                    assert newest <= event.backups[0].begin_time
                    newest = event.backups[-1].begin_time


def shown(service: Emulator) -> dict[str, str]:
    """What exists, with its status, whatever the reading's time filter hides."""
    service.store.reading = replace(service.store.reading, acts_on="begin", count="exact")
    rows = service.store.visible(Query(), now=time.time())
    return {row["id"]: row["status"] for row in rows}


class TestEveryReading:
    """A reading that we did not expect must not make the tap useless: it syncs whole under each."""

    @pytest.mark.parametrize("name", READINGS)
    def test_two_runs_with_changes_between(self, name: str) -> None:
        """All that the list shows is written, once a run and in order, and nothing stays stale."""
        reading: Reading = READINGS[name]
        store = estate(330, seed=11, until=time.time() - 90, reading=reading)
        warehouse = Warehouse()
        with Emulator(store, latency=QUICK_SECONDS) as service:
            config = service.config("token") | {"lookback_seconds": 2 * LONGEST_BACKUP}
            warehouse.run(config)
            advance(service.store, now=time.time() - 5, start=3, fail=1)
            warehouse.run(config)
            assert warehouse.errors == []
            assert len(set(warehouse.written)) == len(warehouse.written)
            exists = shown(service)
        hidden = reading.acts_on in HIDES_UNFINISHED
        expected = {
            name for name, status in exists.items() if not (hidden and status == "BUILDING")
        }
        assert warehouse.statuses.keys() >= expected
        stale = {i for i in expected if warehouse.statuses[i] != exists[i]}
        assert not stale

    @pytest.mark.parametrize("name", REFUSALS)
    def test_what_no_reading_explains(self, name: str) -> None:
        """A service that cannot be read whole is refused by name: no success with fewer rows."""
        store = estate(330, seed=11, until=time.time() - 90, reading=REFUSALS[name])
        warehouse = Warehouse()
        with Emulator(store, latency=QUICK_SECONDS) as service:
            warehouse.run(service.config("token"))
        (error,) = warehouse.errors
        assert "total_count" in str(error)
