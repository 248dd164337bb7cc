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
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import msgspec

from tap_dds_backups.report.columns import columns_of, record_decoder, usable
from tap_dds_backups.report.errors import DatabaseError, MessageError, ReportError
from tap_dds_backups.report.messages import Message, read_messages
from tap_dds_backups.report.tables import Table

BATCH_ROWS = 100_000


@dataclass
class Loaded:
    """What came in: records by stream, and the last STATE whose records are all in the file."""

    records: Counter[str] = field(default_factory=Counter)
    state: bytes | None = None


@dataclass
class _Stream:
    """A stream as its last SCHEMA describes it, and the rows that wait in its file."""

    schema: dict[str, Any]
    table: Table
    decode: Callable[[bytes], Any]
    rows: BinaryIO
    path: Path


class Loader:
    """Takes messages one by one and writes them in batches."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        folder: Path,
        schema: str = "main",
        received_at: datetime,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self.loaded = Loaded()
        self._connection = connection
        self._folder = folder
        self._schema = schema
        self._received_at = received_at.isoformat()
        self._batch_rows = batch_rows
        self._streams: dict[str, _Stream] = {}
        self._waiting = 0
        self._state: bytes | None = None

    def take(self, line: int, message: Message) -> None:
        """One message.

        Raises:
            MessageError: It does not fit what came before it, or its stream's schema.
        """
        match message.type:
            case "RECORD":
                self._record(line, message)
            case "STATE":
                self._state = bytes(message.value)
            case "SCHEMA":
                self._announce(line, message)
            case _:
                self._activate(line, message)

    def flush(self) -> None:
        """Writes what waits; the last STATE that was taken now counts."""
        for name in self._streams:
            self._write(name)
        self._waiting = 0
        self.loaded.state = self._state

    def close(self) -> None:
        """Closes the files of rows; what was not flushed is given up."""
        for stream in self._streams.values():
            stream.rows.close()

    def _record(self, line: int, message: Message) -> None:
        stream = self._stream(line, message)
        try:
            stream.decode(message.record)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            problem = ascii(str(error))[1:-1][:200]
            raise MessageError(line, f"record of {message.stream}: {problem}") from None
        extracted = msgspec.json.encode(message.time_extracted)
        version = msgspec.json.encode(message.version)
        stream.rows.write(
            b'{"n":%d,"t":%b,"v":%b,"r":%b}\n' % (line, extracted, version, message.record)
        )
        self.loaded.records[message.stream] += 1
        self._waiting += 1
        if self._waiting >= self._batch_rows:
            self.flush()

    def _announce(self, line: int, message: Message) -> None:
        schema = message.schema or {}
        keys = tuple(message.key_properties or ())
        known = self._streams.get(message.stream)
        if known and known.schema == schema and known.table.keys == keys:
            return
        columns = columns_of(schema)
        if not columns:
            raise MessageError(line, f"schema of {message.stream} has no properties")
        if len({name.lower() for name in columns}) < len(columns):
            raise MessageError(line, f"{message.stream} has columns that differ by case alone")
        if not all(map(usable, columns)):
            raise MessageError(line, f"{message.stream} has a column name that cannot be used")
        if missing := [key for key in keys if key not in columns]:
            raise MessageError(line, f"key {missing[0]} of {message.stream} is not in its schema")
        if known:
            self._write(message.stream)
            known.rows.close()
        table = Table(self._connection, self._schema, message.stream, columns, keys)
        table.prepare()
        path = self._folder / f"{len(self._streams)}-{line}.ndjson"
        decode = record_decoder(schema, keys).decode
        self._streams[message.stream] = _Stream(schema, table, decode, path.open("wb"), path)

    def _activate(self, line: int, message: Message) -> None:
        table = self._stream(line, message).table
        self.flush()
        table.keep_version(message.version or 0)

    def _stream(self, line: int, message: Message) -> _Stream:
        stream = self._streams.get(message.stream)
        if stream is None:
            raise MessageError(line, f"{message.type} of {message.stream[:60]!r} before its SCHEMA")
        return stream

    def _write(self, name: str) -> None:
        stream = self._streams[name]
        if not stream.rows.tell():
            return
        stream.rows.flush()
        stream.table.upsert(stream.path, self._received_at)
        stream.rows.seek(0)
        stream.rows.truncate()


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
