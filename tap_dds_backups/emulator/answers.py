"""One request as it was read, one answer as it will be written, and the shapes of refusals."""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


class Ending(enum.Enum):
    """How a connection can be ended in the middle of an answer."""

    CLOSE = "close"
    RESET = "reset"


Step = bytes | float | Ending
"""What a connection does next: write these bytes, pause for these seconds, or end."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request: path and query as they stood on the wire, header names in lower case."""

    method: str
    path: str
    raw_query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The query, decoded. A plus stays a plus: this API spells a blank %20."""
        return _decoded(self.raw_query)


@functools.lru_cache(1024)
def _decoded(raw_query: str) -> tuple[tuple[str, str], ...]:
    pairs = (item.partition("=") for item in raw_query.split("&") if item)
    return tuple((unquote(name), unquote(value)) for name, _, value in pairs)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `deliver` turns its bytes into steps; without it they are one write."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    deliver: Callable[[bytes], Iterable[Step]] | None = None


class ApiError(Exception):
    """A request that is refused; `answer` is what the client gets."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.body[:200]!r}")
        self.answer = answer


_compact = json.JSONEncoder(separators=(",", ":")).encode


def json_bytes(value: Any) -> bytes:
    """Compact JSON."""
    return _compact(value).encode()


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that holds JSON."""
    return Answer(
        status, json_bytes(value), {"Content-Type": "application/json", **(headers or {})}
    )


def dds_error(status: int, code: str, message: str) -> ApiError:
    """The shape of the DDS backend: two keys."""
    return ApiError(json_answer(status, {"error_code": code, "error_msg": message}))


def gateway_error(status: int, code: str, message: str) -> ApiError:
    """The shape of the API gateway: three keys. The server fills in the request id."""
    body = {"error_msg": message, "error_code": code, "request_id": REQUEST_ID_MARK}
    return ApiError(json_answer(status, body))


def iam_error(status: int, title: str, message: str) -> ApiError:
    """The shape of IAM: one key, and the status again inside."""
    return ApiError(
        json_answer(status, {"error": {"code": status, "message": message, "title": title}})
    )


REQUEST_ID_MARK = "{request_id}"
