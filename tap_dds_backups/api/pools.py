"""Connections: TLS, private CA, proxies and keep-alive, owned by one `requests.Session`.

The pools are urllib3's, as the session's adapter makes them; what is ours is that a connection is
handed out connected, within a deadline, so that an exchange costs no more than its bytes.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Retry, create_urllib3_context

from tap_dds_backups.api.deadline import Deadline
from tap_dds_backups.api.secret import Revealed, RevealedBytes
from tap_dds_backups.api.wire import Stream, header_fields, read_answer, request_head

_PROXY_BODY_LIMIT = 64 * 1024
_KEPT = 16  # idle connections to a host: as many as requests may be in flight


class ProxyRefused(Exception):
    """The proxy answered the request for a tunnel with this status instead of opening it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _TunnelConnection(HTTPSConnection):
    """A TLS connection whose way through a proxy is opened within a deadline too."""

    deadline = Deadline(0.0)
    _tunnel_headers: Mapping[str, str]

    def _tunnel(self) -> None:
        name = self._tunnel_host or ""
        host = f"[{name}]" if ":" in name else name
        target = f"{host}:{self._tunnel_port}"
        headers = [("Host", target)]
        headers += [(name, Revealed(value)) for name, value in self._tunnel_headers.items()]
        stream = Stream(self.sock, self.deadline)
        stream.send(RevealedBytes(request_head("CONNECT", target, header_fields(headers))))
        answer = read_answer(stream, "CONNECT", _PROXY_BODY_LIMIT)
        if not 200 <= answer.status < 300:
            raise ProxyRefused(answer.status)


class Pool(HTTPConnectionPool):
    """Keep-alive connections to one loopback service without TLS."""

    def checked_out(self) -> HTTPConnection | None:
        """Return an idle connection that still looks alive, or None."""
        connection = cast("HTTPConnection", self._get_conn())
        return connection if connection.sock is not None else None

    def connected(self, timeout: float) -> HTTPConnection:
        """Return a new connection, each step of connecting within `timeout` seconds."""
        connection = cast("HTTPConnection", self._new_conn())
        connection.timeout = timeout
        if isinstance(connection, _TunnelConnection):
            connection.deadline = Deadline(timeout)
        try:
            if self.proxy is None:
                connection.connect()
            else:
                self._prepare_proxy(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def checked_in(self, connection: HTTPConnection) -> None:
        """Keep a connection for the next exchange."""
        self._put_conn(connection)


class TlsPool(Pool, HTTPSConnectionPool):
    """Keep-alive connections to one service over TLS."""

    ConnectionCls = _TunnelConnection


class _Adapter(HTTPAdapter):
    """Makes pools of ours that share one TLS context (loading a CA bundle costs 10 ms or more)."""

    def __init__(self, context: Callable[[], ssl.SSLContext]) -> None:
        self._context = context
        super().__init__(pool_maxsize=_KEPT, max_retries=Retry(0, redirect=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        proxy = Revealed(proxy)  # the library made a text of it that shows itself
        manager = super().proxy_manager_for(proxy, proxy_ssl_context=self._context(), **kwargs)
        manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
        return manager

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, _ = super().build_connection_pool_key_attributes(*args, **kwargs)
        return host, {"ssl_context": self._context()} if host["scheme"] == "https" else {}


def tls_context(ca_bundle: Path) -> ssl.SSLContext:
    """Return a context that verifies chain and host name, TLS 1.2 at least.

    `ca_bundle` is a PEM file or a folder of hashed certificates. Raises OSError (ssl.SSLError is
    one) where it cannot be used.
    """
    context = create_urllib3_context(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    if ca_bundle.is_dir():
        context.load_verify_locations(capath=ca_bundle)
    else:
        context.load_verify_locations(cafile=ca_bundle)
    return context


def open_session(context: Callable[[], ssl.SSLContext]) -> requests.Session:
    """Return a session with pools of ours that takes nothing from the environment.

    `context` is called where TLS is first needed.

    `.netrc`, proxies and CA variables are not read by it: the first would replace credentials
    (measured: it overwrites an Authorization header), the others are passed in explicitly.
    """
    session = requests.Session()
    session.trust_env = False
    adapter = _Adapter(context)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def pool_of(session: requests.Session, origin: str, proxy: str | None) -> Pool:
    """Return the session's pool for `scheme://host:port`, led through `proxy` if there is one.

    Raises requests.RequestException or urllib3's HTTPError where the proxy's address is none.
    """
    prepared = requests.Request("GET", origin).prepare()
    adapter = cast("_Adapter", session.get_adapter(origin))
    proxies = {"https": proxy} if proxy else {}
    pool = adapter.get_connection_with_tls_context(prepared, verify=True, proxies=proxies)
    return cast("Pool", pool)
