"""Whatever goes wrong on the way: a complete sync, or an error with a name and a safe STATE."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.readahead import QUICK_SECONDS
from tap_dds_backups.connect import connect
from tap_dds_backups.emulator import FAULTS, Emulator, Query, plain_store
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Checkpoint, Failed, Records
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.run import Run
from tap_dds_backups.settings import from_singer

ROWS = 330
PLACES = ("list:1", "page:middle", "page:last", "sign-in")
# A server whose clock is behind has not closed its newest seconds: they are left to the next run.
CLOCKS = ("date_behind",)
# A list found to be in no order after a part was written is read and written whole once more.
DISORDERED = ("page_reversed", "page_unsorted")
# Each at its place once, and again and again: the first may pass by itself, the second must not.
TIMES = ("", "x*")
QUICK = ("html_502", "truncated", "retry_after_date", "row_without_id", "page_unsorted", "iam_500")
PATIENCE = 30.0  # seconds of real time for one sync, deadlines of one second included


class Clock:
    """Real time, except that nobody waits."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def now(self) -> float:
        """Wall clock, UTC seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Real seconds, and those that somebody wanted to sleep."""
        return time.monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self._ahead += max(0.0, seconds)


class Synced:
    """What one sync wrote and remembered, and the error that ended it, if any."""

    def __init__(self, config: Mapping[str, Any], bookmarks: Mapping[Partition, Bookmark]) -> None:
        self.ids: list[str] = []
        self.kept: set[str] = set()  # written before the last bookmark
        self.bookmarks = dict(bookmarks)
        self.error: DdsError | None = None
        with connect(from_singer(config, {}), clock=Clock()) as connection:
            run = Run(from_singer(config, {}), connection)
            for event in run.events("backups", lambda _: bookmarks):
                if isinstance(event, Records):
                    self.ids += [backup.id for backup in event.backups]
                elif isinstance(event, Checkpoint):
                    self.kept, self.bookmarks = set(self.ids), {event.partition: event.bookmark}
                elif isinstance(event, Failed):
                    self.error = event.error


def check(fault: str, place: str, times: str) -> None:
    """Sync through a fault; afterwards, without it, go on from the bookmark."""
    store = plain_store(ROWS, seed=3, until=time.time() - 60)
    with Emulator(store, latency=QUICK_SECONDS) as service:
        everything = {row["id"] for row in store.visible(Query(), now=time.time())}
        config = service.config("password") | {"request_timeout_seconds": 1, "max_attempts": 2}
        service.faults.add(f"{fault}@{place}{times}")
        started = time.monotonic()
        first = Synced(config, {})
        assert time.monotonic() - started < PATIENCE
    if fault not in DISORDERED:
        assert len(set(first.ids)) == len(first.ids)
    if first.error is not None:
        assert str(first.error).isprintable()
    elif fault not in CLOCKS:
        assert set(first.ids) == everything
        return
    with Emulator(store, latency=QUICK_SECONDS) as service:
        resumed = Synced(service.config("password"), first.bookmarks)
    assert resumed.error is None
    assert first.kept | set(resumed.ids) == everything


class TestEveryFault:
    """Never a hang, never a partial success, never another exception than one with a name."""

    @pytest.mark.laws
    @pytest.mark.parametrize("times", TIMES, ids=["once", "always"])
    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize("fault", FAULTS)
    def test_at_every_place(self, fault: str, place: str, times: str) -> None:
        """At the first, a middle and the last page, and at the sign-in."""
        check(fault, place, times)

    @pytest.mark.parametrize("fault", QUICK)
    def test_a_few_of_them(self, fault: str) -> None:
        """Some kinds in each run of the tests."""
        check(fault, "page:middle", "")
