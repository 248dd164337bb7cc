"""The answers: the dbt package's models, compiled for DuckDB, built in schema `report` of a database in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import duckdb

from tap_dds_backups.report.errors import DatabaseError, ReportError

OBJECTIVES = {
    "name_pattern": "VARCHAR",
    "tier": "VARCHAR",
    "rpo_hours": "INTEGER",
    "min_retention_days": "INTEGER",
    "exempt": "BOOLEAN",
}
# Wide, and read by a few columns at a time: written down, they would cost more than every other model.
VIEWS = ("stg_dds__backups", "dds__backups")


def models() -> dict[str, str]:
    """SQL by model, in the order in which they build on each other."""
    folder = files("tap_dds_backups.report") / "sql"
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir()}
    return {
        name.partition("_")[2].removesuffix(".sql"): texts[name]
        for name in sorted(texts)
        if name.endswith(".sql")
    }


def build(
    connection: duckdb.DuckDBPyConnection,
    *,
    time_zone: str = "UTC",
    as_of: datetime | None = None,
    objectives: Path | None = None,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Builds every model (`texts`: the package's own) over the views of `report_source`, in memory.

    `as_of` is UTC; without it the newest extraction counts. `objectives` is a CSV file like the
    package's seed: name_pattern, tier, rpo_hours, min_retention_days, exempt.

    Raises:
        ReportError: The zone or the file cannot be used, or nothing in the data tells a time.
    """
    connection.execute("create schema if not exists report")
    _settings(connection, time_zone, as_of)
    _objectives(connection, objectives)
    for name, select in (texts or models()).items():
        kind = "view" if name in VIEWS else "table"
        connection.execute(f"create or replace {kind} report.{name} as {select}")
        if name == "dds__as_of":
            _checked(connection)


def keep(connection: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Copies the answers into an attached file, as tables of its schema `report`: all of them or none."""
    connection.execute("begin transaction")
    connection.execute(f"create schema if not exists {catalog}.report")
    for name in models():
        if name.startswith("dds__"):
            connection.execute(
                f"create or replace table {catalog}.report.{name} as from report.{name}"
            )
    connection.execute("commit")


def _settings(
    connection: duckdb.DuckDBPyConnection, time_zone: str, as_of: datetime | None
) -> None:
    try:
        connection.execute("select cast(now() at time zone ? as varchar)", [time_zone]).fetchall()
    except duckdb.Error:
        raise ReportError(f"time zone {time_zone[:60]!r} is not known") from None
    connection.execute("set variable dds_time_zone = ?", [time_zone])
    moment = as_of.replace(tzinfo=None).isoformat() if as_of else None
    connection.execute("set variable dds_as_of = ?", [moment])


def _objectives(connection: duckdb.DuckDBPyConnection, path: Path | None) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in OBJECTIVES.items())
    connection.execute(f"create or replace table report.dds_objectives ({columns})")
    if path is None:
        return
    kinds = ", ".join(f"'{name}': '{kind}'" for name, kind in OBJECTIVES.items())
    try:
        connection.execute(
            "insert into report.dds_objectives by name"
            f" select * from read_csv(?, header = true, columns = {{{kinds}}})",
            [str(path)],
        )
    except duckdb.Error as error:
        raise ReportError(f"{path}: {str(error).splitlines()[0][:200]}") from None


def _checked(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("select as_of from report.dds__as_of").fetchall()
    if not rows or rows[0][0] is None:
        raise DatabaseError("no row says when it was read: nothing was loaded yet")
