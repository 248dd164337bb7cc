"""With this folder on PYTHONPATH, Python connects to this machine only, and notes what else it tried."""

# ruff: noqa: INP001  # Python imports it by this name, at its start

import os
import socket
from pathlib import Path
from typing import Any

HERE = {"127.0.0.1", "::1", "localhost", "", None}
_connect, _getaddrinfo = socket.socket.connect, socket.getaddrinfo


def note(host: object) -> None:
    """Write the host down and refuse it."""
    with Path(os.environ["CONNECTIONS_REFUSED"]).open("a") as file:
        file.write(f"{host}\n")
    raise OSError(f"only this machine is allowed, not {host}")


def connect(self: socket.socket, address: Any) -> None:
    """Connect, unless by a network and to another machine."""
    if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in HERE:
        note(address[0])
    _connect(self, address)


def getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
    """Look up names of this machine only."""
    if host not in HERE and host != socket.gethostname():
        note(host)
    return _getaddrinfo(host, *more, **named)


socket.socket.connect = connect  # type: ignore[method-assign, assignment]  # what this file is for
socket.getaddrinfo = getaddrinfo
