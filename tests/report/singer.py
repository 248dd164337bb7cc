"""Singer messages for tests, written as lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

EXTRACTED = "2026-11-24T06:00:00.000000Z"


def schema(stream: str, properties: Mapping[str, Any], *keys: str) -> bytes:
    """A SCHEMA message; a property given as text is a nullable type of that name."""
    written = {
        name: {"type": [kind, "null"]} if isinstance(kind, str) else kind
        for name, kind in properties.items()
    }
    return line(
        type="SCHEMA",
        stream=stream,
        schema={"type": "object", "properties": written},
        key_properties=list(keys),
    )


def record(stream: str, row: Mapping[str, Any], extracted: str | None = EXTRACTED) -> bytes:
    """A RECORD message."""
    return line(type="RECORD", stream=stream, record=row, time_extracted=extracted)


def records(stream: str, rows: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """RECORD messages of one stream."""
    return [record(stream, row) for row in rows]


def state(value: Any) -> bytes:
    """A STATE message."""
    return line(type="STATE", value=value)


def line(**message: Any) -> bytes:
    """One message as a line."""
    return json.dumps(message).encode() + b"\n"
