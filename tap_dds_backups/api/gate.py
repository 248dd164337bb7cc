"""A pacer and a budget for several threads: who may send now, and what an answer changes."""

from __future__ import annotations

import math
import threading

import backoff

from tap_dds_backups.api.clock import Clock
from tap_dds_backups.api.errors import DdsError, Throttled
from tap_dds_backups.api.pacing import Pacer, Ticket
from tap_dds_backups.api.retry import Budget, Jitter, busy_delay, failure_delay
from tap_dds_backups.api.throttling import RateLimit

BUSY = "DBS.200998"


class Gate:
    """Admits requests one by one; shared by everything that uses one credential.

    `budget` is the run's: gates of several credentials share it.
    """

    def __init__(
        self,
        pacer: Pacer,
        budget: Budget,
        clock: Clock,
        jitter: Jitter = backoff.full_jitter,
    ) -> None:
        self._pacer = pacer
        self._budget = budget
        self._clock = clock
        self._jitter = jitter
        self._changed = threading.Condition()

    @property
    def allowed(self) -> int:
        """Requests that may be in flight now."""
        with self._changed:
            return self._pacer.allowed

    def enter(self) -> Ticket:
        """Wait until a request may be sent. Raises RequestBudgetSpent where none may any more."""
        while True:
            with self._changed:
                self._budget.check()
                now = self._clock.monotonic()
                seconds = self._pacer.wait(now)
                if seconds <= 0:
                    return self._pacer.sent(now)
                if math.isinf(seconds):
                    self._changed.wait()
                    continue
            self._clock.sleep(seconds)

    def withdrawn(self, ticket: Ticket) -> None:
        """The request was not sent, or its answer says nothing."""
        with self._changed:
            self._pacer.withdrawn(ticket)
            self._changed.notify_all()

    def succeeded(self, ticket: Ticket) -> None:
        """The service did what was asked."""
        with self._changed:
            self._budget.succeeded()
        self.answered(ticket)

    def answered(self, ticket: Ticket) -> None:
        """The service answered, if only to say no."""
        with self._changed:
            self._pacer.succeeded(ticket)
            self._changed.notify_all()

    def throttled(self, ticket: Ticket, error: Throttled) -> float:
        """The service refused for now. Returns the seconds until it is asked again."""
        with self._changed:
            now = self._clock.monotonic()
            if error.error_code == BUSY:
                seconds = busy_delay(self._rounds(), error, self._jitter)
                self._pacer.failed(ticket, now, seconds)
            else:
                limit = _limit(error)
                seconds = self._pacer.refused(ticket, now, told=error.retry_after, limit=limit)
            self._changed.notify_all()
            return seconds

    def failed(self, ticket: Ticket, error: DdsError) -> float:
        """The service failed: all wait, then one request tries. Returns the seconds until then."""
        with self._changed:
            self._budget.spend(error)
            seconds = failure_delay(self._rounds(), error, self._jitter)
            self._pacer.failed(ticket, self._clock.monotonic(), seconds)
            self._changed.notify_all()
            return seconds

    def allow(self, seconds: float, error: DdsError) -> None:
        """Raise RequestBudgetSpent where waiting so long is beyond the run's patience."""
        with self._changed:
            self._budget.wait(self._clock.monotonic(), seconds, error)

    def _rounds(self) -> int:
        """Failures in a row, those of requests that were in flight together counted once."""
        return self._pacer.failures_in_a_row + 1


def _limit(error: Throttled) -> RateLimit | None:
    if error.limit is None or error.window is None:
        return None
    return RateLimit(error.limit, error.window)
