"""A PostgreSQL server for the length of a test: on loopback, in a folder of its own, not as root."""

from __future__ import annotations

import csv
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

USER = "warehouse"
DATABASE = "warehouse"
PORT_TRIES = 5


@dataclass(frozen=True)
class Postgres:
    """A running server. The user owns it, and signs in with the password."""

    port: int
    password: str = field(repr=False)
    host: str = "127.0.0.1"
    user: str = USER
    database: str = DATABASE

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which PostgreSQL's own clients (and dbt, by `env_var`) find it."""
        return {
            "PGHOST": self.host,
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
        }

    def query(self, sql: str) -> list[list[str]]:
        """Run one statement; every value comes back as text, null as the empty string."""
        done = subprocess.run(
            [_programs() / "psql", "--no-psqlrc", "--csv", "--tuples-only", "--command", sql],
            env=os.environ | self.environment | {"PGTZ": "UTC", "PGCLIENTENCODING": "UTF8"},
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return list(csv.reader(done.stdout.splitlines()))


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server with one empty database; stop it and remove its folder at the end."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        _give_away(folder)
        data = folder / "data"
        password = _new_cluster(data)
        port = _start(data)
        try:
            server = Postgres(port, password)
            Postgres(port, password, database="postgres").query(f"create database {DATABASE}")
            yield server
        finally:
            _run("pg_ctl", "stop", "--pgdata", data, "--mode", "immediate", "--silent")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """Where the server's programs are: Debian keeps them off PATH, one folder a version."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))],
    )
    on_path = shutil.which("initdb")
    assert found or on_path, "PostgreSQL's server is not installed (Debian: apt install postgresql)"
    return found[-1].parent if found else Path(str(on_path)).parent


def _owner() -> str | None:
    """Whom to run the server as: PostgreSQL refuses root. None: as ourselves."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _give_away(folder: Path) -> None:
    if owner := _owner():
        shutil.chown(folder, owner)


def _new_cluster(data: Path) -> str:
    """Make the server's files; returns the password of its one user."""
    password = secrets.token_hex(16)
    secret = data.parent / "password"
    secret.write_text(password)
    _give_away(secret)
    options: list[str | Path] = ["--username", USER, "--auth", "scram-sha-256", "--pwfile", secret]
    _check("initdb", "--pgdata", data, *options, "--encoding", "UTF8", "--locale", "C", "--no-sync")
    secret.unlink()
    return password


def _start(data: Path) -> int:
    """Start the server; another program may take a free port first, so try several."""
    for _ in range(PORT_TRIES):
        port = _free_port()
        settings = f"-c listen_addresses=127.0.0.1 -c fsync=off -k {data.parent} -p {port}"
        log = data.parent / "log"
        start = _run("pg_ctl", "start", "--pgdata", data, "--log", log, "--options", settings)
        if start.returncode == 0:
            return port
    raise AssertionError(log.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _check(program: str, *arguments: str | Path) -> None:
    done = _run(program, *arguments)
    assert done.returncode == 0, done.stderr


def _run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of the server's programs as its owner.

    Its output goes to a file: a server that it starts inherits it, and a pipe would stay open for
    as long as that server runs.
    """
    owner = _owner()
    with tempfile.TemporaryFile("w+") as errors:
        done = subprocess.run(
            [_programs() / program, *arguments],
            cwd="/",
            user=owner,
            group=pwd.getpwnam(owner).pw_gid if owner else None,
            extra_groups=[] if owner else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            check=False,
        )
        errors.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, "", errors.read())
