"""Small servers on loopback that do exactly what a test tells them, connection by connection."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CERTIFICATES = Path(__file__).with_name("certificates")
AUTHORITY = CERTIFICATES / "authority.pem"
PAGE = b'{"backups":[],"total_count":0}'


@dataclass
class Peer:
    """The server's side of one connection; `number` counts connections from 1."""

    sock: socket.socket
    number: int
    seen: list[bytes]
    stop: threading.Event

    def request(self) -> bytes:
        """Read one request's head and remember it; empty when the client has closed."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = self.sock.recv(65536)
            if not data:
                return b""
            head += data
        self.seen.append(head)
        return head

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(data)

    def drip(self, data: bytes, pause: float) -> None:
        """Send a byte, wait, and so on, until the end of the data or of the test."""
        for byte in data:
            self.sock.sendall(bytes([byte]))
            if self.stop.wait(pause):
                return

    def reset(self) -> None:
        """Break the connection the hard way."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def start_tls(self, name: str) -> None:
        """Go on over TLS, with the certificate of that name."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATES / f"{name}.pem")
        self.sock = context.wrap_socket(self.sock, server_side=True)


Script = Callable[[Peer], None]


@dataclass
class Server:
    """A running server: where it is and what it has seen."""

    port: int
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    scheme: str = "http"
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"{self.scheme}://{self.host}:{self.port}"


@contextlib.contextmanager
def serving(script: Script, *, certificate: str | None = None) -> Iterator[Server]:
    """Run `script` for each connection, over TLS where a certificate is named."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1], scheme="https" if certificate else "http")
    stop = threading.Event()
    threads: list[threading.Thread] = []
    sockets: list[socket.socket] = []

    def converse(peer: Peer) -> None:
        with contextlib.suppress(OSError):
            if certificate:
                peer.start_tls(certificate)
            script(peer)
        peer.sock.close()

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            sock.settimeout(20)
            sockets.append(sock)
            server.connections += 1
            peer = Peer(sock, server.connections, server.seen, stop)
            threads.append(threading.Thread(target=converse, args=(peer,)))
            threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        stop.set()
        for sock in [listener, *sockets]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [accepting, *threads]:
            thread.join(30)


def answer(body: bytes = PAGE, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def always(data: bytes) -> Script:
    """Answer every request of a connection with the same bytes."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(data)

    return script


def once(data: bytes) -> Script:
    """Answer one request with these bytes, then close."""

    def script(peer: Peer) -> None:
        if peer.request():
            peer.send(data)

    return script
