"""Which proxy leads to a host: HTTPS_PROXY, ALL_PROXY and NO_PROXY, read as curl reads them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from tap_dds_backups.api.secret import Revealed

_WITH_PORT = re.compile(r"(\[.*\]|[^:]*):(\d+)", re.ASCII)


def proxy_for(scheme: str, host: str, port: int, environ: Mapping[str, str]) -> str | None:
    """Return the proxy's URL, or None to connect directly.

    Plain http goes to this machine only (see transport), so a proxy would carry its credentials
    over the network in the clear: it is never used for that.
    """
    if scheme != "https":
        return None
    proxy = _variable(environ, "https_proxy") or _variable(environ, "all_proxy")
    if not proxy or _is_excepted(host.strip("[]").lower(), port, _variable(environ, "no_proxy")):
        return None
    return proxy if "://" in proxy else Revealed(f"http://{proxy}")


def _variable(environ: Mapping[str, str], name: str) -> Revealed:
    """What a variable holds: a proxy's address may name a password."""
    return Revealed((environ.get(name) or environ.get(name.upper()) or "").strip())


def _is_excepted(host: str, port: int, no_proxy: str) -> bool:
    entries = [entry.strip().lower() for entry in no_proxy.split(",") if entry.strip()]
    return any(_matches(host, port, entry) for entry in entries)


def _matches(host: str, port: int, entry: str) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _is_in_network(host, entry)
    with_port = _WITH_PORT.fullmatch(entry)
    if with_port is None:
        return _is_host(host, entry)
    return int(with_port[2]) == port and _is_host(host, with_port[1])


def _is_host(host: str, entry: str) -> bool:
    name = entry.strip("[]").removeprefix("*").removeprefix(".")
    return host == name or host.endswith(f".{name}")


def _is_in_network(host: str, entry: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
