"""The estate with planted faults (the dbt package's seeds) as Singer messages and as marts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from tap_dds_backups.report import marts
from tap_dds_backups.report.load import connect, load
from tap_dds_backups.report.sources import COLUMNS, lay_views

PACKAGE = Path(__file__).parents[2] / "analytics"
SEEDS = PACKAGE / "integration_tests" / "seeds"
EXPECTED = PACKAGE / "integration_tests" / "expected"
OBJECTIVES = SEEDS / "estate_objectives.csv"
STREAMS = {
    "backups": ["id"],
    "instances": ["id"],
    "backup_policies": ["instance_id"],
    "backup_syncs": ["sync_id"],
    "restore_windows": ["instance_id", "date", "start_time"],
}
NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
_TYPES = {
    "VARCHAR": {"type": ["string", "null"]},
    "BIGINT": {"type": ["integer", "null"]},
    "DOUBLE": {"type": ["number", "null"]},
    "BOOLEAN": {"type": ["boolean", "null"]},
    "TIMESTAMPTZ": {"type": ["string", "null"], "format": "date-time"},
    "DATE": {"type": ["string", "null"], "format": "date"},
}


def rows(stream: str) -> Iterator[dict[str, Any]]:
    """Rows of a seed with their JSON types; an empty field is null."""
    kinds = COLUMNS[stream]
    with (SEEDS / f"{stream}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: _value(kinds.get(name, "VARCHAR"), text) for name, text in row.items()}


def messages(streams: Iterable[str] = tuple(STREAMS), *, nested: bool = True) -> list[bytes]:
    """The seeds as a tap would write them, nested as the API has it or flattened."""
    written = []
    for stream in streams:
        found = list(rows(stream))
        properties = {
            name: _TYPES[COLUMNS[stream].get(name, "VARCHAR")]
            for name in found[0]
            if name != "_sdc_extracted_at"
        }
        schema = {"type": "object", "properties": _nest_schema(properties, nested=nested)}
        written.append(
            {
                "type": "SCHEMA",
                "stream": stream,
                "schema": schema,
                "key_properties": STREAMS[stream],
            }
        )
        for row in found:
            extracted = row.pop("_sdc_extracted_at")
            record = _nest(row) if nested else row
            written.append(
                {"type": "RECORD", "stream": stream, "record": record, "time_extracted": extracted}
            )
    return [json.dumps(message).encode() + b"\n" for message in written]


def estate(
    streams: Iterable[str] = tuple(STREAMS), *, nested: bool = True
) -> duckdb.DuckDBPyConnection:
    """A database in memory with the estate loaded and the views over it laid."""
    connection = connect(":memory:")
    load(messages(streams, nested=nested), connection, received_at=NOW)
    lay_views(connection, "memory", "main")
    return connection


def built(streams: Iterable[str] = tuple(STREAMS), **options: Any) -> duckdb.DuckDBPyConnection:
    """The estate with every mart built, its objectives applied."""
    connection = estate(streams)
    marts.build(connection, **{"objectives": OBJECTIVES, **options})
    return connection


def alarms(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Instance and control of every alarm."""
    return set(
        connection.execute(
            "select instance_name, control_id from report.dds__controls where status = 'alarm'"
        ).fetchall()
    )


def _value(kind: str, text: str) -> Any:
    if text == "":
        return None
    if kind in ("BIGINT", "DOUBLE"):
        return int(text)
    return text == "true" if kind == "BOOLEAN" else text


def _nest(row: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for name, value in row.items():
        outer, _, inner = name.partition("__")
        if inner:
            record.setdefault(outer, {})[inner] = value
        else:
            record[name] = value
    return record


def _nest_schema(properties: dict[str, Any], *, nested: bool) -> dict[str, Any]:
    if not nested:
        return properties
    return {
        name: {"type": ["object", "null"], "properties": value} if "type" not in value else value
        for name, value in _nest(properties).items()
    }
