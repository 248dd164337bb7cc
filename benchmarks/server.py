"""A process that serves the backup list, fast: a request costs a search and a slice.

    python -m benchmarks.server --rows 100000 --latency 50

It prints its port, and serves until standard input is closed. `GET /tally` answers how many
requests came since it was last asked, and how many of them were in flight at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from email.utils import formatdate

from benchmarks.listing import Listing
from benchmarks.rows import PROJECT

BACKUPS = f"/v3/{PROJECT}/backups"
_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests"}
_REFUSAL = b'{"error_code":"%s","error_msg":"%s"}'
_NO_WINDOW = _REFUSAL % (b"DBS.200001", b"Parameter error.")
_NO_CALL = _REFUSAL % (b"APIGW.0101", b"The API does not exist")
_TOO_MANY = _REFUSAL % (b"APIGW.0308", b"The throttling threshold has been reached")


class Service:
    """What all connections share: the list, the limit, the tally.

    Args:
        listing: what is served.
        latency: seconds from a request to its answer; others do not wait for it.
        limit: so many calls in any second, the others are refused; 0: no limit.
    """

    def __init__(self, listing: Listing, latency: float, limit: int) -> None:
        self.listing = listing
        self.latency = latency
        self._limit = limit
        self._passed: deque[float] = deque(maxlen=limit or None)
        self.flying = 0
        self.requests = self.refused = self.most = 0
        self._date = (0, b"")

    def answer(self, target: str) -> list[bytes | memoryview]:
        """The answer to a GET, head and body, in parts."""
        path, _, query = target.partition("?")
        if path == "/tally":
            return self._framed(200, [self._tally()])
        self.requests += 1
        self.most = max(self.most, self.flying + 1)
        if path != BACKUPS:
            return self._framed(404, [_NO_CALL])
        if self._limit and self._full():
            self.refused += 1
            return self._framed(429, [_TOO_MANY])
        try:
            return self._framed(200, list(self.listing.page(query)))
        except ValueError:
            return self._framed(400, [_NO_WINDOW])

    def _full(self) -> bool:
        now = time.monotonic()
        if len(self._passed) == self._limit and now - self._passed[0] < 1:
            return True
        self._passed.append(now)
        return False

    def _tally(self) -> bytes:
        told = {"requests": self.requests, "refused": self.refused, "most": self.most}
        self.requests = self.refused = self.most = 0
        return json.dumps(told).encode()

    def _framed(self, status: int, body: list[bytes | memoryview]) -> list[bytes | memoryview]:
        second = int(time.time())
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True).encode())
        head = b"HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: application/json\r\n" % (
            status,
            _REASONS[status].encode(),
            self._date[1],
        )
        length = sum(map(len, body))
        return [head + b"Content-Length: %d\r\n\r\n" % length, *body]


class Connection(asyncio.Protocol):
    """One client: its requests are answered in their order, each after the latency."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._unread = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request whose head is complete; a GET has no body."""
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            target = self._unread[:end].split(b" ", 2)[1].decode()
            closing = b"connection: close" in self._unread[:end].lower()
            self._unread = self._unread[end + 4 :]
            parts = self._service.answer(target)
            if self._service.latency and target != "/tally":
                self._service.flying += 1
                loop = asyncio.get_running_loop()
                loop.call_later(self._service.latency, self._late, parts, closing)
            else:
                self._write(parts, closing)

    def _late(self, parts: list[bytes | memoryview], closing: bool) -> None:  # noqa: FBT001  # private
        self._service.flying -= 1
        self._write(parts, closing)

    def _write(self, parts: list[bytes | memoryview], closing: bool) -> None:  # noqa: FBT001  # private
        self._transport.writelines(parts)
        if closing:
            self._transport.close()


async def grow(listing: Listing, seconds: float) -> None:
    """Let the next new backup appear at the head of the list, again and again."""
    while listing.hidden:
        await asyncio.sleep(seconds)
        listing.hidden -= 1


def begins(rows: int, spacing: int, new_rows: int, new_every: float) -> list[int]:
    """The begin of each backup: evenly spaced until an hour ago, then one per new row from now."""
    now = int(time.time())
    past = range(now - 3600 - (rows - 1) * spacing, now - 3600 + 1, spacing)
    return [*past] + [int(now + place * new_every) for place in range(1, new_rows + 1)]


async def serve(options: argparse.Namespace) -> None:
    """Serve until standard input is closed."""
    new_every = options.new_every / 1000
    listing = Listing(begins(options.rows, options.spacing, options.new_rows, new_every))
    listing.hidden = options.new_rows
    service = Service(listing, options.latency / 1000, options.rate_limit)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    growing = asyncio.create_task(grow(listing, new_every))
    await loop.run_in_executor(None, sys.stdin.read)
    growing.cancel()
    server.close()


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--rows", type=int, default=100_000, help="backups in the list")
    add("--spacing", type=int, default=300, help="seconds from one backup's begin to the next")
    add("--latency", type=float, default=0, help="milliseconds until an answer")
    add("--rate-limit", type=int, default=0, help="calls that pass in a second; 0: all")
    add("--new-rows", type=int, default=0, help="backups that appear while it serves")
    add("--new-every", type=float, default=100, help="milliseconds from one new backup to the next")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
