"""Takes Singer messages one by one and writes their rows in batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import msgspec

from tap_dds_backups.report.columns import columns_of, record_decoder, usable
from tap_dds_backups.report.errors import MessageError
from tap_dds_backups.report.messages import Message
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
