"""The HTTP server itself: one connection, many requests, one write each."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tap_dds_backups.emulator import Emulator, Hosts, Reading, Store, plain_store
from tap_dds_backups.emulator.server import RequestReader
from tests.emulator.client import list_url, listed

NOON = 1_700_000_000.0


def test_a_connection_serves_many_requests() -> None:
    """Keep-alive: the second request goes over the socket of the first."""
    with Emulator(plain_store(3, until=NOON)) as emulator:
        token = {"X-Auth-Token": emulator.config("token")["auth_token"]}
        connection = HTTPConnection(urlsplit(emulator.url).netloc)
        sockets = set()
        for _ in range(3):
            connection.request("GET", list_url(emulator).removeprefix(emulator.url), headers=token)
            sockets.add(connection.sock.getsockname())
            assert connection.getresponse().read()
        connection.close()
    assert len(sockets) == 1


def test_a_get_with_a_body_does_not_break_the_connection() -> None:
    """One vendor client sends {} with a GET: the body is read, the next request is understood."""
    with Emulator(plain_store(3, until=NOON)) as emulator:
        token = {"X-Auth-Token": emulator.config("token")["auth_token"]}
        connection = HTTPConnection(urlsplit(emulator.url).netloc)
        path = list_url(emulator).removeprefix(emulator.url)
        statuses = []
        for body in (b"{}", None, b"{}"):
            connection.request("GET", path, body, token)
            response = connection.getresponse()
            response.read()
            statuses.append(response.status)
        connection.close()
    assert statuses == [200, 200, 200]


def test_every_answer_has_date_and_request_id() -> None:
    """The Date is the emulator's clock; each request id is another."""
    with Emulator(clock=lambda: NOON) as emulator:
        replies = [listed(emulator) for _ in range(3)]
    assert {reply.headers["date"] for reply in replies} == {"Tue, 14 Nov 2023 22:13:20 GMT"}
    assert len({reply.headers["x-request-id"] for reply in replies}) == 3
    assert {reply.headers["content-type"] for reply in replies} == {"application/json"}


@pytest.mark.parametrize(
    "sent", [b"\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/1.1\r\nA" + b"a" * 200_000]
)
def test_what_is_no_http_ends_its_connection_only(sent: bytes) -> None:
    """Nonsense closes that connection; the server goes on."""
    with Emulator() as emulator:
        parts = urlsplit(emulator.url)
        address = (parts.hostname, parts.port)
        # The server may close before all has been sent.
        with socket.create_connection(address, timeout=5) as connection, suppress(OSError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(4096) == b""
        assert listed(emulator).status == 200


def test_a_request_may_come_in_pieces() -> None:
    """Wherever the network cuts, the same request is read."""
    wire = (
        b"POST /a?b=%20 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"
    )
    for size in range(1, len(wire) + 1):
        pieces = iter([wire[at : at + size] for at in range(0, len(wire), size)])
        reader = RequestReader(lambda _, pieces=pieces: next(pieces, b""))  # type: ignore[misc]  # bound in the loop
        first, second, third = reader.read(), reader.read(), reader.read()
        assert first is not None
        assert (first.method, first.path, first.parameters()) == ("POST", "/a", (("b", " "),))
        assert (first.headers, first.body) == ({"host": "x", "content-length": "3"}, b"abc")
        assert second is not None
        assert (second.method, third) == ("GET", None)


def test_a_head_has_a_limit() -> None:
    """A head without an end is given up, not kept in memory."""
    with pytest.raises(ValueError, match="too large"):
        RequestReader(lambda size: b"a" * size).read()


def test_a_reading_can_be_set_on_every_store() -> None:
    """A reading given to the emulator is that of all its stores."""
    stores = [plain_store(1, seed=seed, until=NOON) for seed in (1, 2)]
    with Emulator(stores, reading=Reading(size="float")) as emulator:
        assert isinstance(listed(emulator).json["backups"][0]["size"], float)
    assert {store.reading.size for store in stores} == {"float"}


def test_latency_delays_each_answer() -> None:
    """Milliseconds of the real network, for demos and benchmarks."""
    with Emulator(latency=0.05) as emulator:
        began = time.monotonic()
        listed(emulator)
        assert time.monotonic() - began >= 0.05


def test_a_bug_of_the_emulator_is_told() -> None:
    """An exception inside is a 500 for the client and an error at the end of `with`."""
    emulator = Emulator()
    emulator.throttle = object()  # type: ignore[assignment]  # broken on purpose
    with pytest.raises(RuntimeError, match="emulator itself failed"), emulator:
        listed(emulator)
    assert [seen.status for seen in emulator.requests] == [500]


def test_ports_can_be_chosen_and_are_free_again_afterwards() -> None:
    """The same port serves a second emulator as soon as the first has ended."""
    with Emulator() as first:
        port = int(first.url.rpartition(":")[2])
        listed(first)
    with Emulator(Store(), hosts=Hosts(port=port)) as second:
        assert second.url == first.url
        assert listed(second).status == 200
