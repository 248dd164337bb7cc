"""When a password signs in, when it renews, and when it ends the run."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tap_dds_backups.api.errors import ProtocolError, ServiceUnavailable, SignInError
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.password import PasswordToken
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.api.trial import Trial
from tests.api.iam_double import PAGE, REFUSAL, Iam, StillClock

WRONG = Response(401, {}, b'{"error":{"code":401,"message":"wrong","title":"Unauthorized"}}')


def password_token(iam: Iam, **more: Any) -> PasswordToken:
    """Return a sign-in at `iam`."""
    return PasswordToken(
        project_id=more.pop("project_id", "p"),
        iam_url="https://iam.example.com",
        username="u",
        password=Secret("pw-CANARY"),
        domain_name="d",
        send=more.pop("send", iam.send),
        clock=iam.clock,
        **more,
    )


@pytest.fixture
def iam() -> Iam:
    """Return an IAM on a clock that stands still."""
    return Iam(StillClock())


def test_signs_in_once(iam: Iam) -> None:
    """The first request signs in; the token serves all that follow, and is told for masking."""
    told: list[str] = []
    auth = password_token(iam, on_secret=told.append)
    assert not iam.requests
    for _ in range(3):
        sent = auth.headers(PAGE)
        auth.worked(sent)
        assert sent == {"X-Auth-Token": "T-1"}
    assert (len(iam.requests), told) == (1, ["T-1"])


@pytest.mark.parametrize(
    ("life", "early"),
    [(86_400.0, 1800.0), (3_600.0, 360.0), (600.0, 60.0)],
    ids=["day", "hour", "10m"],
)
def test_renews_before_expiry(iam: Iam, life: float, early: float) -> None:
    """A token is renewed when a tenth of its life or half an hour is left, whichever is less."""
    iam.life = life
    auth = password_token(iam)
    auth.worked(auth.headers(PAGE))
    iam.clock.sleep(life - early - 1)
    assert auth.headers(PAGE) == {"X-Auth-Token": "T-1"}
    iam.clock.sleep(1)
    assert auth.headers(PAGE) == {"X-Auth-Token": "T-2"}
    assert auth.headers(PAGE) == {"X-Auth-Token": "T-2"}


def test_early_renewal_may_fail(iam: Iam) -> None:
    """While the old token is good, an outage of IAM is waited out, a minute at a time."""
    auth = password_token(iam)
    auth.worked(auth.headers(PAGE))
    iam.clock.sleep(85_000)
    iam.answers = [ServiceUnavailable("down")]
    assert auth.headers(PAGE) == {"X-Auth-Token": "T-1"}
    assert auth.headers(PAGE) == {"X-Auth-Token": "T-1"}
    assert len(iam.requests) == 2
    iam.clock.sleep(60)
    assert auth.headers(PAGE) == {"X-Auth-Token": "T-3"}


def test_refused_after_it_worked(iam: Iam) -> None:
    """A token that had worked is renewed when it is refused, as often as that happens."""
    auth = password_token(iam)
    for n in range(1, 6):
        sent = auth.headers(PAGE)
        assert sent == {"X-Auth-Token": f"T-{n}"}
        auth.worked(sent)
        assert auth.refused(sent, REFUSAL) is True


def test_refused_at_first_use(iam: Iam) -> None:
    """A token refused at its first use is renewed once; then the run ends, and stays ended."""
    auth = password_token(iam)
    assert auth.refused(auth.headers(PAGE), REFUSAL) is True
    sent = auth.headers(PAGE)
    for _ in range(2):
        with pytest.raises(SignInError, match=r"APIGW.0301.*IAM issues tokens.*project_id"):
            auth.refused(sent, REFUSAL)
        with pytest.raises(SignInError, match="IAM issues tokens"):
            auth.headers(PAGE)
    assert len(iam.requests) == 2


def test_two_renewals_without_success(iam: Iam) -> None:
    """Where tokens have worked, two renewals without a success between them end the run."""
    auth = password_token(iam)
    auth.worked(auth.headers(PAGE))
    for _ in range(2):
        assert auth.refused(auth.headers(PAGE), REFUSAL) is True
    sent = auth.headers(PAGE)
    with pytest.raises(SignInError, match="IAM issues tokens"):
        auth.refused(sent, REFUSAL)
    assert len(iam.requests) == 3


def test_success_between_renewals(iam: Iam) -> None:
    """A success between two renewals, even of a token replaced meanwhile, starts the count anew."""
    auth = password_token(iam)
    first = auth.headers(PAGE)
    auth.worked(first)
    for _ in range(5):
        assert auth.refused(auth.headers(PAGE), REFUSAL) is True
        auth.worked(first)


def test_late_refusal_of_a_replaced_token(iam: Iam) -> None:
    """A request refused under a token that was replaced since is replayed without a sign-in."""
    auth = password_token(iam)
    old = auth.headers(PAGE)
    auth.worked(old)
    assert auth.refused(old, REFUSAL) is True
    new = auth.headers(PAGE)
    for _ in range(10):
        assert auth.refused(old, REFUSAL) is True
    assert auth.headers(PAGE) == new
    assert len(iam.requests) == 2


def test_eight_threads_sign_in_once(iam: Iam) -> None:
    """Eight threads refused under one token cause one sign-in, and all replay with its token."""
    auth = password_token(iam)
    auth.worked(auth.headers(PAGE))
    together = threading.Barrier(8, timeout=30)

    def request(_: int) -> str:
        sent = auth.headers(PAGE)
        together.wait()
        assert auth.refused(sent, REFUSAL) is True
        return auth.headers(PAGE)["X-Auth-Token"]

    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(request, range(8)))
    assert (tokens, len(iam.requests)) == (["T-2"] * 8, 2)


def test_wrong_password_is_not_tried_again(iam: Iam) -> None:
    """A refused sign-in ends the run with the usual causes, and is sent once, whoever asks."""
    iam.answers = [WRONG] * 10
    auth = password_token(iam)
    for _ in range(3):
        with pytest.raises(SignInError, match=r"IAM refused the sign-in.*HUAWEI ID") as caught:
            auth.headers(PAGE)
        assert "CANARY" not in str(caught.value)
    assert len(iam.requests) == 1


def test_outage_of_iam_is_no_refusal(iam: Iam) -> None:
    """What does not come about is tried again by the next request."""
    iam.answers = [ServiceUnavailable("down"), Response(200, {}, b"<html>")]
    auth = password_token(iam)
    with pytest.raises(ServiceUnavailable):
        auth.headers(PAGE)
    with pytest.raises(ProtocolError):
        auth.headers(PAGE)
    assert auth.headers(PAGE) == {"X-Auth-Token": "T-3"}


def test_a_sign_in_given_up_leaves_the_way_free(iam: Iam) -> None:
    """Where one thread leaves its sign-in, however that may be, another may begin at once."""
    trial = Trial(3)
    given_up = password_token(iam, trial=trial, send=lambda _request: sys.exit())
    auth = password_token(iam, trial=trial)
    with pytest.raises(SystemExit):
        given_up.headers(PAGE)
    with ThreadPoolExecutor(1) as another:
        sent = another.submit(auth.headers, PAGE).result(timeout=30)
    assert sent == {"X-Auth-Token": "T-1"}


def test_one_bad_project_among_good_ones(iam: Iam) -> None:
    """A project that the user may not enter ends its own sign-in, not that of the others."""
    trial = Trial(3)
    good, bad, later = (password_token(iam, trial=trial, project_id=p) for p in ("a", "b", "c"))
    good.headers(PAGE)
    iam.answers = [WRONG]
    with pytest.raises(SignInError):
        bad.headers(PAGE)
    assert later.headers(PAGE) == {"X-Auth-Token": "T-3"}


def test_success_between_refused_projects(iam: Iam) -> None:
    """Refusals count only until the next success: the password is right, the projects are not."""
    trial = Trial(3)
    for n in range(6):
        iam.answers = [WRONG, WRONG]
        for _ in range(2):
            with pytest.raises(SignInError):
                password_token(iam, trial=trial).headers(PAGE)
        assert password_token(iam, trial=trial).headers(PAGE) == {"X-Auth-Token": f"T-{3 * n + 3}"}


def test_wrong_password_for_many_projects(iam: Iam) -> None:
    """Two hundred projects do not lock the user out: three refusals are the last."""
    trial = Trial(3)
    iam.answers = [WRONG] * 200
    for n in range(200):
        with pytest.raises(SignInError, match="IAM refused the sign-in"):
            password_token(iam, trial=trial, project_id=f"p{n}").headers(PAGE)
    assert len(iam.requests) == 3
