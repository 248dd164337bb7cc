"""The loader: what a target must do with Singer messages, and what it must refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tap_dds_backups.report.errors import DatabaseError, MessageError
from tap_dds_backups.report.load import connect, load
from tap_dds_backups.report.loader import Loaded
from tests.report.singer import line, record, schema, state

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
TIME = {"type": ["string", "null"], "format": "date-time"}
DATASTORE = {"type": ["object", "null"], "properties": {"version": {"type": "string"}}}
PROPERTIES = {"id": "string", "begin_time": TIME, "size": "integer", "datastore": DATASTORE}
SCHEMA = schema("backups", PROPERTIES, "id")


def row(identifier: str, size: Any = 1, **more: Any) -> bytes:
    """A RECORD of `backups`."""
    return record("backups", {"id": identifier, "size": size, **more})


def loaded(*lines: bytes, **options: Any) -> tuple[duckdb.DuckDBPyConnection, Loaded]:
    """A database in memory with these lines in it."""
    connection = connect(":memory:")
    return connection, load(lines, connection, received_at=NOW, **options)


def sizes(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The rows, as size by id."""
    return dict(connection.execute("select id, size from backups").fetchall())


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_a_later_row_replaces_the_earlier_one_of_its_key(batch_rows: int) -> None:
    """Upsert holds within a batch and across batches, and every first record survives."""
    connection, told = loaded(
        SCHEMA, row("a"), row("b"), row("a", 2), row("c"), row("b", 3), batch_rows=batch_rows
    )
    assert sizes(connection) == {"a": 2, "b": 3, "c": 1}
    assert told.records == {"backups": 5}


def test_times_are_instants_whatever_their_zone() -> None:
    """A date-time becomes TIMESTAMPTZ; without an offset it is UTC; time_extracted is kept."""
    connection, _ = loaded(
        SCHEMA,
        row("a", begin_time="2018-08-06T12:41:14+00:00"),
        row("b", begin_time="2018-08-06T20:41:14+08:00"),
        row("c", begin_time="2018-08-06 12:41:14"),
        row("d", begin_time="2018-08-06T12:41:14.000Z"),
    )
    assert connection.execute(
        "select distinct typeof(begin_time), epoch(begin_time), epoch(_sdc_extracted_at),"
        " epoch(_sdc_received_at) from backups"
    ).fetchall() == [("TIMESTAMP WITH TIME ZONE", 1533559274.0, 1795500000.0, 1795503600.0)]


def test_nested_values_keep_their_structure() -> None:
    """An object with properties is a STRUCT, a list is JSON, an unknown field is left out."""
    properties = {"id": "string", "datastore": DATASTORE, "tags": "array"}
    connection, _ = loaded(
        schema("instances", properties, "id"),
        record("instances", {"id": "a", "datastore": {"version": "4.4", "x": 1}, "tags": [{}]}),
        record("instances", {"id": "b", "datastore": None, "unknown": 1}),
    )
    assert connection.execute(
        "select id, datastore.version, tags from instances order by id"
    ).fetchall() == [("a", "4.4", "[{}]"), ("b", None, None)]


def test_whole_floats_are_integers() -> None:
    """JSON Schema calls 5.0 an integer, so it is loaded as one."""
    assert sizes(loaded(SCHEMA, row("a", 5.0))[0]) == {"a": 5}


def test_a_new_column_and_a_wider_one_reach_the_table_that_is_there() -> None:
    """A schema may grow between runs: old rows stay, new columns are null in them."""
    wider = {**PROPERTIES, "size": "number", "region": "string"}
    wider["datastore"] = {
        "type": "object",
        "properties": {"version": {"type": "string"}, "type": {"type": "string"}},
    }
    connection, _ = loaded(
        SCHEMA,
        row("a", datastore={"version": "4.4"}),
        schema("backups", wider, "id"),
        row("b", 1.5, region="eu", datastore={"version": "5.0", "type": "DDS"}),
    )
    assert connection.execute(
        "select id, size, region, datastore.version, datastore.type from backups order by id"
    ).fetchall() == [("a", 1.0, None, "4.4", None), ("b", 1.5, "eu", "5.0", "DDS")]


def test_a_column_that_cannot_change_its_type_is_named() -> None:
    """Text does not become a number: one sentence says which column."""
    with pytest.raises(DatabaseError, match="column size of backups does not fit"):
        loaded(
            schema("backups", {"id": "string", "size": "string"}, "id"),
            row("a", "big"),
            SCHEMA,
        )


def test_without_a_key_rows_are_appended() -> None:
    """A stream without key_properties keeps every record."""
    connection, _ = loaded(schema("backups", PROPERTIES), row("a"), row("a"))
    assert connection.execute("select count(*) from backups").fetchall() == [(2,)]


def test_activate_version_removes_what_is_not_of_that_version() -> None:
    """Rows of an older version, or of none, go; waiting rows are written first."""
    versioned = line(type="RECORD", stream="backups", record={"id": "b", "size": 1}, version=2)
    activate = line(type="ACTIVATE_VERSION", stream="backups", version=2)
    assert sizes(loaded(SCHEMA, row("a"), versioned, activate)[0]) == {"b": 1}


def test_the_last_state_is_kept_as_it_came() -> None:
    """The state is a value of the tap's: not a byte of it changes."""
    raw = b'{"type": "STATE", "value": {"b": 1,  "a": [1.0]}}\n'
    _, told = loaded(SCHEMA, state({"old": 1}), row("a"), raw, row("b"))
    assert told.state == b'{"b": 1,  "a": [1.0]}'


def test_a_state_counts_only_once_its_rows_are_written() -> None:
    """After a malformed line, the state told is one whose rows are in the file."""
    connection = connect(":memory:")
    told: list[Loaded] = []
    lines = [SCHEMA, row("a"), state(1), row("b"), row("c"), state(2), b"{\n"]
    with pytest.raises(MessageError, match="line 7"):
        load(lines, connection, received_at=NOW, batch_rows=2, loaded=told.append)
    assert told[0].state == b"1"
    assert sizes(connection) == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (b"{", "no Singer message"),
        (b"[]", "no Singer message"),
        (b'"RECORD"', "no Singer message"),
        (b"\xff", "no Singer message"),
        (b'{"type": "RECORD"', "no Singer message"),
        (b"[" * 100_000, "no Singer message"),
        (b'{"stream": "backups"}', "no Singer message"),
        (line(type="BATCH", stream="backups"), "type 'BATCH' is not known"),
        (line(type="RECORD", record={"id": "a"}), "RECORD without stream"),
        (line(type="RECORD", stream="backups"), "RECORD without record"),
        (line(type="STATE"), "STATE without value"),
        (line(type="SCHEMA", stream="x"), "SCHEMA without schema"),
        (line(type="ACTIVATE_VERSION", stream="backups"), "ACTIVATE_VERSION without version"),
        (line(type="ACTIVATE_VERSION", stream="x", version=1), "before its SCHEMA"),
        (record("other", {"id": "a"}), "RECORD of 'other' before its SCHEMA"),
        (schema("x", {}), "has no properties"),
        (schema("x", {"a": "string", "A": "string"}), "differ by case"),
        (schema("x", {'a"b': "string"}), "column name that cannot be used"),
        (schema("x", {"a": "string"}, "b"), "key b of x is not in its schema"),
        (record("backups", {"size": 1}), "missing required field `id`"),
        (record("backups", {"id": None}), "got `null`"),
        (line(type="RECORD", stream="backups", record=[1]), "Expected `object`"),
        (row("a", "much"), "Expected `int"),
        (row("a", 2**63), "9223372036854775807"),
        (row("a", begin_time="yesterday"), "yesterday"),
        (row("a", begin_time="2018-13-06T12:41:14Z"), "2018-13-06"),
        (record("backups", {"id": "a"}, "soon"), "soon"),
    ],
)
@pytest.mark.parametrize("before", [0, 7])
def test_a_malformed_line_is_refused_by_its_number(bad: bytes, problem: str, before: int) -> None:
    """The number is the line's own, wherever it stands in a batch, and the text is one line."""
    good = [row(f"good-{number}") for number in range(before)]
    with pytest.raises(MessageError) as caught:
        loaded(SCHEMA, b"\n", *good, bad, row("after"))
    text = str(caught.value)
    assert text.startswith(f"line {before + 3}: ")
    assert problem in text
    assert "\n" not in text


def test_odd_names_are_only_names() -> None:
    """Quotes and blanks in stream and column names do no harm."""
    name, column = 'x"; drop table y; --', "it's a {column}"
    connection, _ = loaded(schema(name, {column: "string"}, column), record(name, {column: "v"}))
    found = connection.execute('select "it\'s a {column}" from "x""; drop table y; --"')
    assert found.fetchall() == [("v",)]


def test_the_command_keeps_rows_and_state(tmp_path: Path) -> None:
    """Run as a target: state on standard output or in a file, a file of rows, exit 0."""
    database, kept = tmp_path / "dds.duckdb", tmp_path / "state.json"
    command = [sys.executable, "-m", "tap_dds_backups.report.load", "--duckdb", str(database)]
    lines = SCHEMA + row("a") + state({"bookmarks": {}})
    shown = subprocess.run(command, input=lines, capture_output=True, check=True)
    assert json.loads(shown.stdout) == {"bookmarks": {}}
    again = subprocess.run(
        [*command, "--schema", "dds", "--state-out", str(kept)],
        input=lines,
        capture_output=True,
        check=True,
    )
    assert again.stdout == b""
    assert json.loads(kept.read_bytes()) == {"bookmarks": {}}
    connection = connect(str(database))
    assert sizes(connection) == {"a": 1}
    # The file's stem is the catalog's name and here the schema's too.
    assert connection.execute('select count(*) from "dds"."dds"."backups"').fetchall() == [(1,)]


def test_the_command_refuses_in_one_line(tmp_path: Path) -> None:
    """A malformed line and an unusable file are one line on standard error and exit 1."""
    command = [sys.executable, "-m", "tap_dds_backups.report.load", "--duckdb"]
    for path, lines in ((tmp_path / "dds.duckdb", b"{\n"), (tmp_path, SCHEMA)):
        ended = subprocess.run([*command, str(path)], input=lines, capture_output=True, check=False)
        assert ended.returncode == 1
        assert ended.stderr.startswith(b"error: ")
        assert ended.stderr.count(b"\n") == 1
