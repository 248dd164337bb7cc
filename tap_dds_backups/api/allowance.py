"""What rate a service allows, learned from its answers alone.

A limit is so many calls in a window. It is announced in the text of a refusal, or found out: what
passed in the window before a refusal is the limit, and the window ended between the last refusal
and the first success after it. Where a usual length lies in that gap, it is taken.

From then on requests go out at even distances, a margin slower than the limit, because requests
travel at different speeds. Fixed windows, sliding ones and buckets all admit such a stream. A
refusal in spite of that is an accident, and the margin grows, or it shows that the limit has
dropped, and it is measured anew. Long without a refusal, the margin shrinks, later after each
accident, and where the limit was only measured, a little more is tried.
"""

from __future__ import annotations

import math
from collections import deque

from tap_dds_backups.api import windows
from tap_dds_backups.api.throttling import RateLimit

# This much fewer calls than expected show another limit, not an accident.
DROP = 1.25
# Windows at least this long are not blurred by the requests' time on the way.
LONG_WINDOW = 10.0
MOST_MARGIN = 3.0
# So few calls before the very first refusal: others may have used up the window.
FEW = 5
# Asking faster than measured risks a refusal: only while they stay below this share of calls.
RISK_SHARE = 0.01
# A refusal costs a part of a window, so such tries are many windows apart.
CLIMB_AFTER_WINDOWS = 10
CLIMB = 1.02
RELAX_AFTER = 50
_REMEMBERED = 10_000


class Allowance:
    """The rate that is allowed, as far as it is known: `distance` seconds between two requests.

    `opens_at` is when to ask again after the last refusal.
    """

    def __init__(self) -> None:
        self.opens_at = -math.inf
        self._limit: RateLimit | None = None
        self._announced: RateLimit | None = None
        self._is_news = False
        self._has_doubted = False
        self._margin = 0.0
        self._passed: deque[float] = deque(maxlen=_REMEMBERED)
        # Since the service last reopened.
        self._start: float | None = None
        self._good = 0
        # Since it last refused.
        self._first_refusal: float | None = None
        self._last_of_burst = -math.inf
        self._tries = 0
        self._is_told = False
        self._ends_after = 0.0
        # What we may risk.
        self._calls = 0
        self._refusals = 0
        self._climb_after_windows = CLIMB_AFTER_WINDOWS
        self._relax_after = self._relax_at = RELAX_AFTER
        self._climb_at = math.inf
        self._step = 1.0

    @property
    def distance(self) -> float:
        """Seconds between two requests; 0 while no limit is known."""
        if self._limit is None:
            return 0.0
        return self._limit.seconds / self._limit.calls * (1 + self._margin)

    def counted(self, *, refused: bool) -> None:
        """An answer came: how often we are refused decides what we may risk."""
        self._calls += 1
        self._refusals += refused

    def succeeded(self, sent: float) -> None:
        """A request sent then was let pass."""
        if self._start is None:
            self._start = sent
        self._good += 1
        self._passed.append(sent)
        if self._limit is not None and self._good >= min(self._relax_at, self._climb_at):
            self._speed_up(self._limit)

    def refused(self, sent: float, now: float, told: float | None, limit: RateLimit | None) -> None:
        """A request sent then was refused: decides when to try again (`opens_at`)."""
        if limit is not None and limit != self._announced:
            self._announced, self._is_news = limit, True
            self._set(limit)
        if self._first_refusal is None:
            self._first_refusal, self._last_of_burst, self._tries = sent, sent, 0
        else:
            self._tries += 1
        self._is_told = told is not None
        # A Retry-After is in whole seconds: the window may end up to one earlier.
        self._ends_after = sent + max(0.0, (told or 0.0) - 1.0)
        self.opens_at = self._guess(now, self._first_refusal) if told is None else now + told

    def refused_too(self, sent: float) -> None:
        """Another request that was in flight together with a refused one was refused as well."""
        if self._tries == 0:
            self._last_of_burst = max(self._last_of_burst, sent)

    def reopened(self, sent: float) -> None:
        """A request sent after a closing was let pass."""
        if self._first_refusal is not None:
            self._learn(sent, self._first_refusal)
        self._start, self._good = sent, 0
        self._first_refusal = None
        self._relax_at = self._relax_after
        self._climb_at = self._next_climb()

    def interrupted(self) -> None:
        """A failure: what was measured across it says nothing."""
        self._start, self._good, self._first_refusal = None, 0, None

    def _guess(self, now: float, first_refusal: float) -> float:
        if self._announced is not None:
            return windows.announced_end(self._announced, list(self._passed), now, self._tries)
        if self._limit is not None:
            return windows.known_end(self._limit.seconds, first_refusal, self._tries)
        if self._tries == 0:
            return now + windows.FIRST_WAIT
        start = first_refusal if self._start is None else self._start
        return windows.unknown_end(start, first_refusal, now)

    def _learn(self, sent: float, first_refusal: float) -> None:
        if self._is_news:
            self._is_news = False
        elif self._limit is None:
            self._measure(sent, first_refusal)
        elif self._step > 1.0:
            self._step_back(self._limit)
        else:
            self._adjust(self._limit, self._ends_after if self._is_told else sent)

    def _measure(self, sent: float, first_refusal: float) -> None:
        """Take what passed before the first refusal for the limit."""
        start = first_refusal if self._start is None else self._start
        # Where the first and shortest wait was enough, nothing speaks against a short window.
        was_short = self._tries == 0 and not self._is_told
        lower = 0.0 if was_short else self._ends_after - start
        upper = max(sent - start, windows.FIRST_WAIT)
        window = windows.plausible(lower, upper, shortest=was_short or self._is_told)
        # Requests overtake each other: some sent after the first one refused still passed.
        calls = self._count(first_refusal - window, self._last_of_burst)
        if calls < FEW and not self._has_doubted:
            self._has_doubted = True
        else:
            self._set(RateLimit(max(calls, 1), window))

    def _adjust(self, limit: RateLimit, end: float) -> None:
        """A refusal although requests were paced; the window that was full ended at `end`."""
        calls = self._count(end - limit.seconds, end)
        if self._may_have_dropped(limit) and calls * DROP < limit.calls:
            self._set(RateLimit(max(calls, limit.calls / 2, 1), limit.seconds))
        else:
            self._margin = min(self._margin * 2, MOST_MARGIN)
            self._relax_after *= 2

    def _may_have_dropped(self, limit: RateLimit) -> bool:
        """Whether the calls in the window that was full can tell a dropped limit from an accident.

        Where nobody says when to ask again, only a second refusal does: the waiting itself empties
        the window, and a first try that passes would show a drop each time.
        """
        if self._announced is not None:
            return False
        if not self._is_told:
            return self._tries > 0
        return limit.seconds >= LONG_WINDOW or self._good < 2 * limit.calls

    def _speed_up(self, limit: RateLimit) -> None:
        if self._good >= self._relax_at:
            self._relax_at = self._good + self._relax_after
            self._margin = max(self._margin / 2, windows.margin(limit.seconds))
        if self._good >= self._climb_at:
            self._climb_at = self._next_climb()
            if self._announced is None and self._refusals < RISK_SHARE * self._calls:
                self._step = min(2.0, self._step**2) if self._step > 1.0 else CLIMB
                self._limit = RateLimit(limit.calls * self._step, limit.seconds)

    def _next_climb(self) -> float:
        calls = self._limit.calls if self._limit else math.inf
        return self._good + self._climb_after_windows * calls

    def _step_back(self, limit: RateLimit) -> None:
        """The last climb went too far: undo it, and wait longer before the next."""
        self._limit = RateLimit(limit.calls / self._step, limit.seconds)
        self._climb_after_windows *= 2
        self._step = 1.0

    def _set(self, limit: RateLimit) -> None:
        self._limit = limit
        self._margin = windows.margin(limit.seconds)
        self._step = 1.0

    def _count(self, begin: float, end: float) -> int:
        return sum(begin <= sent <= end for sent in self._passed)
