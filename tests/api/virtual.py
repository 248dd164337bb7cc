"""A clock that moves only when somebody waits, and services that live on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tap_dds_backups.api.http import Request, Response

START = 1_795_514_400.0  # 2026-11-24 10:00:00 UTC


@dataclass
class VirtualClock:
    """Time as a number; sleeping adds to it."""

    time: float = START
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        """UTC seconds."""
        return self.time

    def monotonic(self) -> float:
        """The same seconds: they never go back here."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(seconds)
        self.time += seconds


@dataclass
class Service:
    """Answers from a list, then again and again with the last one; an exception is raised.

    An answer may be a function of the request and of the time.
    """

    clock: VirtualClock
    answers: Iterator[Response | BaseException | Callable[[Request], Response]]
    latency: float = 0.0
    requests: list[tuple[float, Request]] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        """Exchange a request for the next answer."""
        self.requests.append((self.clock.time, request))
        self.clock.time += self.latency
        answer = next(self.answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Response) else answer(request)

    @property
    def times(self) -> list[float]:
        """When requests were sent, in seconds from the start."""
        return [round(time - START, 6) for time, _ in self.requests]
