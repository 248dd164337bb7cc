"""Sign-ins from the settings to the service, over real sockets and with threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pytest

from tap_dds_backups.api.errors import SignInError
from tap_dds_backups.api.readahead import QUICK_SECONDS
from tap_dds_backups.emulator import Emulator, Identity, Project, Store, plain_store
from tap_dds_backups.replication.events import Event, Failed, Records
from tap_dds_backups.run import opened
from tap_dds_backups.settings import from_singer

SignIn = Literal["token", "password", "access_key", "temporary_key"]
ROWS = 950


def store(rows: int = ROWS, place: int = 0) -> Store:
    """Return a quiet project."""
    project = Project(f"{place:032x}")
    return plain_store(rows, until=time.time() - 60, seed=place, project=project)


def run(
    config: dict[str, Any],
    on_event: Callable[[Event], None] = lambda _: None,
    told: list[str] | None = None,
) -> list[Event]:
    """Sync once and return what happened."""
    settings = from_singer(config, {})
    events = []
    on_secret = (told if told is not None else []).append
    with opened(settings, on_secret=on_secret) as account:
        for event in account.events("backups", lambda _: {}):
            on_event(event)
            events.append(event)
    return events


def rows(events: Sequence[Event]) -> int:
    """Count the backups written."""
    return sum(len(event.backups) for event in events if isinstance(event, Records))


def errors(events: Sequence[Event]) -> list[Exception]:
    """Return what the failed projects failed with."""
    return [event.error for event in events if isinstance(event, Failed)]


@pytest.mark.parametrize("sign_in", ["token", "password", "access_key", "temporary_key"])
def test_each_sign_in_reads_everything(sign_in: SignIn) -> None:
    """Every way to sign in reads all rows, with one sign-in at most and nothing refused."""
    told: list[str] = []
    with Emulator(store()) as emulator:
        events = run(emulator.config(sign_in), told=told)
        assert (rows(events), errors(events)) == (ROWS, [])
        assert len(emulator.seen("sign-in")) == (sign_in == "password") == len(told)
        assert {seen.status for seen in emulator.seen("list")} == {200}


@pytest.mark.parametrize("code", ["APIGW.0301", "APIGW.0307", "DBS.280056", "DBS.280015"])
def test_token_ends_in_the_middle(code: str) -> None:
    """When the token ends under eight threads, one sign-in serves them all; no row is lost."""
    with Emulator(store(), identity=Identity(expired_as=code)) as emulator:
        ended: list[bool] = []

        def end_once(event: Event) -> None:
            if isinstance(event, Records) and not ended:
                ended.append(True)
                emulator.expire_tokens()

        events = run(emulator.config("password") | {"page_size": 10}, end_once)
        assert (rows(events), errors(events), ended) == (ROWS, [], [True])
        assert [seen.status for seen in emulator.seen("sign-in")] == [201, 201]


@pytest.mark.parametrize(("uses", "concurrency"), [(1, 1), (2, 1), (3, 1), (7, 8), (30, 8)])
def test_tokens_of_few_uses(uses: int, concurrency: int) -> None:
    """Tokens that end after a few requests are renewed as often as it takes."""
    identity = Identity(token_requests=uses)
    with Emulator(store(), identity=identity, latency=QUICK_SECONDS) as emulator:
        events = run(emulator.config("password") | {"concurrency": concurrency, "page_size": 20})
        assert (rows(events), errors(events)) == (ROWS, [])


def test_tokens_that_never_work() -> None:
    """Tokens that the service never accepts end the run after one renewal."""
    with Emulator(store(), identity=Identity(token_requests=0)) as emulator:
        (error,) = errors(run(emulator.config("password")))
        assert "IAM issues tokens that the service does not accept" in str(error)
        assert len(emulator.seen("sign-in")) == 2


@pytest.mark.parametrize("sign_in", ["token", "temporary_key"])
def test_what_cannot_be_renewed_ends(sign_in: SignIn) -> None:
    """A static token or a temporary key that ends in the middle ends the run; rows before stay."""
    with Emulator(store()) as emulator:
        events = run(
            emulator.config(sign_in) | {"page_size": 10},
            lambda event: emulator.expire_tokens() if isinstance(event, Records) else None,
        )
        (error,) = errors(events)
        assert isinstance(error, SignInError)
        assert "expire" in str(error)
        assert 0 < rows(events) < ROWS


MANY = 20


def test_wrong_key_for_many_projects() -> None:
    """A wrong key costs one refused signature, however many projects and threads use it."""
    with Emulator([store(5, n) for n in range(MANY)]) as emulator:
        config = emulator.config_for_projects("access_key") | {"secret_key": "SK-CANARY"}
        failed = errors(run(config))
        assert len(failed) == MANY
        assert all("access_key or secret_key is wrong" in str(error) for error in failed)
        assert not any("CANARY" in str(error) for error in failed)
        assert [seen.status for seen in emulator.seen("list")] == [401]


def test_wrong_password_for_many_projects() -> None:
    """A wrong password is sent three times at most: the user is not locked out."""
    with Emulator([store(5, n) for n in range(MANY)]) as emulator:
        config = emulator.config_for_projects("password") | {"password": "pw-CANARY"}
        failed = errors(run(config))
        assert len(failed) == MANY
        assert all("IAM refused the sign-in" in str(error) for error in failed)
        assert not any("CANARY" in str(error) for error in failed)
        assert [seen.status for seen in emulator.seen("sign-in")] == [401] * 3
        assert emulator.seen("list") == []


def test_many_projects_with_a_password() -> None:
    """With a password there is one sign-in a project: a token serves one."""
    with Emulator([store(5, n) for n in range(MANY)]) as emulator:
        events = run(emulator.config_for_projects("password"))
        assert (rows(events), errors(events)) == (5 * MANY, [])
        assert len(emulator.seen("sign-in")) == MANY


def test_wrong_clock() -> None:
    """A service whose clock is an hour off refuses the signature, and the clock is named."""
    with Emulator(store(5), clock=lambda: time.time() - 3600) as emulator:
        (error,) = errors(run(emulator.config("access_key")))
        assert "clock is 60 minutes ahead of the service's" in str(error)
