"""A clock that stands still and an IAM that is a plain function."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.times import from_seconds

PAGE = Request("GET", "https://dds.example.com/v3/p/backups?offset=0")
REFUSAL = Response(
    401, {"x-request-id": "r-1"}, b'{"error_code":"APIGW.0301","error_msg":"Incorrect IAM"}'
)


@dataclass
class StillClock:
    """Time that moves only when told to."""

    seconds: float = 1_700_000_000.0

    def now(self) -> float:
        """UTC seconds."""
        return self.seconds

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Move time."""
        self.seconds += seconds


@dataclass
class Iam:
    """Issues T-1, T-2, ... for `life` seconds; `answers` go before, in order."""

    clock: StillClock
    life: float = 86_400.0
    answers: list[Response | DdsError] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def send(self, request: Request) -> Response:
        """Answer a sign-in."""
        self.requests.append(request)
        self.before()
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, DdsError):
                raise answer
            return answer
        return issued(f"T-{len(self.requests)}", self.clock.now(), self.life)


def issued(token: str, now: float, life: float) -> Response:
    """Return the answer that issues a token."""
    times = {"issued_at": _iam_time(now), "expires_at": _iam_time(now + life)}
    return Response(201, {"x-subject-token": token}, json.dumps({"token": times}).encode())


def _iam_time(seconds: float) -> str:
    return from_seconds(seconds).replace("+00:00", ".123000Z")
