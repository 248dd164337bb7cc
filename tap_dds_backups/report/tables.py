"""A stream's table in DuckDB: made and widened as its schema asks, filled from NDJSON by key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from tap_dds_backups.report.columns import as_json_reads_it, quoted
from tap_dds_backups.report.errors import DatabaseError, MessageError

# Under the names that targets of the Singer SDK use, so that one model reads all of them.
EXTRACTED_AT = "_sdc_extracted_at"
RECEIVED_AT = "_sdc_received_at"
TABLE_VERSION = "_sdc_table_version"
_OWN = {EXTRACTED_AT: "TIMESTAMPTZ", RECEIVED_AT: "TIMESTAMPTZ", TABLE_VERSION: "BIGINT"}


@dataclass(frozen=True)
class Table:
    """One table: where it stands, its columns with their types, and the key that rows replace by."""

    connection: duckdb.DuckDBPyConnection
    schema: str
    name: str
    columns: dict[str, str]
    keys: tuple[str, ...]

    @property
    def address(self) -> str:
        """`"catalog"."schema"."table"`: without the first, `dds.dds` of dds.duckdb is ambiguous."""
        return f"{self._schema_address}.{quoted(self.name)}"

    @property
    def _schema_address(self) -> str:
        catalog = self.connection.execute("select current_database()").fetchall()[0][0]
        return f"{quoted(catalog)}.{quoted(self.schema)}"

    def prepare(self) -> None:
        """Makes the table, or adds and widens columns of the one that is there.

        Raises:
            DatabaseError: A column is there with a type that does not turn into the new one.
        """
        self.connection.execute(f"create schema if not exists {self._schema_address}")
        wanted = {**self.columns, **_OWN}
        listed = ", ".join(f"{quoted(name)} {kind}" for name, kind in wanted.items())
        self.connection.execute(f"create table if not exists {self.address} ({listed})")
        there = {row[0].lower(): row[1] for row in self._described()}
        for name, kind in wanted.items():
            if name.lower() not in there:
                self._alter(f"add column {quoted(name)} {kind}", name)
            elif there[name.lower()] != self._as_duckdb_says(kind):
                self._alter(f"alter column {quoted(name)} type {kind}", name)

    def upsert(self, rows: Path, received_at: str) -> None:
        """Rows of the file, in its order: a later one replaces an earlier one of the same key.

        Raises:
            MessageError: A value does not fit its column; names the first line of such a record.
        """
        try:
            self._upsert(rows, received_at)
        except duckdb.Error as error:
            self.connection.execute("rollback")
            lines = rows.read_bytes().splitlines(keepends=True)
            number, problem = self._first_bad(rows, lines, error)
            raise MessageError(number, f"{self.name}: {problem}") from None

    def keep_version(self, version: int) -> None:
        """Deletes the rows of every other table version."""
        self.connection.execute(
            f"delete from {self.address} where {TABLE_VERSION} is distinct from ?", [version]
        )

    def _upsert(self, rows: Path, received_at: str) -> None:
        self.connection.execute("begin")
        self._read(rows, received_at)
        if self.keys:
            matches = " and ".join(f"old.{quoted(key)} = new.{quoted(key)}" for key in self.keys)
            self.connection.execute(
                f"delete from {self.address} as old using incoming as new where {matches}"
            )
        names = ", ".join(quoted(name) for name in (*self.columns, *_OWN))
        self.connection.execute(
            f"insert into {self.address} ({names}) select {names} from incoming"
        )
        self.connection.execute("drop table incoming")
        self.connection.execute("commit")

    def _read(self, rows: Path, received_at: str) -> None:
        self.connection.execute(
            f"create or replace temp table incoming as {self._reading()}", [str(rows), received_at]
        )

    def _reading(self) -> str:
        """The select that reads one file of rows: parameters are its path and the time of receipt."""
        inner = ", ".join(
            f"{quoted(name)} {as_json_reads_it(kind)}" for name, kind in self.columns.items()
        )
        outer = ", ".join(
            f"cast(r.{quoted(name)} as {kind}) as {quoted(name)}"
            for name, kind in self.columns.items()
        )
        newest = ""
        if self.keys:
            keys = ", ".join(f"r.{quoted(key)}" for key in self.keys)
            newest = f"qualify row_number() over (partition by {keys} order by n desc) = 1"
        return (
            f"select {outer}, cast(t as timestamptz) as {EXTRACTED_AT},"
            f" cast($2 as timestamptz) as {RECEIVED_AT}, v as {TABLE_VERSION}"
            f" from read_json($1, format='newline_delimited', maximum_object_size=134217728,"
            f" columns={{n: 'BIGINT', t: 'VARCHAR', v: 'BIGINT', r: 'STRUCT({_literal(inner)})'}})"
            f" {newest}"
        )

    def _first_bad(self, rows: Path, lines: list[bytes], error: duckdb.Error) -> tuple[int, str]:
        """The first line that DuckDB does not take, by halving: errors are rare, lines are many."""
        while len(lines) > 1:
            half = lines[: len(lines) // 2]
            problem = self._problem(rows, half)
            lines, error = (half, problem) if problem else (lines[len(half) :], error)
        problem = self._problem(rows, lines) or error
        number = int(lines[0].split(b",", 1)[0].removeprefix(b'{"n":'))
        return number, str(problem).splitlines()[0][:200]

    def _problem(self, rows: Path, lines: list[bytes]) -> duckdb.Error | None:
        rows.write_bytes(b"".join(lines))
        try:
            self._read(rows, "2000-01-01")
        except duckdb.Error as error:
            return error
        return None

    def _described(self) -> list[tuple[str, str]]:
        return self.connection.execute(
            "select column_name, data_type from duckdb_columns()"
            " where database_name = current_database() and schema_name = ? and table_name = ?",
            [self.schema, self.name],
        ).fetchall()

    def _as_duckdb_says(self, kind: str) -> str:
        described = self.connection.execute(f"describe select cast(null as {kind}) as x")
        return str(described.fetchall()[0][1])

    def _alter(self, change: str, name: str) -> None:
        try:
            self.connection.execute(f"alter table {self.address} {change}")
        except duckdb.Error as error:
            problem = str(error).splitlines()[0][:200]
            raise DatabaseError(
                f"column {name} of {self.name} does not fit the table that is there: {problem}"
            ) from None


def _literal(text: str) -> str:
    return text.replace("'", "''")
