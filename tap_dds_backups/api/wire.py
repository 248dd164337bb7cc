"""HTTP/1.1 on a connected socket: one request out, one answer in, within limits.

`http.client` was tried in its place: it takes a cut body for a whole one, knows no limit in wall
time or size, and accepts lengths that contradict each other (23 of the 133 tests of the transport
fail with it). It also spends most of its time on parsing headers as mail: 85 to 130 us for a page
of 43 KB on one core, this module 25 to 50. What it does not understand to the letter is refused,
never repaired.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from tap_dds_backups.api.deadline import Deadline
from tap_dds_backups.api.secret import Revealed, RevealedBytes

HEAD_LIMIT = 64 * 1024
_RECEIVE = 64 * 1024
_INTERIM_LIMIT = 8
_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?: .*)?", re.ASCII)
_LENGTH = re.compile(r"\d{1,18}", re.ASCII)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?")


class Garbled(Exception):
    """What came is not HTTP/1.1 as RFC 9112 has it."""


class TooLarge(Exception):
    """Head or body are larger than allowed."""


class Cut(Exception):
    """The peer closed the connection before the answer was whole."""


class Socket(Protocol):
    """What is needed of a socket; TLS sockets and TLS within TLS have it too."""

    def settimeout(self, value: float | None, /) -> None:
        """Limit the next call, in seconds."""

    def sendall(self, data: bytes, /) -> object:
        """Send all of it."""

    def recv(self, buflen: int, /) -> bytes:
        """Return what is there, at most so many bytes; nothing at the end."""


class Answer(NamedTuple):
    """An answer as it came: the body not yet decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reusable: bool

    def __repr__(self) -> str:
        return f"<answer {self.status}, {len(self.body)} bytes>"


class Headers(dict[str, str]):
    """The headers of an answer, names in lower case; one may hold a token, so none is shown."""

    def __repr__(self) -> str:
        return f"<headers {', '.join(self)}>"


def request_head(method: str, target: str, fields: bytes) -> bytes:
    """Return the head of a request with these fields. Raises ValueError as `header_fields`."""
    return _sendable(f"{method} {target} HTTP/1.1", breaks=0) + fields


def header_fields(headers: Sequence[tuple[str, str]]) -> bytes:
    """Return headers as they are sent, with the line that ends them.

    Raises ValueError where one could not be sent as what it is.
    """
    lines = (f"\r\n{name}: {value}" for name, value in headers)
    return RevealedBytes(_sendable(Revealed("".join(lines)), breaks=len(headers)) + b"\r\n\r\n")


def _sendable(text: str, *, breaks: int) -> bytes:
    if text.count("\n") != breaks or text.count("\r") != breaks or not text.isascii():
        message = "a header holds a line break or a character beyond ASCII"
        raise ValueError(message)
    return RevealedBytes(text.encode("ascii"))


class Stream:
    """Bytes from a socket, no later than the deadline."""

    def __init__(self, sock: Socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._buffer = self._received = b""
        self._at = 0
        self.started = False

    def send(self, data: bytes) -> None:
        """Send everything."""
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def _receive(self) -> bytes:
        self._sock.settimeout(self._deadline.left())
        self._received = self._sock.recv(_RECEIVE)  # a variable of its own would show it
        if not self._received:
            raise Cut
        self.started = True
        return self._received

    def until(self, mark: bytes, limit: int) -> bytes:
        """Return what comes before `mark` and step over both."""
        while (end := self._buffer.find(mark, self._at)) < 0:
            if len(self._buffer) - self._at > limit:
                raise TooLarge
            self._buffer = self._buffer[self._at :] + self._receive()
            self._at = 0
        start, self._at = self._at, end + len(mark)
        return RevealedBytes(self._buffer[start:end])

    def exactly(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        end = self._at + count
        if end <= len(self._buffer):
            found = self._buffer[self._at : end]
            self._at = end
            return found
        parts = [self._buffer[self._at :]]
        missing = count - len(parts[0])
        while missing > 0:
            parts.append(self._receive())
            missing -= len(parts[-1])
        self._buffer = parts[-1]
        self._at = len(self._buffer) + missing
        if missing:
            parts[-1] = parts[-1][:missing]
        return b"".join(parts)

    def rest(self, limit: int) -> bytes:
        """Return everything until the peer closes."""
        parts = [self._buffer[self._at :]]
        size = len(parts[0])
        while size <= limit:
            try:
                parts.append(self._receive())
            except Cut:
                return b"".join(parts)
            size += len(parts[-1])
        raise TooLarge

    def expect_http(self) -> None:
        """Refuse another protocol at its first bytes instead of waiting for a head's end."""
        while len(self._buffer) - self._at < 7:
            self._buffer = self._buffer[self._at :] + self._receive()
            self._at = 0
        if not self._buffer.startswith(b"HTTP/1.", self._at):
            raise Garbled

    def is_drained(self) -> bool:
        """Tell whether everything received has been read."""
        return self._at == len(self._buffer)


def read_answer(stream: Stream, method: str, limit: int) -> Answer:
    """Read one answer whose body is at most `limit` bytes as sent.

    Raises:
        Garbled, TooLarge, Cut: as they say.
        TimeoutError: the deadline has come.
        OSError: the connection broke.
    """
    for _ in range(_INTERIM_LIMIT):
        stream.expect_http()
        minor, status, headers = _parse_head(stream.until(b"\r\n\r\n", HEAD_LIMIT))
        if status >= 200:
            break
    else:
        raise Garbled
    body, is_delimited = _read_body(stream, method, status, headers, limit)
    is_kept = minor == "1" and "close" not in headers.get("connection", "").lower()
    return Answer(status, headers, body, is_delimited and is_kept and stream.is_drained())


def _parse_head(head: bytes) -> tuple[str, int, Headers]:
    lines = iter(head.decode("latin-1").split("\r\n"))
    first = next(lines)
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise Garbled
    headers = Headers()
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise Garbled
        name, value = name.lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    line = value = ""  # it may have been a token, and a traceback may show variables
    return match[1], int(match[2]), headers


def _read_body(
    stream: Stream, method: str, status: int, headers: Mapping[str, str], limit: int
) -> tuple[bytes, bool]:
    """Return the body, and whether its end was marked (RFC 9112, section 6.3)."""
    if status in (204, 304) or (method == "CONNECT" and status < 300):
        return b"", True
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if coding.lower() != "chunked" or length is not None:
            raise Garbled
        return _read_chunks(stream, limit), True
    if length is None:
        return stream.rest(limit), False
    if not _LENGTH.fullmatch(length):
        raise Garbled
    if int(length) > limit:
        raise TooLarge
    return stream.exactly(int(length)), True


def _read_chunks(stream: Stream, limit: int) -> bytes:
    parts: list[bytes] = []
    left = limit
    while True:
        match = _CHUNK_SIZE.fullmatch(stream.until(b"\r\n", HEAD_LIMIT))
        if match is None:
            raise Garbled
        size = int(match[1], 16)
        if size == 0:
            break
        left -= size
        if left < 0:
            raise TooLarge
        parts.append(stream.exactly(size))
        if stream.exactly(2) != b"\r\n":
            raise Garbled
    _skip_trailers(stream)
    return b"".join(parts)


def _skip_trailers(stream: Stream) -> None:
    left = HEAD_LIMIT
    while line := stream.until(b"\r\n", HEAD_LIMIT):
        left -= len(line)
        if left < 0:
            raise TooLarge
