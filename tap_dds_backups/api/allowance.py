"""What rate a service allows, learned from its answers alone.

A limit is so many calls in a window. It is announced in the text of a refusal, or found out: from
the first call to the first success after a refusal the service let `good` calls pass, so the
allowed rate is good ÷ time. The time is uncertain by the last wait; where a usual window length
lies in that gap, it is taken for the true one.
"""

from __future__ import annotations

import math
from collections import deque

from tap_dds_backups.api.throttling import RateLimit

# Window lengths of documented policies, seconds.
USUAL_WINDOWS = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0)
# When to ask again where nothing is said: by the window lengths that are by far the most common.
FIRST_WAIT = 1.0
_NEXT_WINDOWS = (60.0, 300.0, 900.0, 1800.0, 3600.0)
_KNOWN_WINDOW_STEPS = (0.125, 0.5, 1.0, 2.0, 4.0, 8.0)
# Room for answers and requests that travel at different speeds.
MARGIN_SHARE = 0.01
MARGIN_SECONDS = 0.025
# Asking faster than measured risks a refusal: only while they stay below this share of calls.
RISK_SHARE = 0.015
CLIMB_AFTER = 50
_LOG = 4096


class Allowance:
    """The rate that is allowed, as far as it is known: `distance` seconds between two requests."""

    def __init__(self) -> None:
        self.distance = 0.0
        self.opens_at = -math.inf
        self._announced: RateLimit | None = None
        self._window: float | None = None
        self._start: float | None = None
        self._good = 0
        self._log: deque[float] = deque(maxlen=_LOG)
        self._first_refusal: float | None = None
        self._tries = 0
        self._shut_until = 0.0
        self._calls = 0
        self._refusals = 0
        self._since_change = 0
        self._step = 1.02

    def sent(self) -> None:
        """A request goes out."""
        self._calls += 1

    def succeeded(self, sent: float) -> None:
        """A request sent then was let pass."""
        if self._start is None:
            self._start = sent
        self._good += 1
        self._log.append(sent)
        self._since_change += 1
        if self.distance and self._since_change >= CLIMB_AFTER:
            self._climb()

    def refused(self, sent: float, now: float, told: float | None, limit: RateLimit | None) -> None:
        """A request sent then was refused; decides when to try again (`opens_at`)."""
        self._refusals += 1
        self._announced = limit or self._announced
        if self._first_refusal is None:
            self._first_refusal, self._tries = sent, 0
        else:
            self._tries += 1
        self._shut_until = sent if told is None else max(sent, now + told - 1.0)
        self.opens_at = now + told if told is not None else self._guess(now)

    def reopened(self, sent: float) -> float:
        """A request sent after a closing was let pass; returns the distance to the next."""
        if self._first_refusal is not None:
            self._learn(sent)
        self._start, self._good = sent, 0
        self._first_refusal = None
        return self.distance

    def interrupted(self) -> None:
        """A failure: what was measured across it says nothing."""
        self._start, self._good = None, 0

    def _guess(self, now: float) -> float:
        if self._announced is not None:
            return self._announced_end(now, self._announced)
        first = now if self._first_refusal is None else self._first_refusal
        if self._window is not None:
            step = _KNOWN_WINDOW_STEPS[min(self._tries, len(_KNOWN_WINDOW_STEPS) - 1)]
            return max(now, first + step * _with_margin(self._window))
        if self._tries == 0:
            return now + FIRST_WAIT
        start = first if self._start is None else self._start
        later = [start + _with_margin(window) for window in _NEXT_WINDOWS]
        return next((end for end in later if end > now + FIRST_WAIT), now + _NEXT_WINDOWS[-1])

    def _announced_end(self, now: float, limit: RateLimit) -> float:
        """When the window that is full ends: it holds our last `calls`, or those of others too."""
        whole = _with_margin(limit.seconds)
        if self._tries == 0 and len(self._log) >= limit.calls:
            end = self._log[-limit.calls] + whole
            if end > now:
                return end
        return now + whole

    def _learn(self, sent: float) -> None:
        start = self._start if self._start is not None else sent
        upper = sent - start
        if self._announced is not None:
            window = self._announced.seconds
            rate = self._announced.calls / window
        else:
            window = self._usual(self._shut_until - start, upper) or upper
            rate = max(self._good, 1) / window if window > 0 else math.inf
            if window in USUAL_WINDOWS:
                self._window = window
        self.distance = _with_margin(window) / (rate * window)
        self._since_change, self._step = 0, 1.02

    @staticmethod
    def _usual(lower: float, upper: float) -> float | None:
        inside = [window for window in USUAL_WINDOWS if lower < window <= upper]
        return inside[-1] if inside else None

    def _climb(self) -> None:
        self._since_change = 0
        if self._announced is not None or self._refusals + 1 > RISK_SHARE * self._calls:
            return
        self.distance /= self._step
        self._step = min(2.0, 1 + (self._step - 1) * 2)


def _with_margin(window: float) -> float:
    return window + max(MARGIN_SHARE * window, MARGIN_SECONDS)
