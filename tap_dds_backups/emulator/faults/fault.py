"""What a fault is: one row of a table, applied to a finished answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tap_dds_backups.emulator.answers import Answer, Request, json_bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """The request whose answer goes wrong, and the fault's own `argument`, often empty.

    `rows_at(offset, limit)` reads further rows of the same list; `end_tokens()` ends all tokens.
    """

    request: Request
    call: str
    now: float
    rows_at: Callable[[int, int], list[dict[str, Any]]]
    end_tokens: Callable[[], None]
    argument: str = ""

    def number(self, name: str, default: int) -> int:
        """A whole number among the parameters of the request."""
        return int(dict(self.request.parameters()).get(name, default))

    def seconds(self, default: float) -> float:
        """The argument as seconds."""
        return float(self.argument or default)


DAY_SECONDS = 86_400

Effect = Callable[[Answer, Exchange], Answer]


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to go wrong. `temporary`: trying again is the right thing to do."""

    name: str
    says: str
    effect: Effect
    temporary: bool = False


Page = dict[str, Any]


def altered(change: Callable[[Page, Exchange], None], *, key: str = "backups") -> Effect:
    """An effect that changes in place the JSON object that has this key; other answers pass."""

    def effect(answer: Answer, exchange: Exchange) -> Answer:
        page = json.loads(answer.body or b"null")
        if not isinstance(page, dict) or key not in page:
            return answer
        change(page, exchange)
        return replace(answer, body=json_bytes(page))

    return effect


def with_body(body: bytes, content_type: str = "application/json") -> Effect:
    """An effect that keeps the status and puts another body there."""

    def effect(answer: Answer, _: Exchange) -> Answer:
        return replace(answer, body=body, headers={**answer.headers, "Content-Type": content_type})

    return effect


def with_header(name: str, value: str) -> Effect:
    """An effect that sets one header; a given argument takes the place of `value`."""

    def effect(answer: Answer, exchange: Exchange) -> Answer:
        return replace(answer, headers={**answer.headers, name: exchange.argument or value})

    return effect
