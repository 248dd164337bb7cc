"""How fast to ask: as fast as the service lets us, without running into its limit again and again.

A state machine without clock or lock: time is an argument (see `gate` for threads). One pacer
serves everything that a credential asks for, because limits are per user.

In flight: one until the first answer, then four and one more per answer up to `concurrency`; a
refusal halves it, then one more per round.
Rate: free until the first refusal. From then on requests are sent at even distances, at the rate
that the service was seen to allow (`allowance`). After a refusal or a failure all wait, one
request goes ahead, and its success lets the others follow.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from tap_dds_backups.api.allowance import Allowance
from tap_dds_backups.api.throttling import RateLimit

# Threads wake up some milliseconds after the time that they asked for.
LATE = 0.05
FIRST_STEP = 3.0


class Ticket(NamedTuple):
    """Admission of one request: when it was sent, and after how many closings."""

    sent: float
    closings: int


class Pacer:
    """Says when the next request may be sent.

    Args:
        concurrency: requests in flight at most.
        requests_per_minute: a ceiling of our own; None for none.
    """

    def __init__(self, concurrency: int, requests_per_minute: float | None = None) -> None:
        self._concurrency = concurrency
        self._own_distance = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._allowance = Allowance()
        self._cap = 1.0
        self._step = FIRST_STEP
        self._has_been_refused = False
        self._in_flight = 0
        self._closings = 0
        self._closed_until = -math.inf
        self._is_closed = False
        self._next = -math.inf
        self.failures_in_a_row = 0

    @property
    def allowed(self) -> int:
        """Requests that may be in flight now."""
        return 1 if self._is_closed else int(self._cap)

    def wait(self, now: float) -> float:
        """Seconds until a request may be sent: 0 for now, infinite until an answer comes."""
        if self._in_flight >= self.allowed:
            return math.inf
        return max(0.0, self._closed_until - now, self._next - now)

    def sent(self, now: float) -> Ticket:
        """Admit one request; only where `wait` says 0."""
        self._in_flight += 1
        distance = max(self._own_distance, self._allowance.distance)
        # Sent a little late, the next one is still due on time.
        self._next = max(self._next, now - min(distance / 2, LATE)) + distance
        return Ticket(now, self._closings)

    def withdrawn(self, ticket: Ticket) -> None:
        """The request was not sent after all, or its answer says nothing about the service."""
        del ticket
        self._in_flight -= 1

    def succeeded(self, ticket: Ticket) -> None:
        """The service answered."""
        self._in_flight -= 1
        self.failures_in_a_row = 0
        self._allowance.counted(refused=False)
        if self._is_closed and ticket.closings == self._closings:
            self._is_closed = False
            self._allowance.reopened(ticket.sent)
            self._next = max(self._next, ticket.sent + self._allowance.distance)
        self._allowance.succeeded(ticket.sent)
        step = 1.0 / self._cap if self._has_been_refused else self._step
        self._step = 1.0
        self._cap = min(self._cap + step, float(self._concurrency))

    def refused(
        self,
        ticket: Ticket,
        now: float,
        *,
        told: float | None = None,
        limit: RateLimit | None = None,
    ) -> float:
        """The service refused for its rate limit. Returns the seconds until the next try.

        `told` is its Retry-After, `limit` what its message announces. The refusals of requests
        that were in flight together are one.
        """
        self._in_flight -= 1
        self._allowance.counted(refused=True)
        if ticket.closings == self._closings:
            if not self._allowance.distance:
                self._cap = max(1.0, self._cap / 2)
            self._allowance.refused(ticket.sent, now, told, limit)
            self._close(self._allowance.opens_at)
            self._has_been_refused = True
        else:
            self._allowance.refused_too(ticket.sent)
            self._closed_until = max(self._closed_until, now + (told or 0.0))
        return max(0.0, self._closed_until - now)

    def failed(self, ticket: Ticket, now: float, delay: float) -> None:
        """The service failed, or is too busy for anybody: one request tries after `delay` seconds."""
        self._in_flight -= 1
        if ticket.closings == self._closings:
            self.failures_in_a_row += 1
            self._close(now + delay)
            self._allowance.interrupted()
            self._cap = self._step = 1.0
        else:
            self._closed_until = max(self._closed_until, now + delay)

    def _close(self, until: float) -> None:
        self._closings += 1
        self._is_closed = True
        self._closed_until = max(self._closed_until, until)
