"""A throttled service and eager workers on a virtual clock, to see what a pacer makes of them."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from random import Random

from tap_dds_backups.api.pacing import Pacer, Ticket
from tap_dds_backups.api.throttling import RateLimit
from tap_dds_backups.emulator.throttle import Throttle


@dataclass
class Course:
    """What came of it: times in seconds from the start."""

    answered: int = 0
    refused: int = 0
    seconds: float = 0.0
    too_early: int = 0
    dropped_at: float = math.inf
    useless: float = 0.0
    starts: list[float] = field(default_factory=list)

    @property
    def share_refused(self) -> float:
        """Refused calls among all calls."""
        return self.refused / (self.refused + self.answered)

    def share_of(self, limit: float, window: float) -> float:
        """Answers as a share of what the limit allowed in that time.

        While a limit that has dropped lets nothing pass, nothing is allowed.
        """
        before = min(self.dropped_at, self.seconds)
        after = max(0.0, self.seconds - before - self.useless)
        return self.answered / (limit / window * (before + after / 2))


@dataclass
class Trial:
    """Workers that always want one more page, until `calls` were answered."""

    throttle: Throttle
    calls: int
    concurrency: int = 8
    latency: float = 0.05
    blur: float = 0.0
    drops_after: int | None = None
    others_a_second: float = 0.0
    pacer: Pacer | None = None

    def __post_init__(self) -> None:
        self._pacer = self.pacer or Pacer(self.concurrency)
        self._course = Course()
        self._random = Random(7)
        self._order = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._now = 0.0
        self._silent_until = 0.0
        self._wakes_at = math.inf

    def run(self) -> Course:
        """Play it to the end."""
        if self.others_a_second:
            self._later(1 / self.others_a_second, self._other)
        while self._course.answered < self.calls:
            self._start_all()
            self._now, _, happen = heapq.heappop(self._events)
            happen()
        self._course.seconds = self._now
        return self._course

    def _later(self, seconds: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._order), happen))

    def _start_all(self) -> None:
        while (wait := self._pacer.wait(self._now)) <= 0:
            self._course.too_early += self._now < self._silent_until - 1e-9
            self._course.starts.append(self._now)
            way = self.latency / 2 * (1 + self.blur * self._random.random())
            self._later(way, partial(self._arrive, self._pacer.sent(self._now), way))
        if wait < math.inf and (self._now + wait < self._wakes_at or self._wakes_at <= self._now):
            self._wakes_at = self._now + wait
            self._later(wait, lambda: None)

    def _other(self) -> None:
        self.throttle.admit(now=self._now)
        self._later(1 / self.others_a_second, self._other)

    def _arrive(self, ticket: Ticket, way: float) -> None:
        wait = self.throttle.admit(now=self._now)
        told = None if self.throttle.retry_after == "none" else float(math.ceil(wait))
        back = partial(self._refuse, ticket, told) if wait else partial(self._answer, ticket)
        self._later(way, back)

    def _answer(self, ticket: Ticket) -> None:
        self._pacer.succeeded(ticket)
        self._course.answered += 1
        if self._course.answered == self.drops_after:
            self._course.dropped_at, self._course.useless = self._now, self._drop()

    def _refuse(self, ticket: Ticket, told: float | None) -> None:
        self._course.refused += 1
        throttle = self.throttle
        limit = RateLimit(throttle.limit, throttle.seconds) if throttle.announced else None
        self._pacer.refused(ticket, self._now, told=told, limit=limit)
        self._silent_until = max(self._silent_until, self._now + (told or 0.0))

    def _drop(self) -> float:
        """Halve the limit; returns the seconds during which the service then lets nothing pass."""
        self.throttle.limit //= 2
        since = self._now - self.throttle.seconds
        calls = [call for call in self.throttle._calls if call > since]
        if len(calls) < self.throttle.limit:
            return 0.0
        first = calls[0] if self.throttle.window == "fixed" else calls[-self.throttle.limit]
        return first - since
