"""The same laws for the installed tap: a real process, sockets, and STATE handed on by file."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tap_dds_backups.api.models import Backup, Window
from tap_dds_backups.api.readahead import QUICK_SECONDS
from tap_dds_backups.emulator import Emulator
from tap_dds_backups.emulator.answers import Answer
from tap_dds_backups.emulator.faults import Exchange, Fault, PlacedFault
from tap_dds_backups.replication.bookmark import FILTER_NAMES, Bookmark, Conditions
from tap_dds_backups.replication.events import Checkpoint, Event, Finished, Records, Started
from tap_dds_backups.replication.partition import Partition
from tests.laws.life import Life
from tests.laws.script_process import TAP, Done, Process, full_table_catalog
from tests.laws.warehouse import Order, Run, Warehouse

NOWHEN = Window("", "")
SIGNALS = (signal.SIGKILL, signal.SIGTERM)
STOPPED = (-signal.SIGKILL, 128 + signal.SIGTERM)
LATENCY = 0.3  # seconds on the service's clock from one answer to the next
KILLED_BY = 5  # requests: few runs of a life have more


@dataclass
class ScriptWarehouse(Warehouse):
    """A target of the program. `handed_on` is the value of its last STATE, as it came."""

    folder: Path = Path()
    program: Sequence[str | Path] = TAP
    handed_on: dict[str, Any] | None = None
    stopped: int = 0

    def run(self, order: Order) -> None:
        """Run the program once and hold the laws against what it wrote."""
        ScriptRun(self, order).run()
        self.syncs += 1


@dataclass
class Between:
    """What happens after each answer: time passes, something changes, the process is stopped.

    `random` is its own: however many requests there are, the life goes on as its seed says.
    """

    life: Life
    unrest: float
    last: int | None  # the request at which the process is stopped
    process: Process
    random: Random
    requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def placed(self) -> PlacedFault:
        """For the emulator."""
        fault = Fault("life goes on", "What changes while a run reads.", self._happens)
        return PlacedFault(fault, "list", times=float("inf"))

    def _happens(self, answer: Answer, _: Exchange) -> Answer:
        with self._lock:
            self.requests += 1
            self.life.wait(LATENCY)
            if self.random.random() < self.unrest:
                outside, self.life.random = self.life.random, self.random
                self.life.something()
                self.life.random = outside
            if self.requests == self.last:
                self.process.send(SIGNALS[self.requests % 2])
        return answer


@dataclass
class ScriptRun(Run):
    """One run of the program; its messages are what happened."""

    def __post_init__(self) -> None:
        super().__post_init__()
        assert isinstance(self.warehouse, ScriptWarehouse)
        self.target: ScriptWarehouse = self.warehouse
        self.partition = Partition(self.life.store.project.id, self.order.filters)
        self.random = Random(self.life.random.random())
        self.conditions = Conditions.of(self.order.filters, self.order.start_date)

    def run(self) -> None:
        """To its end, which may be a signal."""
        for event in self._events():
            self.take(event)

    def _events(self) -> Iterator[Event]:
        order, process = self.order, Process(self.target.program)
        last = None if order.kill is None else 1 + order.kill % KILLED_BY
        between = Between(self.life, order.unrest, last, process, self.random)
        clock = lambda: self.life.now  # noqa: E731  # read at each request
        with Emulator(self.life.store, clock=clock, faults=[between.placed()]) as service:
            config = service.config(self.random.choice(["token", "password"])) | self._settings()
            service.latency = QUICK_SECONDS if config["concurrency"] > 1 else 0.0
            catalog = full_table_catalog() if order.full_table else None
            state = self.target.handed_on
            done = process.run(self.target.folder, config=config, catalog=catalog, state=state)
        self.target.requests += between.requests
        return self._happened(done)

    def _settings(self) -> dict[str, Any]:
        """Eight in flight, or one: then the seed makes the same answers again."""
        order, filters = self.order, self.order.filters
        wanted = {"start_date": order.start_date, "end_date": order.end_date}
        wanted |= {name: getattr(filters, name) for name in FILTER_NAMES}
        numbers = {"page_size": order.page_size, "lookback_seconds": self.life.lookback}
        numbers["concurrency"] = self.random.choice([1, 8])
        return {name: value for name, value in wanted.items() if value} | numbers

    def _happened(self, done: Done) -> Iterator[Event]:
        known = None if self.order.full_table else self.old
        resumed = known is not None and known.conditions.cover(self.conditions)
        yield Started(self.partition, NOWHEN, 0, resumed, 0.0)
        told = None
        for message in done.messages:
            if message["type"] == "RECORD":
                yield Records(self.partition, [self._backup(message)], 0.0, 0, 0)
            elif message["type"] == "STATE" and (found := self._bookmark(message["value"])):
                told = found
                yield Checkpoint(self.partition, found)
        yield from self._ended(done, told)

    def _ended(self, done: Done, told: Bookmark | None) -> Iterator[Event]:
        """At its end a target writes all that it has; the last STATE is not said twice."""
        if self.order.kill is not None and done.code in STOPPED:
            self.target.stopped += 1
        elif done.code == 1:
            self.target.refused.append(done.said)
        else:
            assert done.code == 0, done.said
            if told is not None:
                yield Checkpoint(self.partition, told)
            yield Finished(self.partition, 0, 0)

    def _backup(self, message: dict[str, Any]) -> Backup:
        record = dict(message["record"])
        assert message["stream"] == "backups"
        assert record.pop("project_id") == self.partition.project_id
        del record["region"]
        return msgspec.convert(record, Backup)

    def _bookmark(self, value: dict[str, Any]) -> Bookmark | None:
        """What a STATE says of this run; what it says of another is what that one left."""
        partitions = value.get("bookmarks", {}).get("backups", {}).get("partitions", [])
        entries = [each for each in partitions if each["context"] == self.partition.context]
        found = Bookmark.from_json(entries[0]) if entries else None
        if self.order.full_table or found is None or found.conditions != self.conditions:
            assert found == self.old, "a bookmark that nobody left"
            return None
        self.target.handed_on = value
        return found
