"""Singer messages, read line by line; a malformed one is refused with its line number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tap_dds_backups.report.errors import MessageError

_NEEDS = {
    "SCHEMA": ("stream", "schema"),
    "RECORD": ("stream", "record"),
    "ACTIVATE_VERSION": ("stream", "version"),
    "STATE": ("value",),
}


class Message(msgspec.Struct, frozen=True):
    """One Singer message. `record` and `value` stay as the bytes they came as."""

    type: str
    stream: str = ""
    schema: dict[str, Any] | None = None
    key_properties: list[str] | None = None
    record: msgspec.Raw = msgspec.Raw()
    time_extracted: str | None = None
    version: int | None = None
    value: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(Message).decode


def read_messages(lines: Iterable[bytes]) -> Iterator[tuple[int, Message]]:
    """Line number (from 1) and message, blank lines passed over.

    Raises:
        MessageError: A line is no JSON object, of no known type, or lacks what its type needs.
    """
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        yield number, _message(number, line)


def _message(number: int, line: bytes) -> Message:
    try:
        message = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MessageError(number, f"no Singer message: {_one_line(error)}") from None
    needed = _NEEDS.get(message.type)
    if needed is None:
        raise MessageError(number, f"message type {message.type[:40]!r} is not known here")
    for name in needed:
        if getattr(message, name) in ("", None, _EMPTY):
            raise MessageError(number, f"{message.type} without {name}")
    return message


_EMPTY = msgspec.Raw()


def _one_line(error: Exception) -> str:
    return ascii(str(error))[1:-1][:200]
