"""One HTTP request and its answer, as values."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Request(NamedTuple):
    """What is to be sent. The URL is final: it is signed and sent to the letter."""

    method: str
    url: str
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<{self.method} {self.url}>"


class Response(NamedTuple):
    """What came back: header names in lower case, the body decoded and within limits."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<{self.status}, {len(self.body)} bytes>"
