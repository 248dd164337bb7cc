"""Two services that are equal in all they are and do, one for each face, in this process.

Time is virtual, changes and faults come at the same request of both. What differs then between
the faces is the faces' own doing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

from tap_dds_backups.airbyte.output import Output
from tap_dds_backups.airbyte.read import StreamReading
from tap_dds_backups.airbyte.state import StreamState, given_states
from tap_dds_backups.api.auth import StaticToken
from tap_dds_backups.api.client import Client
from tap_dds_backups.api.exchange import Exchange
from tap_dds_backups.api.gate import Gate
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.listings import OneByOne, Source
from tap_dds_backups.api.pacing import Pacer
from tap_dds_backups.api.retry import Budget
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.api.server_clock import ServerClock
from tap_dds_backups.connect import Listing
from tap_dds_backups.emulator import READINGS, ApiError, Project, Store, advance, plain_store
from tap_dds_backups.emulator.answers import Answer
from tap_dds_backups.emulator.answers import Request as AskedRequest
from tap_dds_backups.emulator.dds import Dds, route_of
from tap_dds_backups.emulator.faults import FAULTS, Faults
from tap_dds_backups.emulator.faults import Exchange as Asked
from tap_dds_backups.emulator.times import http_date
from tap_dds_backups.interrupts import Interrupts
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Event
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.state import bookmarks_of
from tap_dds_backups.replication.sync import Sync, Wanted
from tap_dds_backups.streams import SyncFailed
from tap_dds_backups.tap import TapDDSBackups
from tests.api.virtual import VirtualClock

NOW = 1_760_000_000.0
PROJECTS = ("a" * 32, "b" * 32)
URL = "http://127.0.0.1:1"
# Faults that are an answer; those of the wire need one. Long texts only cost time.
SLOW = {"long_text", "long_error_400", "deep_json", "retry_after_absurd"}
# At least one of three is tried again and passes; the others end the partition.
KINDS = [name for name, fault in FAULTS.items() if name not in SLOW]


@dataclass
class World:
    """One service, made and changed by a seed alone."""

    seed: int
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOW))
    requests: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        name = self.random.choice(list(READINGS))
        self.stores = [self._store(project, name) for project in self.projects]
        self.faults = Faults(self._faults())
        self.changes = {self.random.randrange(1, 12) for _ in range(self.random.randrange(4))}
        self._dds = Dds({store.project.id: store for store in self.stores})

    @property
    def projects(self) -> tuple[str, ...]:
        """One project, or two."""
        return PROJECTS[: 1 + self.seed % 2]

    @property
    def partitions(self) -> list[Partition]:
        """What is read: one listing for each project."""
        return [Partition(project) for project in self.projects]

    def _store(self, project: str, reading: str) -> Store:
        rows = self.random.choice([0, 1, 30, 99, 100, 101, 250])
        every = self.random.choice([1.0, 60.0, 86_400.0])
        store = plain_store(
            rows,
            seed=self.random.randrange(1 << 30),
            until=NOW - self.random.choice([0, 3_600]),
            every=every,
            project=Project(project),
            reading=READINGS[reading],
        )
        for number in range(self.random.randrange(4)):
            store.start(next(iter(store.instances.values())), begin=NOW - 5_000 * number - 2)
        return store

    def _faults(self) -> Iterator[str]:
        for _ in range(self.random.choice([0, 1, 2, 4])):
            times = self.random.choice([1, 3, 9])
            yield f"{self.random.choice(KINDS)}@list:{self.random.randrange(1, 7)}x{times}"

    def change(self) -> None:
        """Backups start, finish, fail and go."""
        for store in self.stores:
            counts = {name: self.random.randrange(4) for name in ("start", "finish", "expire")}
            advance(store, now=self.clock.now(), **counts)

    def send(self, request: Request) -> Response:
        """Answer without a socket."""
        self.requests += 1
        self.clock.sleep(0.05)
        if self.requests in self.changes:
            self.change()
        parts = urlsplit(request.url)
        asked = AskedRequest(request.method, parts.path, parts.query, request.headers)
        answer = self._faulty(asked)
        headers = {"date": http_date(self.clock.now()), **answer.headers}
        return Response(
            answer.status, {name.lower(): text for name, text in headers.items()}, answer.body
        )

    def _faulty(self, asked: AskedRequest) -> Answer:
        route = route_of(asked)
        try:
            answer = self._dds.answer(route, asked, scope=None, now=self.clock.now())
        except ApiError as refused:
            answer = refused.answer
        exchange = Asked(asked, route.name, self.clock.now(), lambda *_: [], lambda: None)
        placed = self.faults.due(route.name, answer, exchange)
        return placed.strike(answer, exchange) if placed else answer

    def sources(self, partitions: Iterable[Partition]) -> dict[Partition, Source]:
        """The listings of this service, read by the real client."""
        gate = Gate(Pacer(1), Budget(), self.clock, jitter=lambda longest: longest / 2)
        clock = ServerClock(self.clock)
        exchange = Exchange(
            self,
            gate,
            clock,
            auth=StaticToken(Secret("token")),
            max_attempts=3,
            on_wait=lambda *_: None,
        )
        return {
            partition: Listing(Client(URL, partition.project_id, exchange), partition)
            for partition in partitions
        }

    def events(
        self, partitions: list[Partition], bookmarks: Mapping[Partition, Bookmark]
    ) -> Iterator[Event]:
        """One sync."""
        sync = Sync(Wanted(lookback_seconds=600), OneByOne(), self.clock)
        yield from sync.run(self.sources(partitions), bookmarks)


@dataclass(frozen=True)
class Outcome:
    """What a run of either face means: records, the bookmarks told on the way, the verdict."""

    records: list[dict[str, Any]]
    bookmarks: list[list[dict[str, Any]]]
    succeeded: bool
    state: Any = field(compare=False)


Partitions = list[dict[str, Any]]


def outcome(
    records: list[dict[str, Any]],
    states: Iterable[Partitions],
    *,
    ok: bool,
    given: Partitions | None = None,
    state: Any = None,
) -> Outcome:
    """The outcome. A state that only repeats what was told or given before means nothing."""
    told = [_marked(given or [])]
    for each in states:
        if _marked(each) != told[-1]:
            told.append(_marked(each))
    return Outcome(records, told[1:], ok, state)


def _marked(partitions: Partitions) -> Partitions:
    return [entry for entry in partitions if "replication_key_value" in entry]


class Tap(TapDDSBackups):
    """The tap over a service in this process."""

    world: World

    def events(self, stream: Any) -> Iterator[Event]:
        """Sync through the world."""
        assert stream.name == "backups"
        partitions = self.world.partitions
        known = bookmarks_of(self._bookmarks_in(stream.name), partitions)
        yield from self.world.events(partitions, known)


def run_tap(world: World, state: Any) -> Outcome:
    """One run of the Singer face."""
    projects = [{"project_id": project} for project in world.projects]
    config = {"projects": projects, "api_url": URL, "access_key": "a", "secret_key": "s"}
    given = json.loads(json.dumps(state.get("bookmarks", {}).get("backups", {})))
    written = io.StringIO()
    tap = Tap(config=config, state=state)
    tap.world = world
    ok = True
    with redirect_stdout(written):
        try:
            tap.sync_all()
        except SyncFailed:
            ok = False
    messages = [json.loads(line) for line in written.getvalue().splitlines()]
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    return outcome(
        [message["record"] for message in messages if message["type"] == "RECORD"],
        (value.get("bookmarks", {}).get("backups", {}).get("partitions", []) for value in states),
        ok=ok,
        given=given.get("partitions"),
        state=states[-1],
    )


def run_source(world: World, state: Any) -> Outcome:
    """One run of the Airbyte face."""
    partitions = world.partitions
    written, interrupts = io.BytesIO(), Interrupts()
    output = Output(written, interrupts)
    streams = given_states(state)
    held = StreamState("backups", streams.get("backups"), partitions)
    held_before = held.blob(0)["partitions"]
    regions = dict.fromkeys(world.projects)
    reading = StreamReading("backups", held, output, interrupts, regions)
    ok = reading.run(world.events(partitions, held.bookmarks(partitions)))
    messages = [json.loads(line) for line in written.getvalue().splitlines()]
    states = [message["state"] for message in messages if message["type"] == "STATE"]
    return outcome(
        [message["record"]["data"] for message in messages if message["type"] == "RECORD"],
        (each["stream"]["stream_state"]["partitions"] for each in states),
        ok=ok,
        given=held_before,
        state=states[-1:],
    )
