"""Whether and when to try again, as tables."""

from __future__ import annotations

import pytest

from tap_dds_backups.api.errors import (
    AccessDenied,
    ConfigError,
    DdsError,
    NotFound,
    ProtocolError,
    RequestBudgetSpent,
    RequestRefused,
    ServiceUnavailable,
    SignInError,
    Throttled,
    TlsError,
)
from tap_dds_backups.api.retry import QUOTA, Budget, Tries, busy_delay, failure_delay, may_try_again

DOWN = ServiceUnavailable("down", status=503)


def longest(seconds: float) -> float:
    """A jitter that always takes the upper end."""
    return seconds


@pytest.mark.parametrize(
    ("error", "times", "expected"),
    [
        (DOWN, 1, True),
        (DOWN, 4, True),
        (DOWN, 5, False),
        (DOWN, 6, False),
        (ServiceUnavailable("reset"), 4, True),
        (ProtocolError("not JSON", status=200), 1, True),
        (ProtocolError("not JSON", status=200), 2, False),
        (ProtocolError("not JSON", status=299), 1, True),
        (ProtocolError("choices", status=300), 1, False),
        (ProtocolError("redirect", status=302), 1, False),
        (ProtocolError("interim", status=199), 1, False),
        (ProtocolError("too large"), 1, False),
        (RequestRefused("400", status=400), 1, False),
        (SignInError("401", status=401), 1, False),
        (AccessDenied("403", status=403), 1, False),
        (NotFound("404", status=404), 1, False),
        (TlsError("certificate"), 1, False),
        (ConfigError(["setting"]), 1, False),
        (RequestBudgetSpent("over"), 1, False),
        (DdsError("other"), 1, False),
        (Throttled("429", status=429), 1, True),
        (Throttled("429", status=429), 1000, True),
    ],
)
def test_what_may_be_tried_again(error: DdsError, times: int, *, expected: bool) -> None:
    """Failures up to max_attempts, a garbled 2xx once, refusals for the rate without end."""
    tries = Tries()
    for _ in range(times):
        tries.count(error)
    assert may_try_again(error, tries, max_attempts=5) is expected


def test_throttled_answers_are_not_attempts() -> None:
    """A failure after any number of throttled answers is still the first."""
    tries = Tries()
    for _ in range(50):
        tries.count(Throttled("429"))
    tries.count(DOWN)
    assert tries == Tries(failed=1)
    assert may_try_again(DOWN, tries, max_attempts=2)


def test_refused_credentials_are_counted_apart() -> None:
    """A refused credential is no failed attempt: how often it was renewed is counted by itself."""
    tries = Tries()
    for _ in range(2):
        tries.count(SignInError("401", status=401))
    assert tries == Tries(failed=0, garbled=0, renewed=2)


def test_one_attempt_means_one() -> None:
    """max_attempts 1 never tries again, not even a garbled answer."""
    for error in (DOWN, ProtocolError("not JSON", status=200)):
        tries = Tries()
        tries.count(error)
        assert not may_try_again(error, tries, max_attempts=1)


@pytest.mark.parametrize(
    ("failures", "expected"), [(1, 0.5), (2, 1), (3, 2), (6, 16), (7, 20), (8, 20), (10**6, 20)]
)
def test_delays_double_up_to_twenty_seconds(failures: int, expected: float) -> None:
    """The upper end of the jitter starts at half a second, doubles and stops at 20."""
    assert failure_delay(failures, DOWN, longest) == expected
    assert failure_delay(failures, DOWN, lambda _: 0.0) == 0.0


def test_jitter_is_full() -> None:
    """Delays spread over the whole range, so that many clients do not come back together."""
    delays = [failure_delay(9, DOWN) for _ in range(400)]
    assert min(delays) < 2
    assert max(delays) > 18
    assert max(delays) <= 20


@pytest.mark.parametrize(("asked", "expected"), [(None, 0.5), (0.1, 0.5), (7.0, 7.0), (90.0, 90.0)])
def test_a_failure_with_retry_after(asked: float | None, expected: float) -> None:
    """A 503 that says when to come back is not asked before."""
    assert failure_delay(1, ServiceUnavailable("503", retry_after=asked), longest) == expected


@pytest.mark.parametrize(
    ("refusals", "asked", "least", "most"),
    [(1, None, 0.25, 0.5), (3, None, 1, 2), (9, None, 60, 120), (500, None, 60, 120), (1, 7, 7, 7)],
)
def test_a_busy_service_is_asked_ever_less(
    refusals: int, asked: float | None, least: float, most: float
) -> None:
    """It costs no attempt, so it is asked every one or two minutes in the end, never at once."""
    busy = Throttled("busy", retry_after=asked)
    assert busy_delay(refusals, busy, lambda _: 0.0) == least
    assert busy_delay(refusals, busy, longest) == most


def test_quota() -> None:
    """Twenty failures, then nothing is sent any more, and the error says what failed."""
    budget = Budget()
    for _ in range(QUOTA):
        budget.check()
        budget.spend(DOWN)
    with pytest.raises(RequestBudgetSpent, match="last like this: down"):
        budget.check()


def test_quota_overdrawn() -> None:
    """Requests that failed together may overdraw the quota: still nothing is sent any more."""
    budget = Budget(left=1)
    for _ in range(3):
        budget.spend(DOWN)
    with pytest.raises(RequestBudgetSpent):
        budget.check()


@pytest.mark.parametrize(("good", "left"), [(9, 10), (10, 11), (99, 19), (100, 20), (5000, 20)])
def test_quota_is_earned_back(good: int, left: int) -> None:
    """Ten good answers earn one retry, up to the twenty of the start."""
    budget = Budget()
    for _ in range(10):
        budget.spend(DOWN)
    for _ in range(good):
        budget.succeeded()
    assert budget.left == left


@pytest.mark.parametrize(
    ("waits", "spent"),
    [
        ([(0, 1800)], False),
        ([(0, 1801)], True),
        ([(0, float("inf"))], True),
        ([(0, 900), (900, 900)], False),
        ([(0, 900), (901, 900)], True),
        ([(0, 60), (1790, 11)], True),
        ([(5000, 1800)], False),
        ([(100.0, 900.0), (1000.0, 900.0)], False),
    ],
)
def test_patience(waits: list[tuple[float, float]], *, spent: bool) -> None:
    """Waits without a success between them have 30 minutes; one beyond that ends the run at once."""
    budget = Budget()
    error = Throttled("the service throttles", status=429, error_code="APIGW.0308")
    for now, seconds in waits[:-1]:
        budget.wait(now, seconds, error)
    now, seconds = waits[-1]
    if not spent:
        budget.wait(now, seconds, error)
        return
    with pytest.raises(RequestBudgetSpent) as caught:
        budget.wait(now, seconds, error)
    assert caught.value.error_code == "APIGW.0308"
    assert "patience" in str(caught.value)


@pytest.mark.parametrize(
    ("now", "seconds", "said"),
    [
        (0.0, 1801.0, "that is to wait 1801 seconds, and this run has 1800 seconds of patience"),
        (2000.0, 1.0, "that is to wait 1 seconds, and this run has 0 seconds of patience"),
        (0.0, float("inf"), "that is to wait for ever, and this run has 1800 seconds of patience"),
    ],
)
def test_lost_patience_says_how_long(now: float, seconds: float, said: str) -> None:
    """The error names the wait that was asked for and what was left, never less than nothing."""
    budget = Budget(waiting_since=0.0)
    with pytest.raises(RequestBudgetSpent, match=said):
        budget.wait(now, seconds, Throttled("429"))


def test_a_success_renews_patience() -> None:
    """Half-hours are counted from the first wait after the last good answer."""
    budget = Budget()
    budget.wait(0, 1800, Throttled("429"))
    budget.succeeded()
    budget.wait(1800, 1800, Throttled("429"))
