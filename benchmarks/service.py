"""Starts the server's process, and asks it what it has seen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Service:
    """A running server: its port on this machine, and how many backups it began with."""

    port: int
    rows: int

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.port}"

    def tally(self) -> dict[str, int]:
        """Requests, refused ones and most in flight since this was last asked."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", "/tally")
        told: dict[str, int] = json.load(connection.getresponse())
        connection.close()
        return told


@contextmanager
def serving(rows: int, **options: Any) -> Iterator[Service]:
    """Serve so many backups; options are those of the server, `new_rows` for `--new-rows`."""
    command = [sys.executable, "-m", "benchmarks.server", f"--rows={rows}"]
    command += [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        yield Service(int(process.stdout.readline()), rows)
        assert process.stdin is not None
        process.stdin.close()
