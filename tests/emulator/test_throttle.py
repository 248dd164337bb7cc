"""Rate limits on a clock that the test moves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tap_dds_backups.emulator import Emulator, Throttle, plain_store
from tap_dds_backups.emulator.throttle import parse_rate_limit, spoken_period
from tests.emulator.client import listed

NOON = 1_700_000_000.0


def admitted(throttle: Throttle, *moments: float) -> list[bool]:
    """Whether a call at each moment passes."""
    return [throttle.admit(now=NOON + moment) == 0.0 for moment in moments]


def test_a_fixed_window_opens_anew_as_a_whole() -> None:
    """All calls of a window are free again once it is over."""
    throttle = Throttle(2, 10)
    assert admitted(throttle, 0, 9, 9.5, 10, 10, 10) == [True, True, False, True, True, False]


def test_a_sliding_window_frees_one_call_at_a_time() -> None:
    """A call is free again when it is older than the window, and only that one."""
    throttle = Throttle(2, 10, window="sliding")
    assert admitted(throttle, 0, 9, 9.5, 10, 10, 19) == [True, True, False, True, False, True]


@pytest.mark.parametrize("window", ["fixed", "sliding"])
def test_the_wait_it_names_is_the_wait_it_takes(window: Any) -> None:
    """A call after exactly the wait passes, one just before it does not."""
    throttle = Throttle(3, 60, window=window)
    admitted(throttle, 0, 20, 40)
    wait = throttle.admit(now=NOON + 45)
    assert wait == 15
    assert throttle.admit(now=NOON + 45 + wait - 0.01) > 0
    assert throttle.admit(now=NOON + 45 + wait) == 0


def test_refused_calls_can_fill_the_window_too() -> None:
    """A client that keeps knocking is then kept out."""
    throttle = Throttle(1, 10, window="sliding", counts_refused=True)
    assert admitted(throttle, 0, 9, 18, 28, 38.5) == [True, False, False, True, True]


def test_a_knocking_client_is_told_the_longer_wait() -> None:
    """Where refused calls count, the wait is until the latest of them is old enough."""
    throttle = Throttle(1, 10, window="sliding", counts_refused=True)
    admitted(throttle, 0)
    assert throttle.admit(now=NOON + 9) == 10


def throttled(throttle: Throttle) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and body of the first refused call."""
    with Emulator(plain_store(1, until=NOON), throttle=throttle, clock=lambda: NOON) as emulator:
        statuses = [listed(emulator).status for _ in range(throttle.limit)]
        reply = listed(emulator)
    assert statuses == [200] * throttle.limit
    assert reply.status == 429
    return reply.headers, reply.json


def test_what_a_refused_caller_is_told() -> None:
    """The gateway's body names limit and window; there is no Retry-After unless asked for."""
    headers, body = throttled(Throttle(2, 60))
    assert body["error_code"] == "APIGW.0308"
    assert body["error_msg"].endswith("policy user over ratelimit,limit:2,time:1 minute")
    assert body["request_id"] == headers["x-request-id"]
    assert "retry-after" not in headers


def test_the_window_need_not_be_announced() -> None:
    """Then the message holds no number."""
    _, body = throttled(Throttle(1, 60, announced=False))
    assert not re.search(r"\d", body["error_msg"])


def test_retry_after_in_seconds_and_as_a_date() -> None:
    """Both forms of the header say when the window opens."""
    assert throttled(Throttle(1, 60, retry_after="seconds"))[0]["retry-after"] == "60"
    date = throttled(Throttle(1, 60, retry_after="date"))[0]["retry-after"]
    assert date == "Tue, 14 Nov 2023 22:14:20 GMT"


def test_the_backends_own_code() -> None:
    """DDS refuses in its two-key shape."""
    _, body = throttled(Throttle(1, 60, code="DBS.280443"))
    assert set(body) == {"error_code", "error_msg"}


@pytest.mark.parametrize(
    ("text", "limit", "period", "spoken"),
    [
        ("60/minute", 60, 60, "1 minute"),
        ("10/s", 10, 1, "1 second"),
        ("200/5m", 200, 300, "5 minute"),
        ("1000/2 hours", 1000, 7200, "2 hour"),
        ("5/90seconds", 5, 90, "90 second"),
    ],
)
def test_rate_limits_as_text(text: str, limit: int, period: float, spoken: str) -> None:
    """The command line's form, and the gateway's way to say it."""
    throttle = parse_rate_limit(text)
    assert (throttle.limit, throttle.seconds) == (limit, period)
    assert spoken_period(throttle.seconds) == spoken


@pytest.mark.parametrize("text", ["", "60", "0/minute", "60/fortnight", "-1/s", "60/minute/2"])
def test_rate_limits_that_are_none(text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(ValueError, match="60/minute"):
        parse_rate_limit(text)
