"""Where an Airbyte source's messages leave: whole lines on standard output, secrets masked."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from typing import Any, BinaryIO
from urllib.parse import quote

from tap_dds_backups.airbyte.messages import Message, log
from tap_dds_backups.interrupts import Interrupts

FLUSH_BYTES = 65_536
MASK = "****"
# A record is the service's data, so that a short secret, which may be a word, is not looked for.
MASKED_IN_RECORDS_FROM = 16
_TEXTS = ("message", "internal_message", "stack_trace")
_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL", "ERROR": "ERROR", "DEBUG": "DEBUG"}
_FORMATTER = logging.Formatter()


class Output:
    """Holds records back until there are 64 KiB of them or another message comes.

    Any thread may log; only the main thread hands lines out, and a signal waits for that.
    """

    def __init__(self, raw: BinaryIO, interrupts: Interrupts) -> None:
        self._raw = raw
        self._interrupts = interrupts
        self._lines: list[bytes] = []
        self._size = 0
        self._hiding = threading.Lock()
        self._secrets: set[str] = set()
        self._spellings: list[str] = []

    def hide(self, secrets: Iterable[str]) -> None:
        """Mask these texts in everything that is written from now on."""
        with self._hiding:
            self._secrets.update(filter(None, secrets))
            spellings = {spelled for secret in self._secrets for spelled in _spellings(secret)}
            # The longest first: one may be part of another.
            self._spellings = sorted(spellings, key=len, reverse=True)

    def write(self, message: Message) -> None:
        """Write one message that is no record."""
        line = json.dumps(self._masked(message), separators=(",", ":"))
        self._lines.append(line.encode() + b"\n")
        if threading.current_thread() is threading.main_thread():
            self.flush()

    def write_records(self, chunk: bytes) -> None:
        """Write whole lines of record messages."""
        for spelling in self._spellings:
            if len(spelling) >= MASKED_IN_RECORDS_FROM and spelling.isascii():
                chunk = chunk.replace(spelling.encode(), MASK.encode())
        self._lines.append(chunk)
        self._size += len(chunk)
        if self._size >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to standard output, as far as lines have come by now."""
        with self._interrupts.held_back():
            count = len(self._lines)
            chunk = b"".join(self._lines[:count])
            del self._lines[:count]
            self._size = 0
            rest = memoryview(chunk)
            while rest:  # an unbuffered stream may take a part only
                rest = rest[self._raw.write(rest) :]
            self._raw.flush()

    def _masked(self, value: Any) -> Any:
        """The message with each secret taken out of its texts; other fields are ours."""
        if not isinstance(value, dict):
            return value
        return {
            name: self._without_secrets(inner)
            if name in _TEXTS and isinstance(inner, str)
            else self._masked(inner)
            for name, inner in value.items()
        }

    def _without_secrets(self, text: str) -> str:
        for spelling in self._spellings:
            text = text.replace(spelling, MASK)
        return text


def _spellings(secret: str) -> set[str]:
    """As it is, as Python and JSON quote it, and as it stands in a URL."""
    return {secret, ascii(secret)[1:-1], json.dumps(secret)[1:-1], quote(secret, safe="")}


class LogMessages(logging.Handler):
    """Turns what is logged anywhere, urllib3 included, into LOG messages."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        """Write one log record; one that cannot be spelled is named on standard error."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001  # somebody's arguments do not fit their text
            self.handleError(record)
            return
        stack = _FORMATTER.formatException(record.exc_info) if record.exc_info else ""
        self._output.write(log(_LEVELS.get(record.levelname, "INFO"), text, stack))


def log_to(output: Output, *, debug: bool) -> None:
    """Send every log record and every warning of this process to `output`."""
    root = logging.getLogger()
    root.handlers = [LogMessages(output)]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    logging.captureWarnings(capture=True)
