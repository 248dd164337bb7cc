"""Rate limits: how many calls in which window, and what a refused caller is told."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Literal

from tap_dds_backups.emulator.answers import REQUEST_ID_MARK, Answer, json_answer
from tap_dds_backups.emulator.times import http_date

_UNITS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
_SHORT = {"s": "second", "m": "minute", "min": "minute", "h": "hour", "d": "day"}


@dataclass
class Throttle:
    """At most `limit` calls in `seconds`; one object serves one run of the emulator.

    A fixed window starts with its first call; a sliding one looks back from each call. With
    `counts_refused` a refused call fills the window too, as one sibling service documents.
    `announced` puts limit and window into the message. A token bucket is not played: the
    documented policies are windows.
    """

    limit: int
    seconds: float = 60.0
    window: Literal["fixed", "sliding"] = "fixed"
    retry_after: Literal["none", "seconds", "date"] = "none"
    announced: bool = True
    counts_refused: bool = False
    code: Literal["APIGW.0308", "DBS.280443"] = "APIGW.0308"

    def __post_init__(self) -> None:
        self._calls: deque[float] = deque()

    def admit(self, *, now: float) -> float:
        """0.0 where the call may pass, else the seconds until one may."""
        self._forget(now)
        if len(self._calls) < self.limit:
            self._calls.append(now)
            return 0.0
        if self.counts_refused:
            self._calls.append(now)
        return max(self._free_at() - now, 0.001)

    def refusal(self, wait: float, *, now: float) -> Answer:
        """The 429 for a caller who would have to wait so many seconds."""
        message = "The throttling threshold has been reached"
        if self.announced:
            limit = f"limit:{self.limit},time:{spoken_period(self.seconds)}"
            message += f": policy user over ratelimit,{limit}"
        body = {"error_msg": message, "error_code": self.code}
        if self.code == "APIGW.0308":
            body["request_id"] = REQUEST_ID_MARK
        headers = {}
        if self.retry_after == "seconds":
            headers["Retry-After"] = str(int(-(-wait // 1)))
        if self.retry_after == "date":
            headers["Retry-After"] = http_date(-(-(now + wait) // 1))
        return json_answer(429, body, headers)

    def _forget(self, now: float) -> None:
        calls = self._calls
        if self.window == "fixed":
            if calls and now >= calls[0] + self.seconds:
                calls.clear()
            return
        while calls and now >= calls[0] + self.seconds:
            calls.popleft()

    def _free_at(self) -> float:
        if self.window == "fixed":
            return self._calls[0] + self.seconds
        return self._calls[len(self._calls) - self.limit] + self.seconds


def spoken_period(seconds: float) -> str:
    """`1 minute`, `5 minute`, `10 second`: the gateway knows no plural."""
    for unit in ("day", "hour", "minute"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{int(seconds // _UNITS[unit])} {unit}"
    return f"{seconds:g} second"


def parse_rate_limit(text: str) -> Throttle:
    """`60/minute`, `200/5m`, `10/s`: calls and window, as the command line takes them.

    Raises:
        ValueError: for anything else.
    """
    match = re.fullmatch(r"(\d+)/(\d*)\s*([a-z]+)", text.strip())
    unit = _SHORT.get(match[3], match[3].removesuffix("s")) if match else ""
    if match is None or unit not in _UNITS or int(match[1]) < 1:
        raise ValueError("a rate limit looks like 60/minute, 200/5m or 10/s")
    return Throttle(int(match[1]), int(match[2] or 1) * _UNITS[unit])
