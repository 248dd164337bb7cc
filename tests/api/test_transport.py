"""The transport against real sockets: limits of time and size, TLS, proxies, keep-alive."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tap_dds_backups.api.errors import (
    ConfigError,
    DdsError,
    ProtocolError,
    RequestRefused,
    ServiceUnavailable,
    TlsError,
)
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.transport import BODY_LIMIT, Transport
from tests.api.loopback import AUTHORITY, PAGE, Peer, Script, Server, always, answer, once, serving

SECRET = "MIIcanary-token"


@contextmanager
def transport(
    *,
    timeout_seconds: float = 5.0,
    ca_bundle: str | None = None,
    environ: Mapping[str, str] | None = None,
    connect_seconds: float = 5.0,
) -> Iterator[Transport]:
    """A transport that is closed at the end."""
    opened = Transport(
        user_agent="tests/1",
        timeout_seconds=timeout_seconds,
        ca_bundle=ca_bundle,
        environ=environ or {},
        connect_seconds=connect_seconds,
    )
    try:
        yield opened
    finally:
        opened.close()


def get(url: str, **headers: str) -> Request:
    """A request as the client sends it."""
    return Request("GET", f"{url}/v3/p/backups?offset=0", {"X-Auth-Token": SECRET, **headers})


def ask(script: Script, timeout_seconds: float = 5.0) -> Response:
    """Send one request to a server that follows `script`."""
    with serving(script) as server, transport(timeout_seconds=timeout_seconds) as sender:
        return sender.send(get(server.url))


def failure(script: Script, timeout_seconds: float = 5.0) -> DdsError:
    """Return the error of one request to a server that follows `script`."""
    with pytest.raises(DdsError) as caught:
        ask(script, timeout_seconds)
    return caught.value


class TestRequest:
    def test_what_is_sent(self) -> None:
        """The URL goes out to the letter, once each header, and the defaults only where missing."""
        with serving(always(answer())) as server, transport() as sender:
            url = f"{server.url}/v3/p/backups?begin_time=2018-08-06%2012:41:14&x=%2f"
            sender.send(Request("GET", url, {"Accept": "application/json", "user-agent": "mine"}))
        assert server.seen == [
            b"GET /v3/p/backups?begin_time=2018-08-06%2012:41:14&x=%2f HTTP/1.1\r\n"
            b"Host: 127.0.0.1:" + str(server.port).encode() + b"\r\n"
            b"Accept: application/json\r\nuser-agent: mine\r\nAccept-Encoding: gzip\r\n\r\n"
        ]

    def test_a_body_goes_with_its_length(self) -> None:
        """A POST carries its body in one piece, and a signed Host stays the only one."""
        with serving(once(answer())) as server, transport() as sender:
            request = Request("POST", f"{server.url}/v3/auth/tokens", {"Host": "signed"}, b"{}")
            sender.send(request)
        assert b"\r\nContent-Length: 2\r\n\r\n{}" in server.seen[0]
        assert server.seen[0].lower().count(b"host:") == 1

    @pytest.mark.parametrize(
        "value", [f"{SECRET}\r\nX: y", f"{SECRET}\n", f"{SECRET}é", f"{SECRET}\r"]
    )
    def test_a_header_that_breaks_out_is_refused(self, value: str) -> None:
        """Line breaks and other letters in a credential are refused without showing it."""
        with serving(always(answer())) as server, transport() as sender:
            with pytest.raises(ConfigError) as caught:
                sender.send(Request("GET", f"{server.url}/", {"X-Auth-Token": value}))
            assert server.seen == []
        assert SECRET not in str(caught.value)

    @pytest.mark.parametrize(
        "url",
        [
            "http://example.com/v3",
            "http://127.0.0.1.example.com/v3",
            "http://10.0.0.1/v3",
            "http://2130706433/v3",
            "http://localhost.example.com/",
            "http://user:secret@127.0.0.1/",
            "http://127.0.0.1/a b",
            "http://127.0.0.1/\r\nX: y",
            "http://127.0.0.1/é",
            "http://127.0.0.1/#fragment",
            "http://127.0.0.1?x=1",
            "http://127.0.0.1:port/",
            "http://127.0.0.1:99999/",
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
            "",
        ],
    )
    def test_addresses_that_are_refused(self, url: str) -> None:
        """No plain http beyond this machine, no credentials or control characters in a URL."""
        with (
            transport(environ={"HTTPS_PROXY": "http://127.0.0.1:9"}) as sender,
            pytest.raises(ConfigError) as caught,
        ):
            sender.send(Request("GET", url))
        assert "secret" not in str(caught.value)

    def test_netrc_and_cookies_are_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither a .netrc for the host nor a cookie that it sets reaches the next request."""
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login someone password netrc-secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        with (
            serving(always(answer(PAGE, "Set-Cookie: HWWAFSESID=1; path=/"))) as server,
            transport() as sender,
        ):
            sender.send(get(server.url, Authorization="SDK-HMAC-SHA256 mine"))
            sender.send(get(server.url, Authorization="SDK-HMAC-SHA256 mine"))
        assert len(server.seen) == 2
        for head in server.seen:
            assert b"Authorization: SDK-HMAC-SHA256 mine\r\n" in head
            assert b"Basic" not in head
            assert b"cookie" not in head.lower()

    @pytest.mark.parametrize(
        "status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 P"]
    )
    def test_redirects_are_not_followed(self, status: str) -> None:
        """A redirect comes back as it is; the other host hears nothing."""
        with serving(always(answer())) as other, transport() as sender:
            script = always(answer(b"", f"Location: {other.url}/take", status=status))
            with serving(script) as server:
                assert sender.send(get(server.url)).status == int(status[:3])
            assert (len(server.seen), other.connections) == (1, 0)


class TestAnswer:
    @pytest.mark.parametrize(
        "data",
        [
            answer(),
            answer(PAGE, "Connection: close"),
            answer(gzip.compress(PAGE), "Content-Encoding: gzip"),
            answer(gzip.compress(PAGE), "Content-Encoding: X-GZIP"),
            answer(zlib.compress(PAGE), "Content-Encoding: deflate"),
            answer(zlib.compress(PAGE)[2:-4], "Content-Encoding: deflate"),
            answer(PAGE, "Content-Encoding: identity"),
            b"HTTP/1.1 100 Continue\r\n\r\n" + answer(),
            b"HTTP/1.0 200 OK\r\n\r\n" + PAGE,
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PAGE,
            b"HTTP/1.1 200\r\nContent-Length:%d\r\n\r\n" % len(PAGE) + PAGE,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5;name=value\r\n" + PAGE[:5] + b"\r\n%X\r\n" % len(PAGE[5:]) + PAGE[5:]
            + b"\r\n0\r\nTrailer: x\r\n\r\n",
        ],
    )  # fmt: skip
    def test_every_way_to_send_a_page(self, data: bytes) -> None:
        """Lengths, chunks, a close as the end, and each encoding that we ask for or must take."""
        response = ask(once(data))
        assert (response.status, response.body) == (200, PAGE)

    def test_pieces_of_any_size(self) -> None:
        """A chunked answer that comes byte by byte is the same answer."""
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in PAGE)
        data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"

        def script(peer: Peer) -> None:
            peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer.request()
            peer.drip(data, 0)

        assert ask(script).body == PAGE

    def test_headers(self) -> None:
        """Names in lower case, values trimmed, repeated ones joined, bytes kept as Latin-1."""
        headers = ("X-Request-Id:  abc \t", "A: 1", "a: 2", "Empty:", "X: caf\xe9")
        response = ask(once(answer(PAGE, *headers)))
        assert response.headers == {
            "content-length": str(len(PAGE)),
            "x-request-id": "abc",
            "a": "1, 2",
            "empty": "",
            "x": "caf\xe9",
        }

    @pytest.mark.parametrize("status", [204, 304])
    def test_statuses_without_a_body(self, status: int) -> None:
        """204 and 304 have no body, whatever length they claim."""
        response = ask(always(f"HTTP/1.1 {status} X\r\nContent-Length: 9\r\n\r\n".encode()), 1.0)
        assert (response.status, response.body) == (status, b"")

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"HTTP/1.1 200 OK\r\nContent-Le",
            b"HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n" + PAGE,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + PAGE,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1E\r\n" + PAGE + b"\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1E\r\n" + PAGE + b"\r\n0\r\n",
            answer(gzip.compress(PAGE)[:-9], "Content-Encoding: gzip"),
            answer(b"", "Content-Encoding: gzip"),
            answer(zlib.compress(PAGE)[:-1], "Content-Encoding: deflate"),
        ],
    )
    def test_cut_short(self, data: bytes) -> None:
        """An answer that ends before its end is a failure of the service, never a shorter page."""
        error = failure(once(data))
        assert isinstance(error, ServiceUnavailable)
        assert "before its answer was whole" in str(error)

    @pytest.mark.parametrize(
        "data",
        [
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nA: b\r\n folded: c\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n0123456789",
            b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nContent-Length: 5\r\n\r\n" + PAGE,
            b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n" + PAGE,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabcde\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcde\r\n0\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n" * 9,
            answer(b"not gzip at all, really", "Content-Encoding: gzip"),
            answer(PAGE, "Content-Encoding: br"),
            answer(gzip.compress(gzip.compress(PAGE)), "Content-Encoding: gzip, gzip"),
            answer(gzip.compress(PAGE) + b"more", "Content-Encoding: gzip"),
        ],
    )
    def test_what_is_not_http(self, data: bytes) -> None:
        """What RFC 9112 does not allow is refused by name and at once."""
        error = failure(once(data))
        assert type(error) is ProtocolError
        assert "127.0.0.1" in str(error)

    @pytest.mark.parametrize(
        "data",
        [
            b"HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 40_000,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 40_000,
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + bytes(BODY_LIMIT + 1),
            answer(gzip.compress(bytes(200 << 20), 1), "Content-Encoding: gzip"),
            answer(zlib.compress(bytes(BODY_LIMIT + 1)), "Content-Encoding: deflate"),
        ],
    )
    def test_too_large(self, data: bytes) -> None:
        """Heads, bodies and what bodies unpack to have limits; a claim alone is enough."""
        error = failure(once(data))
        assert type(error) is ProtocolError
        assert "larger than 16 MiB" in str(error)

    def test_the_largest_body(self) -> None:
        """16 MiB unpacked are taken whole."""
        body = ask(once(answer(gzip.compress(bytes(BODY_LIMIT), 1), "Content-Encoding: gzip"))).body
        assert len(body) == BODY_LIMIT


def deaf(peer: Peer) -> None:
    """Read nothing, say nothing."""
    peer.stop.wait(20)


def silent(peer: Peer) -> None:
    """Read a request, say nothing."""
    peer.request()
    peer.stop.wait(20)


class TestDeadline:
    @pytest.mark.parametrize("skip", [0, 20, len(answer()) - len(PAGE)])
    def test_a_drip_ends_at_the_deadline(self, skip: int) -> None:
        """Bytes that keep coming, in head or body, do not extend the limit on the whole answer."""

        def script(peer: Peer) -> None:
            peer.request()
            peer.send(answer()[:skip])
            peer.drip(answer()[skip:], 0.2)

        begun = time.monotonic()
        error = failure(script, timeout_seconds=0.7)
        assert isinstance(error, ServiceUnavailable)
        assert "within 0.7 seconds" in str(error)
        assert 0.65 <= time.monotonic() - begun < 5  # all drips together take much longer

    def test_silence(self) -> None:
        """A server that accepts and says nothing is given up at the deadline, and asked once."""
        with (
            serving(silent) as server,
            transport(timeout_seconds=0.3) as sender,
            pytest.raises(ServiceUnavailable),
        ):
            sender.send(get(server.url))
        assert len(server.seen) == 1

    def test_a_server_that_does_not_read(self) -> None:
        """Sending is under the same limit as receiving."""
        with (
            serving(deaf) as server,
            transport(timeout_seconds=0.3) as sender,
            pytest.raises(ServiceUnavailable),
        ):
            sender.send(Request("POST", f"{server.url}/", {}, bytes(64 << 20)))

    def test_a_slow_handshake(self) -> None:
        """Connecting has its own limit: here the handshake is answered in drips."""

        def script(peer: Peer) -> None:
            peer.drip(b"\x16\x03\x03\x40\x00" + bytes(100), 0.1)

        begun = time.monotonic()
        with (
            serving(script) as server,
            transport(connect_seconds=0.5) as sender,
            pytest.raises(ServiceUnavailable, match="in time"),
        ):
            sender.send(get(server.url.replace("http:", "https:")))
        assert time.monotonic() - begun < 5


class TestKeepAlive:
    def test_one_connection_serves_many_requests(self) -> None:
        """A whole answer leaves its connection to the next request."""
        with serving(always(answer())) as server, transport() as sender:
            for _ in range(5):
                sender.send(get(server.url))
        assert (server.connections, len(server.seen)) == (1, 5)

    @pytest.mark.parametrize(
        "data",
        [
            answer(PAGE, "Connection: Close"),
            b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
            answer() + b"more than was announced",
        ],
    )
    def test_connections_that_are_not_kept(self, data: bytes) -> None:
        """Nor is one that the server wants closed or that holds bytes nobody asked for."""
        with serving(always(data)) as server, transport() as sender:
            sender.send(get(server.url))
            sender.send(get(server.url))
        assert server.connections == 2

    @pytest.mark.parametrize("end", ["close", "reset"])
    def test_a_stale_connection_is_replaced(self, end: str) -> None:
        """Closed between two requests, or on receipt of the second: a new one, without an error."""

        def script(peer: Peer) -> None:
            peer.request()
            peer.send(answer())
            if peer.number > 1:
                while peer.request():
                    peer.send(answer())
            elif peer.request() and end == "reset":
                peer.reset()

        with serving(script) as server, transport() as sender:
            for _ in range(3):
                assert sender.send(get(server.url)).body == PAGE
        assert (server.connections, len(server.seen)) == (2, 4)

    def test_an_outage_is_not_doubled(self) -> None:
        """Where new connections break too, only one request goes out twice until an answer comes."""
        both = threading.Barrier(2)

        def script(peer: Peer) -> None:
            peer.request()
            if peer.number <= 2:
                both.wait(5)
                peer.send(answer())
                peer.request()
            peer.reset()

        with serving(script) as server, transport() as sender, ThreadPoolExecutor(2) as pool:
            list(pool.map(sender.send, [get(server.url)] * 2))
            for broken in [pool.submit(sender.send, get(server.url)) for _ in range(2)]:
                with pytest.raises(ServiceUnavailable):
                    broken.result()
        assert len(server.seen) == 2 + 2 + 1

    def test_silence_on_a_kept_connection(self) -> None:
        """A server that has gone slow is not asked a second time for the same page."""

        def script(peer: Peer) -> None:
            peer.request()
            peer.send(answer())
            silent(peer)

        with serving(script) as server, transport(timeout_seconds=0.4) as sender:
            sender.send(get(server.url))
            with pytest.raises(ServiceUnavailable, match="did not answer"):
                sender.send(get(server.url))
        assert (server.connections, len(server.seen)) == (1, 2)

    def test_a_post_is_not_sent_twice(self) -> None:
        """What is not a GET fails instead, because the server may have acted on it."""

        def script(peer: Peer) -> None:
            peer.request()
            peer.send(answer())
            peer.request()

        with serving(script) as server, transport() as sender:
            sender.send(Request("POST", f"{server.url}/", {}))
            with pytest.raises(ServiceUnavailable):
                sender.send(Request("POST", f"{server.url}/", {}))
        assert (server.connections, len(server.seen)) == (1, 2)

    def test_an_answer_that_began_is_not_asked_for_again(self) -> None:
        """A kept connection that breaks inside an answer is a failure like any other."""

        def script(peer: Peer) -> None:
            peer.request()
            peer.send(answer())
            peer.request()
            peer.send(answer()[:-1])

        with serving(script) as server, transport() as sender:
            sender.send(get(server.url))
            with pytest.raises(ServiceUnavailable, match="before its answer was whole"):
                sender.send(get(server.url))
        assert server.connections == 1

    def test_sixteen_threads(self) -> None:
        """Each answer goes to the thread that asked, over at most as many connections."""

        def script(peer: Peer) -> None:
            while head := peer.request():
                peer.send(answer(head.split(b" ")[1]))

        with serving(script) as server, transport() as sender, ThreadPoolExecutor(16) as pool:
            urls = [f"{server.url}/{number}" for number in range(400)]
            bodies = list(pool.map(lambda url: sender.send(Request("GET", url)).body, urls))
        assert bodies == [f"/{number}".encode() for number in range(400)]
        assert server.connections <= 16


class TestConnecting:
    def test_nobody_there(self) -> None:
        """A refused connection names the host and what to check, not the query."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with transport() as sender, pytest.raises(ServiceUnavailable) as caught:
            sender.send(get(f"http://127.0.0.1:{port}"))
        assert str(caught.value).startswith(
            "cannot connect to 127.0.0.1: Connection refused. Check"
        )
        assert caught.value.__suppress_context__

    def test_unknown_name(self) -> None:
        """A name without an address is named."""
        with transport() as sender, pytest.raises(ServiceUnavailable, match=r"no address.*invalid"):
            sender.send(get("https://dds.nowhere.invalid"))

    @pytest.mark.parametrize("cut", ["close", "reset"])
    def test_broken_at_once(self, cut: str) -> None:
        """A connection that breaks without an answer is a failure that may be tried again."""

        def script(peer: Peer) -> None:
            peer.request()
            if cut == "reset":
                peer.reset()

        assert isinstance(failure(script), ServiceUnavailable)


class TestTls:
    def test_a_private_authority(self) -> None:
        """ca_bundle makes a service of a private CA trusted."""
        with (
            serving(always(answer()), certificate="localhost") as server,
            transport(ca_bundle=str(AUTHORITY)) as sender,
        ):
            assert sender.send(get(server.url)).body == PAGE
            assert sender.send(get(server.url)).body == PAGE
        assert server.connections == 1

    @pytest.mark.parametrize(
        ("ca_bundle", "environ", "trusted"),
        [
            (None, {}, False),
            (None, {"REQUESTS_CA_BUNDLE": "authority"}, True),
            (None, {"CURL_CA_BUNDLE": "authority"}, True),
            (None, {"REQUESTS_CA_BUNDLE": "other", "CURL_CA_BUNDLE": "authority"}, False),
            ("authority", {"REQUESTS_CA_BUNDLE": "other"}, True),
            ("other", {"REQUESTS_CA_BUNDLE": "authority"}, False),
        ],
    )
    def test_whom_to_trust(
        self, ca_bundle: str | None, environ: dict[str, str], trusted: bool
    ) -> None:
        """ca_bundle wins over REQUESTS_CA_BUNDLE, that over CURL_CA_BUNDLE, all over the list."""
        paths = {"authority": str(AUTHORITY), "other": str(AUTHORITY.with_name("elsewhere.pem"))}
        settings = {name: paths[value] for name, value in environ.items()}
        bundle = paths[ca_bundle] if ca_bundle else None
        with (
            serving(always(answer()), certificate="localhost") as server,
            transport(ca_bundle=bundle, environ=settings) as sender,
        ):
            if trusted:
                assert sender.send(get(server.url)).status == 200
            else:
                with pytest.raises(TlsError, match="not trusted"):
                    sender.send(get(server.url))
        assert len(server.seen) == trusted

    @pytest.mark.parametrize("certificate", ["elsewhere", "expired"])
    def test_certificates_that_do_not_fit(self, certificate: str) -> None:
        """Another name, or a time that is over: refused before a credential is sent."""
        with (
            serving(always(answer()), certificate=certificate) as server,
            transport(ca_bundle=str(AUTHORITY)) as sender,
            pytest.raises(TlsError, match="not trusted"),
        ):
            sender.send(get(server.url))
        assert server.seen == []

    def test_no_tls_at_all(self) -> None:
        """A server that speaks plain http on the port is a TLS failure, not retried."""
        with (
            serving(lambda peer: peer.send(answer(status="400 Bad Request"))) as server,
            transport() as sender,
            pytest.raises(TlsError, match="no TLS connection"),
        ):
            sender.send(get(server.url.replace("http:", "https:")))

    def test_a_folder_of_authorities(self, tmp_path: Path) -> None:
        """ca_bundle may be a folder; one without the right authority trusts nobody."""
        with (
            serving(always(answer()), certificate="localhost") as server,
            transport(ca_bundle=str(tmp_path)) as sender,
            pytest.raises(TlsError),
        ):
            sender.send(get(server.url))

    @pytest.mark.parametrize("content", [None, "", "no certificate"])
    def test_a_bundle_that_cannot_be_used(self, tmp_path: Path, content: str | None) -> None:
        """A missing or foreign file is a mistake in the settings, named before any request."""
        bundle = tmp_path / "bundle.pem"
        if content is not None:
            bundle.write_text(content)
        with pytest.raises(ConfigError, match="ca_bundle cannot be read"):
            Transport(user_agent="t", ca_bundle=str(bundle), environ={})
        with pytest.raises(ConfigError, match="REQUESTS_CA_BUNDLE cannot be read"):
            Transport(user_agent="t", environ={"REQUESTS_CA_BUNDLE": str(bundle)})


def relay(peer: Peer) -> None:
    """A proxy that opens a tunnel to whatever is asked for."""
    head = peer.request()
    port = int(head.split(b" ")[1].rpartition(b":")[2])
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        peer.send(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
        back = threading.Thread(target=_pump, args=(upstream, peer.sock))
        back.start()
        _pump(peer.sock, upstream)
        back.join(20)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


class TestProxy:
    @staticmethod
    def environ(proxy: Server, **more: str) -> dict[str, str]:
        """An environment that names the proxy, with credentials."""
        return {"HTTPS_PROXY": f"http://user:proxy-secret@127.0.0.1:{proxy.port}", **more}

    def test_through_a_tunnel(self) -> None:
        """Requests pass unread; the proxy hears its own credentials only, the service none of them."""
        with (
            serving(always(answer()), certificate="localhost") as server,
            serving(relay) as proxy,
            transport(ca_bundle=str(AUTHORITY), environ=self.environ(proxy)) as sender,
        ):
            assert sender.send(get(server.url)).body == PAGE
            assert sender.send(get(server.url)).body == PAGE
        assert (proxy.connections, server.connections, len(server.seen)) == (1, 1, 2)
        assert proxy.seen[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.1\r\n".encode())
        assert b"Proxy-Authorization: Basic dXNlcjpwcm94eS1zZWNyZXQ=\r\n" in proxy.seen[0]
        assert SECRET.encode() not in proxy.seen[0]
        assert b"proxy" not in b"".join(server.seen).lower()

    def test_a_proxy_over_tls(self) -> None:
        """The way to the proxy may be TLS itself."""
        with (
            serving(always(answer()), certificate="localhost") as server,
            serving(relay, certificate="localhost") as proxy,
            transport(
                ca_bundle=str(AUTHORITY),
                environ={"https_proxy": f"https://127.0.0.1:{proxy.port}"},
            ) as sender,
        ):
            assert sender.send(get(server.url)).body == PAGE

    def test_no_proxy(self) -> None:
        """A host in NO_PROXY is reached directly."""
        with (
            serving(always(answer()), certificate="localhost") as server,
            serving(relay) as proxy,
            transport(
                ca_bundle=str(AUTHORITY), environ=self.environ(proxy, NO_PROXY="x, 127.0.0.1")
            ) as sender,
        ):
            assert sender.send(get(server.url)).body == PAGE
        assert proxy.connections == 0

    def test_plain_http_takes_no_proxy(self) -> None:
        """A service on this machine without TLS is never reached through another one."""
        with serving(always(answer())) as server, serving(relay) as proxy:
            environ = self.environ(proxy) | {"HTTP_PROXY": proxy.url, "ALL_PROXY": proxy.url}
            with transport(environ=environ) as sender:
                assert sender.send(get(server.url)).body == PAGE
        assert proxy.connections == 0

    @pytest.mark.parametrize(
        ("data", "expected"),
        [
            (answer(b"", status="407 Proxy Authentication Required"), RequestRefused),
            (answer(b"proxy-secret", status="403 Forbidden"), RequestRefused),
            (answer(b"", status="502 Bad Gateway"), ServiceUnavailable),
            (b"", ServiceUnavailable),
            (b"220 mail.example.com ESMTP\r\n", ProtocolError),
            (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 40_000, ProtocolError),
        ],
    )
    def test_a_proxy_that_does_not_lead_there(self, data: bytes, expected: type[DdsError]) -> None:
        """Each refusal names both hosts and never the proxy's credentials."""
        with (
            serving(once(data)) as proxy,
            transport(environ=self.environ(proxy)) as sender,
            pytest.raises(DdsError) as caught,
        ):
            sender.send(get("https://dds.nowhere.invalid"))
        assert type(caught.value) is expected
        assert "dds.nowhere.invalid through the proxy 127.0.0.1" in str(caught.value)
        assert "secret" not in str(caught.value)

    def test_a_proxy_that_drips(self) -> None:
        """The proxy's own answer is under the limit for connecting."""
        begun = time.monotonic()
        with (
            serving(lambda peer: peer.drip(answer(), 0.1)) as proxy,
            transport(environ=self.environ(proxy), connect_seconds=0.5) as sender,
            pytest.raises(ServiceUnavailable, match="in time"),
        ):
            sender.send(get("https://dds.nowhere.invalid"))
        assert time.monotonic() - begun < 5

    @pytest.mark.parametrize(
        "proxy", ["socks5://127.0.0.1:1", "http://", "http://[", "http://x:y:z"]
    )
    def test_an_address_that_is_none(self, proxy: str) -> None:
        """A proxy that we cannot use is a mistake in the environment, told without its text."""
        with (
            transport(environ={"HTTPS_PROXY": proxy}) as sender,
            pytest.raises(ConfigError, match="HTTPS_PROXY is not"),
        ):
            sender.send(get("https://dds.nowhere.invalid"))
