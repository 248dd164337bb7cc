"""Whether to try again, and when. Plain decisions: time and randomness are arguments.

A throttled answer is no failure: it costs no attempt, and the pacer says when to come back. A
failure costs one of the request's attempts and one of a quota that the whole run shares, so that
an outage ends the run after a few requests and not after a few for each page.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import backoff
from msgspec import Struct

from tap_dds_backups.api.errors import (
    DdsError,
    ProtocolError,
    RequestBudgetSpent,
    ServiceUnavailable,
    SignInError,
    Throttled,
)

QUOTA = 20
GOOD_ANSWERS_PER_RETRY = 10
PATIENCE = 30 * 60.0
FIRST_DELAY = 0.5
LONGEST_DELAY = 20.0
LONGEST_BUSY_DELAY = 120.0

Jitter = Callable[[float], float]


class Tries(Struct):
    """What one request has been through: `failed` tries, `garbled` answers, `renewed` credentials."""

    failed: int = 0
    garbled: int = 0
    renewed: int = 0

    def count(self, error: DdsError) -> None:
        """Take note of an answer that was none."""
        if isinstance(error, SignInError):
            self.renewed += 1
        elif not isinstance(error, Throttled):
            self.failed += 1
            self.garbled += isinstance(error, ProtocolError)


def may_try_again(error: DdsError, tries: Tries, max_attempts: int) -> bool:
    """Tell whether a request that met `error`, counted in `tries`, may be sent once more.

    What can pass by itself may: 5xx, resets, timeouts, cut bodies, up to `max_attempts`; a 2xx
    that is no answer, once. What says the same tomorrow may not: other statuses, redirects, TLS.
    """
    if isinstance(error, Throttled):
        return True
    if tries.failed >= max_attempts:
        return False
    if isinstance(error, ProtocolError):
        return 200 <= error.status < 300 and tries.garbled <= 1
    return isinstance(error, ServiceUnavailable)


def failure_delay(failures: int, error: DdsError, jitter: Jitter = backoff.full_jitter) -> float:
    """Return how long to wait, in seconds, after so many failures in a row (1 or more).

    Up to 0.5 s, doubling to 20 s, anywhere in between; longer where the service asks for it.
    """
    asked = error.retry_after if isinstance(error, ServiceUnavailable) else None
    return max(jitter(_doubling(failures, LONGEST_DELAY)), asked or 0.0)


def busy_delay(refusals: int, error: Throttled, jitter: Jitter = backoff.full_jitter) -> float:
    """Return how long to wait, in seconds, after the service was too busy so many times in a row.

    No attempt and no quota is spent on it, so the waits alone must keep requests few: 0.5 s,
    doubling to two minutes, at least half of that; longer where the service asks for it.
    """
    half = _doubling(refusals, LONGEST_BUSY_DELAY) / 2
    return max(half + jitter(half), error.retry_after or 0.0)


def _doubling(times: int, longest: float) -> float:
    delays = backoff.expo(base=2, factor=FIRST_DELAY, max_value=longest)
    # The first value of these generators is not a delay.
    return float(next(islice(delays, min(times, 64), None)))


class Budget(Struct):
    """What a run may still spend on failures and on waiting; one object for all its requests."""

    left: int = QUOTA
    waiting_since: float | None = None
    _good: int = 0
    _last: str = ""

    def succeeded(self) -> None:
        """A good answer: patience is whole again, and ten of them earn a retry back."""
        self.waiting_since = None
        self._good += 1
        if self._good >= GOOD_ANSWERS_PER_RETRY:
            self._good = 0
            self.left = min(QUOTA, self.left + 1)

    def check(self) -> None:
        """Raise RequestBudgetSpent where nothing may be sent any more."""
        if self.left <= 0:
            raise RequestBudgetSpent(
                f"the service fails too often for this run to go on, last like this: {self._last}",
                hint="What was written is safe; run again when the service has recovered",
            )

    def spend(self, error: DdsError) -> None:
        """Pay for one failure."""
        self.left -= 1
        self._last = error.message

    def wait(self, now: float, seconds: float, error: DdsError) -> None:
        """Allow a wait that the service asked for. Raises RequestBudgetSpent where it is too long.

        Too long is what goes beyond 30 minutes without a good answer.
        """
        if self.waiting_since is None:
            self.waiting_since = now
        left = PATIENCE - (now - self.waiting_since)
        if seconds > left:
            raise RequestBudgetSpent(
                f"{error.message}; that is to wait {_spoken(seconds)}, and this run has "
                f"{_spoken(max(0.0, left))} of patience left",
                hint="What was written is safe; run again later",
                error_code=error.error_code,
                request_id=error.request_id,
                status=error.status,
                server_time=error.server_time,
            )


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 1e7 else "for ever"
