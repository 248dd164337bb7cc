"""Temporary key pairs: how answers spell them, when they are renewed, when that ends."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from tap_dds_backups.api.errors import DdsError, ProtocolError, ServiceUnavailable, SignInError
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.api.temporary import SHORTEST_LIFE, TemporaryKey, TemporaryKeys, temporary_key
from tap_dds_backups.api.times import from_seconds
from tests.api.virtual import START, VirtualClock

REFUSED = Response(401, {}, b'{"error_code": "APIGW.0301", "error_msg": "ak not exist SK-1"}')
FOUND = TemporaryKey(Secret("AK"), Secret("SK"), Secret("ST"), 3600.0)
END = from_seconds(START + 3600)


@pytest.mark.parametrize(
    "entry",
    [
        {"access": "AK", "secret": "SK", "securitytoken": "ST", "expires_at": END},
        {"accessKeyId": "AK", "secretAccessKey": "SK", "securityToken": "ST", "expiration": END},
        {
            "access_key_id": "AK",
            "secret_access_key": "SK",
            "security_token": "ST",
            "expiration": END.replace("+00:00", ".574000Z"),
        },
    ],
)
def test_spellings(entry: dict[str, str]) -> None:
    """Each issuer's spelling is understood; the life counts from the issuer's clock."""
    assert temporary_key(entry, START) == FOUND


@pytest.mark.parametrize("end", [None, "soon", 5])
def test_end_that_is_not_told(end: object) -> None:
    """Without a usable end a key pair counts as short-lived."""
    entry = {"access": "AK", "secret": "SK", "securitytoken": "ST", "expires_at": end}
    assert temporary_key(entry, START).life == SHORTEST_LIFE


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {},
        {"access": "AK", "secret": "SK"},
        {"access": "AK", "secret": "SK", "securitytoken": ""},
        {"access": "AK", "secret": "SK", "securitytoken": "S\r\nX: y"},
        {"access": "AK", "secret": "SK", "securitytoken": 5},
    ],
)
def test_what_is_no_key_pair(entry: object) -> None:
    """An answer without all three parts, each fit for a header, is none."""
    with pytest.raises(ProtocolError, match="no temporary key pair"):
        temporary_key(entry, START)


@dataclass
class Issuer:
    """Gives numbered key pairs of one life; errors come first."""

    life: float = 3600.0
    errors: list[DdsError] = field(default_factory=list)
    issued: int = 0

    def fetch(self) -> TemporaryKey:
        """The next key pair."""
        if self.errors:
            raise self.errors.pop(0)
        self.issued += 1
        access, secret, token = (Secret(f"{name}-{self.issued}") for name in ("AK", "SK", "ST"))
        return TemporaryKey(access, secret, token, self.life)


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands still."""
    return VirtualClock()


def token(keys: TemporaryKeys) -> str:
    """The security token of the current key pair."""
    return keys.current().security_token.reveal()


@pytest.mark.parametrize(("life", "early"), [(900.0, 90.0), (3600.0, 360.0), (86_400.0, 1800.0)])
def test_renewed_before_the_end(clock: VirtualClock, life: float, early: float) -> None:
    """A tenth of its life, at most half an hour, before its end a key pair is renewed."""
    told: list[str] = []
    keys = TemporaryKeys(Issuer(life).fetch, clock, "IAM", told.append)
    assert token(keys) == "ST-1"
    clock.time += life - early - 1
    assert token(keys) == "ST-1"
    clock.time += 1
    assert token(keys) == "ST-2"
    assert told == ["AK-1", "SK-1", "ST-1", "AK-2", "SK-2", "ST-2"]


def test_renewal_that_fails_is_tried_again(clock: VirtualClock) -> None:
    """In an outage the old key pair goes on serving, and a minute later it is tried again."""
    issuer = Issuer()
    keys = TemporaryKeys(issuer.fetch, clock, "IAM")
    assert token(keys) == "ST-1"
    clock.time += 3300
    issuer.errors = [ServiceUnavailable("down")]
    assert [token(keys), token(keys)] == ["ST-1", "ST-1"]
    assert issuer.errors == []
    clock.time += 60
    assert token(keys) == "ST-2"


def test_refusal_of_many_threads_renews_once(clock: VirtualClock) -> None:
    """Of eight threads refused under one key pair, one renews it."""
    issuer = Issuer()
    keys = TemporaryKeys(issuer.fetch, clock, "IAM")
    old = token(keys)
    keys.worked()
    start = threading.Barrier(8)
    seen: list[str] = []

    def work() -> None:
        start.wait()
        keys.refused(old, REFUSED)
        seen.append(token(keys))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (seen, issuer.issued) == (["ST-2"] * 8, 2)


@pytest.mark.parametrize(("proven", "renewals"), [(False, 1), (True, 2)])
def test_refusals_in_a_row_end(clock: VirtualClock, renewals: int, *, proven: bool) -> None:
    """One that never worked is renewed once; where they have worked, twice without a success."""
    issuer = Issuer()
    keys = TemporaryKeys(issuer.fetch, clock, "IAM")
    if proven:
        token(keys)
        keys.worked()
    for _ in range(renewals):
        keys.refused(token(keys), REFUSED)
    last = token(keys)
    with pytest.raises(SignInError, match="IAM gives key pairs that the service does not") as ended:
        keys.refused(last, REFUSED)
    assert f"SK-{issuer.issued}" not in str(ended.value)
    assert issuer.issued == renewals + 1
    with pytest.raises(SignInError):
        keys.current()


def test_success_between_refusals_counts(clock: VirtualClock) -> None:
    """Key pairs that are refused now and then are renewed without end."""
    keys = TemporaryKeys(Issuer().fetch, clock, "IAM")
    for _ in range(20):
        old = token(keys)
        keys.worked()
        keys.refused(old, REFUSED)
    assert token(keys) == "ST-21"


def test_source_that_refuses_is_asked_once(clock: VirtualClock) -> None:
    """An issuer that says no ends the run: it is not asked for each project."""
    issuer = Issuer(errors=[SignInError("no agency")])
    keys = TemporaryKeys(issuer.fetch, clock, "IAM")
    for _ in range(3):
        with pytest.raises(SignInError, match="no agency"):
            keys.current()
    assert issuer.issued == 0
