"""One run of the report: load or attach, build the answers, write what was asked for."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from tap_dds_backups.report import marts
from tap_dds_backups.report.answers import Answers, answers
from tap_dds_backups.report.cli import SERIOUS, is_piped, moment
from tap_dds_backups.report.errors import DatabaseError, ReportError
from tap_dds_backups.report.evidence import write_evidence
from tap_dds_backups.report.load import connect, load, write_state
from tap_dds_backups.report.loader import Loaded
from tap_dds_backups.report.page import page
from tap_dds_backups.report.sources import lay_views
from tap_dds_backups.report.summary import summary

CATALOG = "dds_backups_file"


def run(options: argparse.Namespace) -> int:
    """Returns the exit code.

    Raises:
        ReportError: A message, the database or an option cannot be used.
        OSError: A file cannot be read or written.
    """
    as_of = _as_of(options)
    reads_input = not options.read_only and is_piped(sys.stdin.fileno())
    if not reads_input and not options.duckdb:
        raise ReportError("nothing to read: pipe a tap's messages in, or name a file with --duckdb")
    with tempfile.TemporaryDirectory(prefix="dds-backups-") as folder:
        opened = _loaded(options, Path(folder)) if reads_input else _read(options)
        with closing(opened) as connection:
            found = _answered(connection, options, as_of)
            if reads_input and options.duckdb:
                _keep(connection, options.duckdb)
            if options.output:
                options.output.write_text(page(found), encoding="utf-8")
            if options.out_dir:
                write_evidence(connection, found, options.out_dir)
    print(summary(found))
    return 3 if options.fail_on and fails(found, options.fail_on) else 0


def _answered(
    connection: duckdb.DuckDBPyConnection, options: argparse.Namespace, as_of: datetime | None
) -> Answers:
    try:
        lay_views(connection, CATALOG, options.schema)
        marts.build(
            connection, time_zone=options.time_zone, as_of=as_of, objectives=options.objectives
        )
        return answers(connection)
    except duckdb.Error as error:
        problem = str(error).splitlines()[0][:200]
        raise DatabaseError(f"the tables do not hold what the streams hold: {problem}") from None


def _keep(connection: duckdb.DuckDBPyConnection, path: str) -> None:
    try:
        marts.keep(connection, CATALOG)
    except duckdb.Error as error:
        raise DatabaseError(f"{path}: {str(error).splitlines()[0]}") from None


def fails(found: Answers, severity: str) -> bool:
    """Whether there is an alarm of that severity or a worse one."""
    return any(found.tiles[name] for name in SERIOUS[: SERIOUS.index(severity) + 1])


def _as_of(options: argparse.Namespace) -> datetime | None:
    if options.as_of is None:
        return None
    try:
        return moment(options.as_of, options.time_zone)
    except ValueError as error:
        raise ReportError(f"--as-of: {error}") from None


def _loaded(options: argparse.Namespace, folder: Path) -> duckdb.DuckDBPyConnection:
    """The messages of standard input, in the file that was named or in one that goes again."""
    connection = _attached(options.duckdb or str(folder / "messages.duckdb"), "")
    connection.execute(f"use {CATALOG}")

    def keep(loaded: Loaded) -> None:
        if options.state_out:
            write_state(options.state_out, loaded.state)

    try:
        load(
            sys.stdin.buffer,
            connection,
            received_at=datetime.now(UTC),
            schema=options.schema,
            loaded=keep,
        )
    except ReportError:
        connection.close()
        raise
    connection.execute("use memory")
    return connection


def _read(options: argparse.Namespace) -> duckdb.DuckDBPyConnection:
    """A database as it is."""
    if not Path(options.duckdb).is_file():
        raise DatabaseError(f"{options.duckdb}: no such file")
    return _attached(options.duckdb, "(read_only)")


def _attached(path: str, how: str) -> duckdb.DuckDBPyConnection:
    """The file under a name of ours: its stem may be the name of a schema too, and then neither works."""
    connection = connect(":memory:")
    literal = path.replace("'", "''")
    try:
        connection.execute(f"attach '{literal}' as {CATALOG} {how}")
    except duckdb.Error as error:
        connection.close()
        raise DatabaseError(f"{path}: {str(error).splitlines()[0]}") from None
    return connection
