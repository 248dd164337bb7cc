"""How a run behaves towards a service that has trouble: few requests, waits kept, no key locked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from tap_dds_backups.api.readahead import QUICK_SECONDS
from tap_dds_backups.connect import connect
from tap_dds_backups.emulator import FAULTS, Emulator, Identity, plain_store
from tap_dds_backups.emulator.answers import Answer
from tap_dds_backups.emulator.faults import Exchange, Fault, PlacedFault
from tap_dds_backups.replication.events import Event, Failed, Records
from tap_dds_backups.run import Run
from tap_dds_backups.settings import from_singer
from tests.api.virtual import START, VirtualClock

OUTAGE = 600.0
MOST = 25
ROWS = 480  # in pages of ten, at least sixty requests
DOWN = ("empty_500", "html_502", "reset_before", "closed_at_body")
# Seconds on the ticking clock until all threads know of a refusal: some twenty requests.
ON_ITS_WAY = 0.06
PATIENT = ("throttled_plain", "throttled_empty", "throttled_dds", "system_busy_400")


class Trouble:
    """Lets a fault strike for ten minutes from a given list request on, by the service's clock."""

    def __init__(self, fault: Fault, request: int) -> None:
        self._fault = fault
        self._request = request
        self._asked = 0
        self.began = float("inf")
        self.met = 0  # requests that came meanwhile
        strikes = Fault(fault.name, fault.says, self._effect)
        self.placed = PlacedFault(strikes, "list", times=float("inf"))

    def _effect(self, answer: Answer, exchange: Exchange) -> Answer:
        self._asked += 1
        if self._asked == self._request:
            self.began = exchange.now
        if self.began <= exchange.now < self.began + OUTAGE:
            self.met += 1
            return self._fault.effect(answer, exchange)
        return answer


def sync(clock: VirtualClock, config: Mapping[str, Any]) -> list[Event]:
    """One run on this clock, over real sockets and with threads."""
    settings = from_singer(config, {})
    with connect(settings, clock=clock) as connection:
        return [*Run(settings, connection).events("backups", lambda _: {})]


def written(events: list[Event]) -> set[str]:
    """The ids of the backups written."""
    return {row.id for event in events if isinstance(event, Records) for row in event.backups}


class Ticking(VirtualClock):
    """A virtual clock on which each look by the service costs a millisecond."""

    def tick(self) -> float:
        """UTC seconds, later than those before."""
        self.time += 0.001
        return self.time


class TestOutage:
    """Ten minutes, on a clock that nobody waits for."""

    @pytest.mark.parametrize("threads", [1, 8])
    @pytest.mark.parametrize("request_", [1, 20])
    @pytest.mark.parametrize("fault", [*DOWN, *PATIENT])
    def test_sees_few_requests(self, fault: str, request_: int, threads: int) -> None:
        """At most 25 requests in ten minutes; then all is written, or an error says why not."""
        clock, trouble = Ticking(), Trouble(FAULTS[fault], request_)
        store = plain_store(ROWS, until=START - 60)
        with Emulator(
            store, faults=[trouble.placed], clock=clock.tick, latency=QUICK_SECONDS
        ) as service:
            config = service.config("token") | {"page_size": 10, "concurrency": threads}
            events = sync(clock, config)
        assert 1 <= trouble.met <= MOST
        errors = [event.error for event in events if isinstance(event, Failed)]
        everything = {backup.id for backup in store.backups()}
        assert errors or written(events) == everything
        if fault in PATIENT:  # throttling is no failure: it is waited out
            assert not errors


class TestRetryAfter:
    """What the service asks for is kept in full."""

    @pytest.mark.parametrize("threads", [1, 8])
    @pytest.mark.parametrize("request_", [1, 20])
    @pytest.mark.parametrize("seconds", [1, 30, 400])
    @pytest.mark.parametrize("fault", ["retry_after", "retry_after_date"])
    def test_nothing_is_sent_before(
        self, fault: str, seconds: int, request_: int, threads: int
    ) -> None:
        """No request between a refusal and the moment that it named."""
        clock = Ticking()
        store = plain_store(ROWS, until=START - 60)
        faults = [f"{fault}={seconds}@list:{request_}x2"]
        with Emulator(store, faults=faults, clock=clock.tick, latency=QUICK_SECONDS) as service:
            config = service.config("token") | {"page_size": 10, "concurrency": threads}
            events = sync(clock, config)
            seen = service.seen("list")
        assert written(events) == {backup.id for backup in store.backups()}
        refused = [each.time for each in seen if each.status == 429]
        assert len(refused) == 2
        for refusal in refused:
            until = int(refusal + seconds)  # a date has whole seconds
            arrived = refusal + (ON_ITS_WAY if threads > 1 else 0.0)
            assert not [each for each in seen if arrived < each.time < until]


class TestSignatures:
    """Five refused signatures lock a key for every program that uses it."""

    @pytest.mark.parametrize("projects", [1, 12])
    @pytest.mark.parametrize("threads", [1, 8, 16])
    @pytest.mark.parametrize("wrong", ["access_key", "secret_key"])
    def test_a_wrong_key_is_shown_once(self, wrong: str, threads: int, projects: int) -> None:
        """One signature is refused in a run, however many threads and projects there are."""
        now = time.time()
        stores = [plain_store(150, until=now - 60, seed=number) for number in range(projects)]
        with Emulator(stores, latency=QUICK_SECONDS) as service:
            config = service.config_for_projects("access_key") | {"concurrency": threads}
            events = sync(VirtualClock(now), config | {wrong: "A" * 20})
            assert [each.status for each in service.requests] == [401]
        assert len([event for event in events if isinstance(event, Failed)]) == projects


class TestTokens:
    """A token that ends while eight requests are in flight."""

    @pytest.mark.parametrize(
        "request_",
        [
            n if n in (1, 2, 30, 60) else pytest.param(n, marks=pytest.mark.laws)
            for n in range(1, 61)
        ],
    )
    @pytest.mark.parametrize("code", ["APIGW.0301", "DBS.280015"])
    def test_one_more_sign_in(self, request_: int, code: str) -> None:
        """Wherever it ends, exactly one more sign-in serves all threads, and no row is lost."""
        store = plain_store(ROWS, until=time.time() - 60)
        identity = Identity(expired_as=code)
        ends = [f"tokens_end@list:{request_}"]
        with Emulator(store, identity=identity, faults=ends, latency=QUICK_SECONDS) as service:
            config = service.config("password") | {"page_size": 10, "concurrency": 8}
            events = sync(VirtualClock(time.time()), config)
            assert len(service.seen("list")) >= 60
            assert [each.status for each in service.seen("sign-in")] == [201, 201]
        assert written(events) == {backup.id for backup in store.backups()}
