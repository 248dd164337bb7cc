"""Many projects under one credential: the pace is shared, and quiet ones cost one request each."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import pytest

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
from tap_dds_backups.emulator import Emulator, Project, Store, Throttle, plain_store
from tap_dds_backups.emulator.answers import Request as Asked
from tap_dds_backups.emulator.dds import Dds, route_of
from tap_dds_backups.emulator.times import http_date
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Checkpoint, Event, Failed, Finished, Records
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.sync import Sync, Wanted
from tap_dds_backups.run import opened
from tap_dds_backups.settings import from_singer
from tests.api.virtual import START, VirtualClock

LATENCY = 0.2
Window = Literal["fixed", "sliding"]
Told = Literal["none", "seconds"]


def stores(count: int, rows: int, until: float) -> list[Store]:
    """So many projects of so many backups each."""
    return [
        plain_store(rows, seed=place, until=until, project=Project(f"{place:032x}"))
        for place in range(count)
    ]


@dataclass
class Service:
    """A throttled service on a virtual clock."""

    projects: list[Store]
    throttle: Throttle
    clock: VirtualClock
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._dds = Dds({store.project.id: store for store in self.projects})

    def send(self, request: Request) -> Response:
        """Answer after half the latency, which the answer takes as well."""
        self.clock.time += LATENCY / 2
        now = self.clock.time
        url = urlsplit(request.url)
        asked = Asked(request.method, url.path, url.query)
        if wait := self.throttle.admit(now=now):
            answer = self.throttle.refusal(wait, now=now)
        else:
            answer = self._dds.answer(route_of(asked), asked, scope=None, now=now)
        self.statuses[answer.status] += 1
        headers = {name.lower(): text for name, text in answer.headers.items()}
        self.clock.time += LATENCY / 2
        return Response(answer.status, {"date": http_date(now), **headers}, answer.body)


def sync(service: Service) -> list[Event]:
    """Read every project once, all of them through one gate."""
    gate = Gate(Pacer(8), Budget(), service.clock)
    sources: dict[Partition, Source] = {}
    for store in service.projects:
        auth = StaticToken(Secret("token-of-the-test"))
        exchange = Exchange(service, gate, ServerClock(service.clock), auth=auth)
        partition = Partition(store.project.id)
        client = Client("https://dds.example", store.project.id, exchange)
        sources[partition] = Listing(client, partition)
    return list(Sync(Wanted(), OneByOne(), service.clock).run(sources, {}))


@pytest.mark.parametrize("window", ["fixed", "sliding"])
@pytest.mark.parametrize("told", ["none", "seconds"])
@pytest.mark.parametrize("announced", [True, False])
def test_forty_projects_under_one_limit(window: Window, told: Told, *, announced: bool) -> None:
    """40 projects of 1,000 rows at 60 calls a minute: 3 % refused at most, 95 % of the rate."""
    clock = VirtualClock()
    throttle = Throttle(60, window=window, retry_after=told, announced=announced)
    service = Service(stores(40, 1_000, START - 60), throttle, clock)
    events = sync(service)
    assert [event.written for event in events if isinstance(event, Finished)] == [1_000] * 40
    calls = service.statuses[200]
    assert set(service.statuses) <= {200, 429}
    assert service.statuses[429] <= 0.03 * service.statuses.total()
    # The first window's calls may come at once: what was allowed is a window more.
    assert calls >= 0.95 * (clock.time - START)
    assert calls <= 40 * 13


@pytest.mark.parametrize(("sign_in", "sign_ins"), [("password", 200), ("access_key", 0)])
def test_two_hundred_quiet_projects(
    sign_in: Literal["password", "access_key"], sign_ins: int
) -> None:
    """With nothing new a project costs one list request, and one sign-in with a password only."""
    with Emulator(stores(200, 90, time.time() - 60)) as emulator:
        settings = from_singer(emulator.config_for_projects(sign_in), {})
        state: dict[Partition, Bookmark] = {}
        for _ in range(2):
            emulator.requests.clear()
            with opened(settings) as run:
                for event in run.events("backups", lambda _: dict(state)):
                    assert not isinstance(event, Failed), event
                    if isinstance(event, Checkpoint):
                        state[event.partition] = event.bookmark
            per_project = Counter(seen.path for seen in emulator.seen("list"))
            assert set(per_project.values()) == {1}
            assert len(per_project) == len(state) == 200
            assert len(emulator.seen("sign-in")) == sign_ins
            assert {seen.status // 100 for seen in emulator.requests} == {2}


def test_throttled_projects_on_real_sockets() -> None:
    """The same pace over sockets and threads: eight projects share 40 calls in two seconds."""
    throttle = Throttle(40, 2.0, window="sliding", retry_after="none")
    with Emulator(stores(8, 1_000, time.time() - 60), throttle=throttle) as emulator:
        with opened(from_singer(emulator.config_for_projects("access_key"), {})) as run:
            events = list(run.events("backups", lambda _: {}))
        written = sum(len(event.backups) for event in events if isinstance(event, Records))
        statuses = Counter(seen.status for seen in emulator.seen("list"))
        assert (written, set(statuses)) == (8_000, {200, 429})
        # Eight are in flight when the limit is first met, and once more on a machine that is busy.
        assert statuses[429] <= 16 + 0.03 * statuses.total()
