"""Loads Singer messages into a DuckDB file, as a target does.

`tap-dds-backups --config c.json | python -m tap_dds_backups.report.load --duckdb dds.duckdb`

Rows replace rows of the same key; `time_extracted` is kept as `_sdc_extracted_at`. A STATE counts
once everything before it is in the file. The last such STATE goes to standard output, so that
`... | tail -n 1 > state.json` keeps it, or to the file that `--state-out` names.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from tap_dds_backups.report.errors import DatabaseError, ReportError
from tap_dds_backups.report.loader import BATCH_ROWS, Loaded, Loader
from tap_dds_backups.report.messages import read_messages


def connect(path: str) -> duckdb.DuckDBPyConnection:
    """A DuckDB file (or `:memory:`), set to UTC and to what its wheel holds: nothing is fetched.

    Raises:
        DatabaseError: No such file can be opened or made.
    """
    quiet: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false"
    }
    try:
        connection = duckdb.connect(path, config=quiet)
    except duckdb.Error as error:
        raise DatabaseError(f"{path}: {str(error).splitlines()[0]}") from None
    connection.execute("set timezone = 'UTC'")
    connection.execute("set preserve_insertion_order = false")
    return connection


def load(
    lines: Iterable[bytes],
    connection: duckdb.DuckDBPyConnection,
    *,
    received_at: datetime,
    schema: str = "main",
    batch_rows: int = BATCH_ROWS,
    loaded: Callable[[Loaded], None] = lambda _: None,
) -> Loaded:
    """Loads every message of `lines`; `loaded` hears the outcome, after an error too.

    Raises:
        MessageError: A line is malformed. Whole batches before it are in the file.
        DatabaseError: The tables that are there do not fit.
    """
    with tempfile.TemporaryDirectory(prefix="dds-backups-") as folder:
        loader = Loader(
            connection,
            folder=Path(folder),
            schema=schema,
            received_at=received_at,
            batch_rows=batch_rows,
        )
        try:
            for line, message in read_messages(lines):
                loader.take(line, message)
            loader.flush()
        finally:
            loader.close()
            loaded(loader.loaded)
    return loader.loaded


def write_state(path: Path, state: bytes | None) -> None:
    """Replaces the file as a whole: a run that is cut leaves the old state."""
    if state is None:
        return
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(state + b"\n")
    beside.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: Singer messages on standard input, exit 0, or 1 with one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m tap_dds_backups.report.load")
    parser.add_argument("--duckdb", required=True, metavar="FILE", help="database to load into")
    parser.add_argument("--schema", default="main", help="schema of the tables (main)")
    parser.add_argument("--state-out", type=Path, metavar="FILE", help="where the STATE is kept")
    options = parser.parse_args(arguments)

    def keep(loaded: Loaded) -> None:
        if options.state_out:
            write_state(options.state_out, loaded.state)
        elif loaded.state is not None:
            print(loaded.state.decode("utf-8"), flush=True)

    now = datetime.now(UTC)
    try:
        with connect(options.duckdb) as connection:
            loaded = load(
                sys.stdin.buffer, connection, received_at=now, schema=options.schema, loaded=keep
            )
    except ReportError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    told = ", ".join(f"{count} {name}" for name, count in loaded.records.items()) or "no records"
    print(f"loaded {told} into {options.duckdb}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
