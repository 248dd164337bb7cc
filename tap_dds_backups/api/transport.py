"""Request in, response out: the one place with limits on time, size, hosts and redirects.

Credentials go to the host of the URL only: redirects are returned, not followed; cookies are not
kept; `.netrc` is not read; plain http leads to this machine only. Thread-safe.
"""

from __future__ import annotations

import os
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, field
from requests.exceptions import RequestException
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from tap_dds_backups.api.bodies import decoded
from tap_dds_backups.api.deadline import Deadline
from tap_dds_backups.api.endpoints import is_local
from tap_dds_backups.api.errors import ConfigError
from tap_dds_backups.api.failures import connect_failure, exchange_failure
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.pools import Pool, ProxyRefused, open_session, pool_of, tls_context
from tap_dds_backups.api.proxies import proxy_for
from tap_dds_backups.api.secret import RevealedBytes, Unshown
from tap_dds_backups.api.wire import (
    Answer,
    Cut,
    Garbled,
    Stream,
    TooLarge,
    header_fields,
    read_answer,
    request_head,
)

# 100 rows of the largest size that the manual allows are about 100 KB.
BODY_LIMIT = 16 * 1024 * 1024
_URL = re.compile(r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[!-\"$-~]*)")
_Headers = tuple[tuple[str, str], ...]
_BROKEN = (OSError, Cut, Garbled, TooLarge)


class _Route(Struct, frozen=True):
    """How to reach one origin: `proxy` is the proxy's host, for messages.

    `in_doubt`: a kept connection broke, and nothing has been answered since.
    """

    host: str
    pool: Pool
    proxy: str | None
    in_doubt: threading.Event = field(default_factory=threading.Event)


class Transport:
    """Sends requests over verified TLS and keep-alive connections.

    Args:
        user_agent: sent with each request.
        timeout_seconds: wall-clock limit of a whole exchange, from the first byte sent to the last
            received, connecting included.
        ca_bundle: PEM file or folder of trusted authorities; wins over REQUESTS_CA_BUNDLE and
            CURL_CA_BUNDLE, which win over the built-in list.
        environ: where the variables for proxies and authorities are looked up.
        connect_seconds: limit of each step of connecting.

    Raises:
        ConfigError: the authorities cannot be loaded.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        timeout_seconds: float = 60.0,
        ca_bundle: str | None = None,
        environ: Mapping[str, str] = os.environ,
        connect_seconds: float = 10.0,
    ) -> None:
        environ = Unshown(environ)
        self._defaults = (("User-Agent", user_agent), ("Accept-Encoding", "gzip"))
        self._timeout = timeout_seconds
        self._connect = connect_seconds
        self._environ = environ
        self._session = open_session(_tls(ca_bundle, environ))
        self._routes: dict[str, _Route] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Exchange one request for one response, whatever its status.

        Raises:
            TlsError: the certificate could not be verified, or TLS not be agreed.
            ServiceUnavailable: no connection, reset, cut short, or too slow.
            ProtocolError: the answer is larger than 16 MiB or not HTTP.
            RequestRefused: a proxy refuses to lead to the host.
            ConfigError: an address or a header that cannot be sent.
        """
        origin, host_header, target = _parts(request.url)
        route = self._routes.get(origin) or self._route(origin)
        headers = tuple(request.headers.items())
        length = len(request.body) if request.body or request.method != "GET" else None
        try:
            fields = _fields(headers, host_header, self._defaults, length)
            payload = RevealedBytes(request_head(request.method, target, fields) + request.body)
        except ValueError:
            raise ConfigError(
                ["a credential or setting holds characters that no header can"]
            ) from None
        deadline = Deadline(self._timeout)
        try:
            answer = self._exchanged(route, request.method, payload, deadline)
            body = decoded(answer.body, answer.headers.get("content-encoding", ""), BODY_LIMIT)
        except _BROKEN as problem:
            raise exchange_failure(problem, route.host, self._timeout, BODY_LIMIT) from None
        return Response(answer.status, answer.headers, body)

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            for route in self._routes.values():
                route.pool.close()
            self._routes.clear()
        self._session.close()

    def _exchanged(self, route: _Route, method: str, payload: bytes, deadline: Deadline) -> Answer:
        """Use a kept connection, or another where the peer had closed it before it answered.

        Once, until something is answered: where all connections break, asking twice on each
        would double the requests of an outage.
        """
        kept = route.pool.checked_out()
        if kept is not None:
            stream = Stream(kept.sock, deadline)
            try:
                return _exchange(route, kept, stream, method, payload)
            except TimeoutError:
                raise
            except (OSError, Cut):
                if stream.started or method != "GET" or not self._first_doubt(route):
                    raise
        fresh = self._connected(route, deadline)
        return _exchange(route, fresh, Stream(fresh.sock, deadline), method, payload)

    def _first_doubt(self, route: _Route) -> bool:
        with self._lock:
            first = not route.in_doubt.is_set()
            route.in_doubt.set()
            return first

    def _connected(self, route: _Route, deadline: Deadline) -> HTTPConnection:
        try:
            return route.pool.connected(min(self._connect, deadline.left()))
        except (*_BROKEN, HTTPError, ProxyRefused) as problem:
            raise connect_failure(problem, route.host, route.proxy) from None

    def _route(self, origin: str) -> _Route:
        with self._lock:
            if origin not in self._routes:
                self._routes[origin] = self._new_route(origin)
            return self._routes[origin]

    def _new_route(self, origin: str) -> _Route:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            raise ConfigError(["a request address has a port that does not exist"]) from None
        if parts.scheme != "https" and not is_local(host):
            raise ConfigError(["plain http is refused except to this machine: use https"])
        proxy = proxy_for(parts.scheme, host, port, self._environ)
        try:
            pool = pool_of(self._session, origin, proxy)
            shown = urlsplit(proxy).hostname if proxy else None
        except (RequestException, HTTPError, ValueError):
            raise ConfigError(
                ["HTTPS_PROXY is not the address of an http or https proxy"]
            ) from None
        return _Route(host, pool, shown)


def _exchange(
    route: _Route, connection: HTTPConnection, stream: Stream, method: str, payload: bytes
) -> Answer:
    try:
        stream.send(payload)
        answer = read_answer(stream, method, BODY_LIMIT)
    except BaseException:
        connection.close()
        raise
    if route.in_doubt.is_set():
        route.in_doubt.clear()
    if answer.reusable:
        route.pool.checked_in(connection)
    else:
        connection.close()
    return answer


def _parts(url: str) -> tuple[str, str, str]:
    """Origin, Host header and target of a URL, the latter two to the letter."""
    match = _URL.fullmatch(url)
    if match is None:
        raise ConfigError(
            ["a request address has characters or parts that a URL of ours never has"]
        )
    host_header = match[2] + (match[3] or "")
    return f"{match[1]}://{host_header}", host_header, match[4]


@lru_cache(maxsize=4)  # with a token the same for all pages
def _fields(given: _Headers, host_header: str, defaults: _Headers, length: int | None) -> bytes:
    headers = list(given)
    present = {name.lower() for name, _ in headers}
    if "host" not in present:
        headers.insert(0, ("Host", host_header))
    headers += [default for default in defaults if default[0].lower() not in present]
    if length is not None:
        headers.append(("Content-Length", str(length)))
    return header_fields(headers)


def _tls(ca_bundle: str | None, environ: Mapping[str, str]) -> Callable[[], ssl.SSLContext]:
    """The TLS context, made where it is needed; one that may be set wrongly, at once."""
    variables = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    chosen = [
        ("ca_bundle", ca_bundle or ""),
        *((name, environ.get(name, "")) for name in variables),
    ]
    name, path = next((pair for pair in chosen if pair[1]), ("", DEFAULT_CA_BUNDLE_PATH))
    context = cache(partial(_trusting, name, Path(path)))
    if name:
        context()
    return context


def _trusting(name: str, authorities: Path) -> ssl.SSLContext:
    try:
        return tls_context(authorities.expanduser())
    except (OSError, ValueError, RuntimeError):
        raise ConfigError([f"{name} cannot be read, or holds no certificates"]) from None
