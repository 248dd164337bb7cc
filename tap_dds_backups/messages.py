"""Writes Singer messages: whole lines, buffered, flushed where a target has something to keep."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

from singer_sdk.io_base import SingerWriter
from singer_sdk.singerlib import RecordMessage

FLUSH_BYTES = 65_536


class MessageWriter(SingerWriter):
    """Holds lines back until there are 64 KiB of them, or a message that is no record.

    A line is never written in part: what is not yet flushed when the process is killed is lost
    whole, and no STATE that covers it has left either.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[bytes] = []
        self._size = 0

    def write_message(self, message: Any) -> None:
        """Write one message; all but records are flushed at once."""
        self._add(self.format_message(message).encode() + b"\n")
        if not isinstance(message, RecordMessage):
            self.flush()

    def write_lines(self, lines: Iterable[bytes]) -> None:
        """Write record messages that are already encoded, each with its line break."""
        for line in lines:
            self._add(line)

    def _add(self, line: bytes) -> None:
        self._lines.append(line)
        self._size += len(line)
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


def _write_all(out: BinaryIO, chunk: bytes) -> None:
    """Unbuffered output (PYTHONUNBUFFERED) may take a part only, as when a signal comes."""
    left = memoryview(chunk)
    while left:
        left = left[out.write(left) :]
