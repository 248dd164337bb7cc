"""`dds-backups-report` as a person, a cron job and a script use it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tap_dds_backups.report import marts
from tap_dds_backups.report.cli import moment
from tap_dds_backups.report.load import connect, load
from tests.report.estate import NOW, OBJECTIVES, messages
from tests.report.golden import differences, query
from tests.report.singer import record, schema
from tests.report.test_marts import PLANTED

COMMAND = [sys.executable, "-m", "tap_dds_backups.report.cli"]
ESTATE = b"".join(messages())


def report(
    *arguments: object, lines: bytes | None = ESTATE, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the command; no lines: nothing is piped in."""
    given = {"input": lines.decode()} if lines is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        **given,
    )


def test_messages_in_page_and_evidence_out(tmp_path: Path) -> None:
    """One pass: the page, the evidence and ten lines; nothing else is left behind."""
    done = report(
        "-o", tmp_path / "r.html", "--out-dir", tmp_path / "evidence", "--objectives", OBJECTIVES
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert 5 <= len(done.stdout.splitlines()) <= 10
    assert "5 of 15 databases have no recent backup" in done.stdout
    assert (tmp_path / "r.html").read_text().startswith("<!doctype html>")
    assert {path.name for path in (tmp_path / "evidence").iterdir()} == {
        "backups.csv",
        "controls.csv",
        "summary.json",
    }
    assert {path.name for path in tmp_path.iterdir()} == {"evidence", "r.html"}


def test_the_evidence_is_complete(tmp_path: Path) -> None:
    """controls.csv has its columns and every planted fault; each piece of evidence is in backups.csv."""
    assert report("--out-dir", tmp_path, "--objectives", OBJECTIVES).returncode == 0
    with (tmp_path / "controls.csv").open(newline="") as file:
        controls = list(csv.DictReader(file))
    assert list(controls[0]) == [
        "instance_id",
        "instance_name",
        "control_id",
        "severity",
        "status",
        "reason",
        "evidence_backup_id",
        "observed",
        "limit",
    ]
    alarms = {(c["instance_name"], c["control_id"]) for c in controls if c["status"] == "alarm"}
    assert alarms == PLANTED
    with (tmp_path / "backups.csv").open(newline="") as file:
        known = {backup["backup_id"] for backup in csv.DictReader(file)}
    assert {c["evidence_backup_id"] for c in controls} - {""} <= known
    told = json.loads((tmp_path / "summary.json").read_text())
    assert told["as_of"] == "2026-11-24T06:00:00+00"
    assert sum(told["findings"].values()) == len(told["alarms"]) == 21


@pytest.mark.parametrize(
    ("lines", "severity", "code"),
    [(ESTATE, "critical", 3), (ESTATE, "low", 3), (None, "critical", 0), (None, "low", 0)],
)
def test_fail_on_is_for_cron(tmp_path: Path, lines: bytes | None, severity: str, code: int) -> None:
    """Exit 3 on an alarm that severe or worse, after everything is written; else 0."""
    healthy = b"".join(line for line in messages() if b"SCHEMA" in line or b'"ledger-prod"' in line)
    done = report("--fail-on", severity, "-o", tmp_path / "r.html", lines=lines or healthy)
    assert done.returncode == code, done.stdout
    assert (tmp_path / "r.html").exists()


def test_a_database_is_kept_and_read_again(tmp_path: Path) -> None:
    """--duckdb keeps what was piped in, and without a pipe it is read and not changed."""
    database = tmp_path / "dds.duckdb"
    state = b'{"type": "STATE", "value": {"bookmarks": {}}}\n'
    kept = report(
        "--duckdb", database, "--state-out", tmp_path / "state.json", lines=ESTATE + state
    )
    assert kept.returncode == 0, kept.stderr
    assert json.loads((tmp_path / "state.json").read_text()) == {"bookmarks": {}}
    before = database.read_bytes()
    again = report("--duckdb", database, lines=None)
    assert again.stdout == kept.stdout
    assert report("--duckdb", database, "--read-only", lines=b"not read\n").stdout == kept.stdout
    assert database.read_bytes() == before


def test_the_answers_stay_in_a_kept_database(tmp_path: Path) -> None:
    """As tables that any program can read, made anew by the next run; nothing else of ours stays."""
    database = tmp_path / "dds.duckdb"
    for _ in range(2):
        assert report("--duckdb", database).returncode == 0
    with connect(str(database)) as connection:
        kept = connection.execute(
            "select table_name, table_type from information_schema.tables"
            " where table_schema like 'report%'"
        ).fetchall()
        backups = connection.execute(query("dds__backups", "report")).fetchall()
    assert {name for name, _ in kept} == {name for name in marts.models() if name[:5] == "dds__"}
    assert {kind for _, kind in kept} == {"BASE TABLE"}
    assert differences("dds__backups", backups) == []


def test_a_schema_may_be_named_like_the_file(tmp_path: Path) -> None:
    """dds.duckdb with a schema dds: the catalog of that name does not get in the way."""
    database = tmp_path / "dds.duckdb"
    with connect(str(database)) as connection:
        load(messages(), connection, received_at=NOW, schema="dds")
    done = report("--duckdb", database, "--schema", "dds", lines=None)
    assert done.returncode == 0, done.stderr
    more = report("--duckdb", database, "--schema", "dds")
    assert more.stdout == done.stdout


def test_a_refusal_is_one_line(tmp_path: Path) -> None:
    """Whatever is wrong: exit 1, one line that says what, no page."""
    (tmp_path / "text.duckdb").write_text("no database")
    empty = tmp_path / "empty.duckdb"
    connect(str(empty)).close()
    foreign = tmp_path / "foreign.duckdb"
    with connect(str(foreign)) as connection:
        connection.execute("create table backups as select 'a' as id, 'soon' as begin_time")
    page = tmp_path / "r.html"
    for arguments, lines, said in (
        ((), ESTATE + b"{\n", "line 1138: no Singer message"),
        ((), b"", "no table `backups`"),
        ((), None, "nothing to read"),
        (("--duckdb", tmp_path / "none.duckdb"), None, "no such file"),
        (("--duckdb", tmp_path / "text.duckdb"), None, "text.duckdb"),
        (("--duckdb", foreign), None, "do not hold what the streams hold"),
        (("--duckdb", empty), None, "no table `backups`"),
        (("--time-zone", "Mars/Olympus"), ESTATE, "time zone 'Mars/Olympus' is not known"),
        (("--as-of", "yesterday"), ESTATE, "--as-of: Invalid isoformat string"),
        (("--objectives", tmp_path / "none.csv"), ESTATE, "none.csv"),
        (("--out-dir", empty), ESTATE, "empty.duckdb"),
    ):
        done = report("-o", page, *arguments, lines=lines)
        assert done.returncode == 1, arguments
        assert said in done.stderr
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
    assert report("--fail-on", "cost").returncode == 2


@pytest.mark.parametrize(
    ("text", "zone", "wanted"),
    [
        ("2026-10-31", "UTC", "2026-11-01T00:00:00+00:00"),
        ("2026-10-31", "Asia/Shanghai", "2026-10-31T16:00:00+00:00"),
        ("2026-10-31T12:00", "Asia/Shanghai", "2026-10-31T04:00:00+00:00"),
        ("2026-10-31T12:00:00Z", "Asia/Shanghai", "2026-10-31T12:00:00+00:00"),
    ],
)
def test_as_of_is_a_time_or_the_end_of_a_day(text: str, zone: str, wanted: str) -> None:
    """A date means its end where the report's days are; an offset always counts."""
    assert moment(text, zone) == datetime.fromisoformat(wanted).astimezone(UTC)


def test_an_auditor_gets_the_same_answer_twice(tmp_path: Path) -> None:
    """--as-of makes a report reproducible, byte by byte."""
    pages = []
    for name in ("a.html", "b.html"):
        arguments = ("--as-of", "2026-11-10", "--time-zone", "Asia/Shanghai", "-o", tmp_path / name)
        assert report(*arguments).returncode == 0
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]
    assert b"2026-11-11 00:00</time> Asia/Shanghai" in pages[0]


def test_names_of_instances_are_only_text(tmp_path: Path) -> None:
    """Markup and control characters in a name reach neither page nor terminal."""
    name = '<script>alert(1)</script>"&\x1b[31m'
    properties = dict.fromkeys(("id", "status", "type", "instance_id", "instance_name"), "string")
    time = {"begin_time": {"type": "string", "format": "date-time"}}
    row = {"id": "a", "status": "COMPLETED", "type": "Auto", "instance_id": "i"}
    row |= {"instance_name": name, "begin_time": "2026-10-24T01:00:00Z"}
    lines = schema("backups", properties | time, "id") + record("backups", row)
    done = report("-o", tmp_path / "r.html", lines=lines)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "<script" not in (tmp_path / "r.html").read_text()


def test_version_and_help_need_no_duckdb(tmp_path: Path) -> None:
    """They answer even where the extra is not installed; a run then says what to install."""
    (tmp_path / "duckdb.py").write_text("raise ModuleNotFoundError('duckdb')\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for arguments, code in ((["--version"], 0), (["--help"], 0), ([], 1)):
        done = subprocess.run(
            [*COMMAND, *arguments],
            env=environment,
            input=b"",
            capture_output=True,
            check=False,
        )
        assert done.returncode == code
        if code:
            assert b"pip install 'tap-dds-backups[report]'" in done.stderr
