"""Writes Singer messages: whole lines, buffered, flushed where a target has something to keep."""

from __future__ import annotations

import sys
from typing import Any, BinaryIO

import msgspec
from singer_sdk.io_base import SingerWriter
from singer_sdk.singerlib import RecordMessage, StateMessage

FLUSH_BYTES = 131_072  # more than a page and its STATE
_PLAIN = {str, bool, int, float}
_encoder = msgspec.json.Encoder()


class MessageWriter(SingerWriter):
    """Holds lines back until there are 128 KiB of them, or a message that is no record.

    A line is never written in part: what is not yet flushed when the process is killed is lost
    whole, and no STATE that covers it has left either.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[bytes] = []
        self._size = 0
        self._last_state = b""

    def write_message(self, message: Any) -> None:
        """Write one message; all but records are flushed at once.

        A STATE that says what the last one said is left out: the SDK sees to that with a copy of
        each, which takes nine times as long as encoding it.
        """
        line = _encoded(message) or self.format_message(message).encode()
        if isinstance(message, StateMessage) and line == self._last_state:
            return
        self.write_lines(line + b"\n")
        if not isinstance(message, RecordMessage):
            self.flush()
        if isinstance(message, StateMessage):
            self._last_state = line

    def write_lines(self, chunk: bytes) -> None:
        """Write whole lines: record messages, or one message of any kind."""
        self._lines.append(chunk)
        self._size += len(chunk)
        if self._size >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to standard output."""
        chunk = b"".join(self._lines)
        self._lines, self._size = [], 0
        if not chunk:
            return
        raw = getattr(sys.stdout, "buffer", None)
        if raw is None:  # a test's StringIO
            sys.stdout.write(chunk.decode())
        else:
            _write_all(raw, chunk)
        sys.stdout.flush()


def _encoded(message: Any) -> bytes | None:
    """A record or state message as the SDK writes it, but quicker; None where the two may differ."""
    if isinstance(message, StateMessage):  # from JSON, and text was added: no need to look at it
        values: dict[str, Any] = {"type": "STATE", "value": message.value}
    elif isinstance(message, RecordMessage):
        values = message.to_dict()
        if message.time_extracted is not None:
            values["time_extracted"] = message.time_extracted.isoformat()
        if not _is_plain(values):
            return None
    else:
        return None
    try:
        line = _encoder.encode(values)
    except (UnicodeEncodeError, TypeError):  # half a character; a kind of text, as secrets are
        return None
    return line if line.isascii() else None


def _is_plain(value: object) -> bool:
    """Whether both ways spell this value alike; they do not for times, for one."""
    if type(value) is dict:
        return all(map(_is_plain, value.values()))
    if type(value) is list:
        return all(map(_is_plain, value))
    return value is None or type(value) in _PLAIN


def _write_all(out: BinaryIO, chunk: bytes) -> None:
    """Unbuffered output (PYTHONUNBUFFERED) may take a part only, as when a signal comes."""
    left = memoryview(chunk)
    while left:
        left = left[out.write(left) :]
