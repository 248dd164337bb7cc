"""What the report reads is what the streams' schemas say, under the same names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.report.columns import columns_of, duckdb_type
from tap_dds_backups.report.sources import COLUMNS

SCHEMAS = Path(__file__).parents[2] / "schemas"


def schema_of(stream: str) -> dict[str, Any]:
    """The schema of a stream."""
    schema: dict[str, Any] = json.loads((SCHEMAS / f"{stream}.json").read_text())
    return schema


@pytest.mark.parametrize("stream", COLUMNS)
def test_every_column_that_is_read_is_written(stream: str) -> None:
    """Each is in the stream's schema, nested or not, with that type."""
    properties = schema_of(stream)["properties"]
    for name, kind in COLUMNS[stream].items():
        outer, _, inner = name.partition("__")
        part = properties[outer]["properties"][inner] if inner else properties[outer]
        assert duckdb_type(part) == kind, name


@pytest.mark.parametrize("stream", COLUMNS)
def test_every_schema_becomes_a_table(stream: str) -> None:
    """No two columns differ by case alone, and every type is one that DuckDB has."""
    columns = columns_of(schema_of(stream))
    assert len({name.lower() for name in columns}) == len(columns)
