"""What went wrong on the way, as an error of ours: one line, with the host, without secrets.

The texts of `ssl`, `socket` and urllib3 can hold addresses with credentials (a proxy's URL), so
none of them is passed on: only their kind is.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence

from urllib3.exceptions import NameResolutionError, SSLError

from tap_dds_backups.api.errors import (
    DdsError,
    ProtocolError,
    RequestRefused,
    ServiceUnavailable,
    TlsError,
    quoted,
)
from tap_dds_backups.api.pools import ProxyRefused
from tap_dds_backups.api.wire import Cut, Garbled, TooLarge

_NETWORK_HINT = "Check the network, region and api_url, and HTTPS_PROXY where there is a proxy"
_CA_HINT = (
    "A service with a certificate of a private CA needs ca_bundle; "
    "verification cannot be switched off"
)


def connect_failure(problem: Exception, host: str, proxy: str | None) -> DdsError:
    """Return the error for a connection that was not made; `proxy` is its host, if any."""
    peer = f"{host} through the proxy {proxy}" if proxy else host
    causes = _chain(problem)
    for kinds, describe in _CONNECT_FAILURES:
        for cause in causes:
            if isinstance(cause, kinds):
                return describe(cause, peer)
    return ServiceUnavailable(
        f"cannot connect to {peer}{_system_reason(causes)}", hint=_NETWORK_HINT
    )


def _proxy_refusal(cause: BaseException, peer: str) -> DdsError:
    status = cause.status if isinstance(cause, ProxyRefused) else 0
    message = f"no way to {peer}: the proxy answered with status {status}"
    if status >= 500:
        return ServiceUnavailable(message, status=status)
    hint = "Check user and password in HTTPS_PROXY" if status == 407 else "Check HTTPS_PROXY"
    return RequestRefused(message, hint=hint, status=status)


def _untrusted(cause: BaseException, peer: str) -> DdsError:
    reason = quoted(getattr(cause, "verify_message", ""), 100)
    return TlsError(f"the certificate of {peer} is not trusted: {reason}", hint=_CA_HINT)


def _hung_up(_: BaseException, peer: str) -> DdsError:
    return ServiceUnavailable(f"{peer} closed the connection while it was being opened")


def _unresolved(_: BaseException, peer: str) -> DdsError:
    return ServiceUnavailable(f"no address is known for {peer}", hint=_NETWORK_HINT)


def _too_slow(_: BaseException, peer: str) -> DdsError:
    return ServiceUnavailable(f"no connection to {peer} in time", hint=_NETWORK_HINT)


def _no_tls(_: BaseException, peer: str) -> DdsError:
    return TlsError(f"no TLS connection with {peer} could be agreed", hint=_NETWORK_HINT)


def _no_http(_: BaseException, peer: str) -> DdsError:
    return ProtocolError(f"no way to {peer}: the proxy does not speak HTTP")


# The first row that one of the causes belongs to decides.
_CONNECT_FAILURES: Sequence[
    tuple[tuple[type[BaseException], ...], Callable[[BaseException, str], DdsError]]
] = (
    ((ProxyRefused,), _proxy_refusal),
    ((ssl.SSLCertVerificationError,), _untrusted),
    ((ssl.SSLEOFError, ssl.SSLZeroReturnError, Cut), _hung_up),
    ((NameResolutionError, socket.gaierror), _unresolved),
    ((TimeoutError,), _too_slow),
    ((ssl.SSLError, SSLError), _no_tls),
    ((Garbled, TooLarge), _no_http),
)


def exchange_failure(problem: Exception, host: str, seconds: float, limit: int) -> DdsError:
    """Return the error for an exchange that began and did not end well."""
    if isinstance(problem, TimeoutError):
        return ServiceUnavailable(
            f"{host} did not answer in full within {seconds:g} seconds",
            hint="request_timeout_seconds sets this limit",
        )
    if isinstance(problem, Cut):
        return ServiceUnavailable(f"{host} closed the connection before its answer was whole")
    if isinstance(problem, TooLarge):
        return ProtocolError(f"the answer of {host} is larger than {limit >> 20} MiB")
    if isinstance(problem, Garbled):
        return ProtocolError(f"the answer of {host} is not HTTP as it should be")
    return ServiceUnavailable(f"the connection to {host} broke{_system_reason([problem])}")


def _chain(problem: BaseException) -> list[BaseException]:
    """The exception and everything that it wraps or came from."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [problem]
    while waiting:
        cause = waiting.pop()
        if cause is None or cause in found:
            continue
        found.append(cause)
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "original_error", None)]
        waiting += [argument for argument in cause.args if isinstance(argument, BaseException)]
    return found


def _system_reason(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno and cause.strerror:
            return f": {quoted(cause.strerror, 80)}"
    return ""
