"""Static tokens and key pairs: signed how, refused how often."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest

from tap_dds_backups.api.auth import AccessKey, Auth, StaticToken
from tap_dds_backups.api.errors import SignInError
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.api.signing import sign
from tap_dds_backups.api.trial import Trial
from tests.api.iam_double import PAGE, REFUSAL, StillClock


def access_key(clock: StillClock, trial: Trial | None = None) -> AccessKey:
    """Return a temporary key pair of project p."""
    return AccessKey(
        access_key=Secret("AK"),
        secret_key=Secret("SK-CANARY"),
        security_token=Secret("ST"),
        project_id="p",
        clock=clock,
        trial=trial,
    )


@pytest.mark.parametrize("auth", [StaticToken(Secret("T-CANARY")), access_key(StillClock())])
def test_nothing_shows(auth: Auth) -> None:
    """The sign-ins show no credential when they are printed."""
    assert "CANARY" not in repr(auth) + str(auth)


def test_static_token() -> None:
    """A static token is sent as it is; one refusal ends it, with what to do."""
    auth = StaticToken(Secret("T-CANARY"))
    sent = auth.headers(PAGE)
    assert sent == {"X-Auth-Token": "T-CANARY"}
    auth.worked(sent)
    for ask in (lambda: auth.refused(sent, REFUSAL), lambda: auth.headers(PAGE)):
        with pytest.raises(SignInError, match=r"expired.*another region or project") as caught:
            ask()
        assert "[APIGW.0301, request r-1]" in str(caught.value)
        assert "CANARY" not in str(caught.value)


def test_signature_is_dated_now() -> None:
    """Each signature carries the project, the security token and the moment it is made."""
    clock = StillClock(1_700_000_000)
    auth = access_key(clock)
    for moment in ("20231114T221320Z", "20231114T221420Z"):
        sent = auth.headers(PAGE)
        auth.worked(sent)
        assert sent == sign(
            PAGE,
            access_key="AK",
            secret_key="SK-CANARY",
            project_id="p",
            security_token="ST",
            sdk_date=moment,
        )
        clock.sleep(60)


@pytest.mark.parametrize("worked_before", [False, True])
def test_one_refused_signature_is_the_last(worked_before: bool) -> None:
    """After one refusal no project of the key pair sends a signature any more."""
    trial = Trial(1)
    auth, other = (access_key(StillClock(), trial) for _ in range(2))
    sent = auth.headers(PAGE)
    if worked_before:
        auth.worked(sent)
        sent = auth.headers(PAGE)
    with pytest.raises(SignInError, match="does not accept"):
        auth.refused(sent, REFUSAL)
    other.worked(sent)  # an answer that was on its way
    for key in (auth, other):
        with pytest.raises(
            SignInError, match=r"access_key or secret_key is wrong.*not tried again"
        ):
            key.headers(PAGE)


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (3600.0, "clock is 60 minutes ahead of the service's"),
        (-1200.0, "clock is 20 minutes behind the service's"),
        (800.0, "access_key or secret_key is wrong"),
        (-800.0, "access_key or secret_key is wrong"),
        (None, "access_key or secret_key is wrong"),
    ],
)
def test_wrong_clock_is_named(skew: float | None, words: str) -> None:
    """A Date more than 15 minutes off is named as the cause of a refused signature."""
    clock = StillClock()
    date = "yesterday" if skew is None else formatdate(clock.now() - skew, usegmt=True)
    auth = access_key(clock)
    refusal = Response(401, {**REFUSAL.headers, "date": date}, REFUSAL.body)
    sent = auth.headers(PAGE)
    clock.sleep(7_200)  # whatever became of the clock meanwhile: what was signed counts
    with pytest.raises(SignInError, match=words):
        auth.refused(sent, refusal)


def test_eight_threads_risk_one_signature() -> None:
    """While a key pair is unproven one thread signs and the rest wait; a refusal stops them all."""
    auth = access_key(StillClock())
    signed: list[dict[str, str]] = []

    def request(_: int) -> str:
        try:
            sent = auth.headers(PAGE)
            signed.append(sent)
            time.sleep(0.2)  # the answer takes its time: the others have theirs to come
            auth.refused(sent, REFUSAL)
        except SignInError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(request, range(8)))
    assert len(signed) == 1
    assert all("access_key or secret_key is wrong" in end for end in ends)


def test_threads_sign_together_once_proven() -> None:
    """After the first success nobody waits for anybody."""
    auth = access_key(StillClock(), Trial(1, try_seconds=40))
    auth.worked(auth.headers(PAGE))
    together = threading.Barrier(8, timeout=20)
    start = time.monotonic()

    def request(_: int) -> int:
        auth.headers(PAGE)
        return together.wait()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(request, range(8))) == list(range(8))
    assert time.monotonic() - start < 20


def test_outage_lets_another_thread_try() -> None:
    """A request without an answer on the key pair does not hold the other threads."""
    auth = access_key(StillClock(), Trial(1, try_seconds=40))
    start = time.monotonic()
    auth.unanswered(auth.headers(PAGE))
    with ThreadPoolExecutor(1) as pool:
        assert "Authorization" in pool.submit(auth.headers, PAGE).result()
    assert time.monotonic() - start < 20
