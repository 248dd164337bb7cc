"""A threaded HTTP/1.1 server: keep-alive, one write per answer, Nagle off.

http.server is not used because it writes head and body apart (40 ms a page through Nagle,
measured) and cannot break off an answer at a chosen byte.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from http.client import responses

from tap_dds_backups.emulator.answers import Answer, Ending, Request, Step

HEAD_LIMIT = 128 * 1024
BODY_LIMIT = 12 * 1024 * 1024

Answering = Callable[[Request], Answer]


class Listener:
    """Listens on loopback and answers each request with `answer(request)`."""

    def __init__(
        self, answer: Answering, *, port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._answer = answer
        self._tls = tls
        self._stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def start(self) -> None:
        """Begin to accept connections."""
        self._acceptor.start()

    def stop(self) -> None:
        """Close every connection and wait for their threads."""
        self._stopping.set()
        with self._lock:
            connections, threads = list(self._open), list(self._threads)
        _shut(self._socket)
        for connection in connections:
            _shut(connection)
        for thread in [self._acceptor, *threads]:
            if thread.is_alive():
                thread.join(5.0)
        self._socket.close()

    def pause(self, seconds: float) -> None:
        """Wait, or return at once when the listener stops."""
        if seconds > 0:
            self._stopping.wait(seconds)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            with self._lock:
                self._open.add(connection)
                self._threads.add(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._tls.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._open.discard(plain)
                    self._open.add(connection)
            self._converse(connection)
        except (OSError, ValueError):
            pass  # the client went away, or sent what is no HTTP: this connection is over
        finally:
            with self._lock:
                self._open -= {plain, connection}
                self._threads.discard(threading.current_thread())
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        reader = RequestReader(connection.recv)
        while not self._stopping.is_set() and (request := reader.read()) is not None:
            answer = self._answer(request)
            if not self._deliver(connection, request, answer):
                return

    def _deliver(self, connection: socket.socket, request: Request, answer: Answer) -> bool:
        """Write the answer; False where the connection ends with it."""
        wire = wire_bytes(answer, bodiless=request.method == "HEAD")
        steps: Iterable[Step] = answer.deliver(wire) if answer.deliver else (wire,)
        for step in steps:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, float):
                self.pause(step)
            else:
                _end(connection, step)
                return False
        return request.headers.get("connection", "").lower() != "close"


class RequestReader:
    """Cuts requests out of what a connection receives; a GET may have a body too."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._buffer = b""

    def read(self) -> Request | None:
        """The next request; None where the client has closed.

        Raises:
            ValueError: for what is no HTTP/1.1 request of moderate size.
        """
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > HEAD_LIMIT:
                raise ValueError("the head is too large")
            if not self._more():
                return None
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self._body(int(headers.get("content-length", "0")))
        if body is None:
            return None
        path, _, query = target.partition("?")
        return Request(method, path, query, headers, body)

    def _body(self, size: int) -> bytes | None:
        if not 0 <= size <= BODY_LIMIT:
            raise ValueError("the body is too large")
        while len(self._buffer) < size:
            if not self._more():
                return None
        body, self._buffer = self._buffer[:size], self._buffer[size:]
        return body

    def _more(self) -> bool:
        chunk = self._receive(65_536)
        self._buffer += chunk
        return bool(chunk)


def wire_bytes(answer: Answer, *, bodiless: bool = False) -> bytes:
    """Status line, headers and body in one piece."""
    lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers:
        lines.append(f"Content-Length: {len(answer.body)}")
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head if bodiless else head + answer.body


def _end(connection: socket.socket, ending: Ending) -> None:
    if ending is Ending.RESET:
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.close()
    else:
        _shut(connection)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it was closed already
        connection.shutdown(socket.SHUT_RDWR)
