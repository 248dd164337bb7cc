"""Targets that others wrote take what the tap writes, twice, and then hold what the service holds."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tap_dds_backups.emulator.emulator import SignIn
from tests.peers.account import TAP, Summary, account, expected, summary_of, sync, time_passes
from tests.peers.environments import environment
from tests.peers.postgres import Postgres, postgres
from tests.project.readme import commands

pytestmark = pytest.mark.peers

SUMMARY = """
    select count(*), count(distinct id),
      to_char(min(begin_time), 'YYYY-MM-DD"T"HH24:MI:SS+00:00'),
      to_char(max(begin_time), 'YYYY-MM-DD"T"HH24:MI:SS+00:00'),
      count(*) filter (where status = 'BUILDING'), count(*) filter (where status = 'FAILED'),
      sum(size)
    from {schema}.backups
"""


class Place(NamedTuple):
    """Where a target writes: a folder and a database, new for each test."""

    folder: Path
    database: Postgres


class Target(NamedTuple):
    """A target: what to install, what to run, its settings, and how to read what it has stored."""

    requirements: list[str]
    command: str
    settings: Callable[[Place], dict[str, Any]]
    stored: Callable[[Place], Summary]


def jsonl_settings(place: Place) -> dict[str, Any]:
    """Write files of the records as they come."""
    return {"destination_path": str(place.folder), "do_timestamp_file": False}


def jsonl_stored(place: Place) -> Summary:
    """Read them back as a warehouse would: the last record of an id counts."""
    lines = (place.folder / "backups.jsonl").read_text(encoding="utf-8").splitlines()
    return summary_of(list({record["id"]: record for record in map(json.loads, lines)}.values()))


def meltanolabs_settings(place: Place) -> dict[str, Any]:
    """Load into a schema of its own."""
    server = place.database
    signing_in = {"user": server.user, "password": server.password, "database": server.database}
    return signing_in | {
        "host": server.host,
        "port": server.port,
        "default_target_schema": "meltanolabs",
    }


def pipelinewise_settings(place: Place) -> dict[str, Any]:
    """Load into a schema of its own, each record validated first."""
    server = place.database
    signing_in = {"user": server.user, "password": server.password, "dbname": server.database}
    return signing_in | {
        "host": server.host,
        "port": server.port,
        "default_target_schema": "pipelinewise",
        "validate_records": True,
        "add_metadata_columns": True,
    }


def stored_in(schema: str) -> Callable[[Place], Summary]:
    """Ask the database what a schema's table of backups holds."""

    def stored(place: Place) -> Summary:
        ((rows, ids, oldest, newest, *counts),) = place.database.query(
            SUMMARY.format(schema=schema)
        )
        return Summary(int(rows), int(ids), oldest, newest, *map(int, counts))

    return stored


TARGETS = {
    "target-jsonl": Target(["target-jsonl==0.1.4"], "target-jsonl", jsonl_settings, jsonl_stored),
    "meltanolabs-target-postgres": Target(
        ["meltanolabs-target-postgres==0.8.1"],
        "target-postgres",
        meltanolabs_settings,
        stored_in("meltanolabs"),
    ),
    "pipelinewise-target-postgres": Target(
        ["pipelinewise-target-postgres==2.1.2", "setuptools<81"],
        "target-postgres",
        pipelinewise_settings,
        stored_in("pipelinewise"),
    ),
}


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    """Return a PostgreSQL server that runs for this module."""
    with postgres() as server:
        yield server


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_what_the_service_holds(
    name: str, database: Postgres, tmp_path: Path
) -> None:
    """Two runs, changes between them, the target's own state carried over: nothing differs."""
    target, place = TARGETS[name], Place(tmp_path, database)
    command = environment(name, target.requirements) / "bin" / target.command
    settings = tmp_path / "target.json"
    settings.write_text(json.dumps(target.settings(place)))
    with account() as emulator:
        state = ""
        for change in (lambda _: None, time_passes):
            change(emulator.store)
            messages = sync(emulator.config("access_key"), tmp_path, state)
            load: list[str | Path] = [command, "--config", settings]
            done = subprocess.run(load, input=messages, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
            assert target.stored(place) == expected(emulator.store)
            state = done.stdout.decode().splitlines()[-1]


# singer-check-tap looks at what it has read before the thread that reads has come to its end, and
# then fails now and then. Reading in the foreground is the same check without that race.
CHECKER = """
from singertools import check_tap
check_tap.StdoutReader.start = check_tap.StdoutReader.run
check_tap.main()
"""


@pytest.mark.parametrize("sign_in", ["token", "password", "access_key"])
def test_the_strict_checker_accepts_two_runs(sign_in: SignIn, tmp_path: Path) -> None:
    """singer-check-tap runs the tap, checks each message, and runs it again from its state."""
    python = environment("singer-tools", ["singer-tools==0.4.1", "setuptools<81"]) / "bin/python"
    with account() as emulator:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(emulator.config(sign_in)))
        command: list[str | Path] = [python, "-c", CHECKER, "--tap", TAP, "--config", config]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("The output is valid") == 2


def test_the_readmes_pipeline_keeps_the_targets_state(tmp_path: Path) -> None:
    """Tap into target, the target's last line kept as the state, tap into target again."""
    target = environment("target-jsonl", TARGETS["target-jsonl"].requirements) / "bin"
    path = f"{TAP.parent}:{target}:{os.environ['PATH']}"
    with account() as emulator:
        (tmp_path / "config.json").write_text(json.dumps(emulator.config("token")))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands()["target"]],
            cwd=tmp_path,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        written = sorted(tmp_path.glob("backups*.jsonl"))
        records = [json.loads(line) for path in written for line in path.read_text().splitlines()]
        assert summary_of(list({r["id"]: r for r in records}.values())) == expected(emulator.store)
        assert len(records) < 2 * expected(emulator.store).rows
