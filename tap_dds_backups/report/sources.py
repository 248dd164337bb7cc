"""Streams as the report's SQL reads them, whatever loader wrote them and whichever are there.

The SQL in `sql/` was compiled against tables of one shape: nested values flattened by two
underscores, times with a zone. Here a view of that shape is laid over each table that is found, and
an empty one where none is.
"""

from __future__ import annotations

import duckdb

from tap_dds_backups.report.columns import quoted
from tap_dds_backups.report.errors import DatabaseError

TEXT, WHOLE, NUMBER, TRUTH, TIME, DATE = (
    "VARCHAR",
    "BIGINT",
    "DOUBLE",
    "BOOLEAN",
    "TIMESTAMPTZ",
    "DATE",
)
_PLACE = {"project_id": TEXT, "region": TEXT}
_BACKUP = {
    "id": TEXT,
    "name": TEXT,
    "instance_id": TEXT,
    "instance_name": TEXT,
    "instance_mode": TEXT,
    "datastore__type": TEXT,
    "datastore__version": TEXT,
    "type": TEXT,
    "begin_time": TIME,
    "end_time": TIME,
    "status": TEXT,
    "size": WHOLE,
    "description": TEXT,
    "backup_method": TEXT,
    "kms_enable": TRUTH,
    "deletable": TRUTH,
    **_PLACE,
}
COLUMNS: dict[str, dict[str, str]] = {
    "backups": _BACKUP,
    "incremental_backups": _BACKUP,
    "instances": {
        "id": TEXT,
        "name": TEXT,
        "status": TEXT,
        "mode": TEXT,
        "datastore__version": TEXT,
        "created": TIME,
        "backup_strategy__keep_days": WHOLE,
        "backup_strategy__start_time": TEXT,
        "disk_size_gb": NUMBER,
        "disk_used_gb": NUMBER,
        "enterprise_project_id": TEXT,
        **_PLACE,
    },
    "backup_policies": {
        "instance_id": TEXT,
        "keep_days": WHOLE,
        "start_time": TEXT,
        "period": TEXT,
        "enable_incremental_backup": TRUTH,
        **_PLACE,
    },
    "restore_windows": {
        "instance_id": TEXT,
        "date": DATE,
        "start_time": TIME,
        "end_time": TIME,
        **_PLACE,
    },
    "backup_syncs": {
        "sync_id": TEXT,
        "stream": TEXT,
        "started_at": TIME,
        "finished_at": TIME,
        "window_begin": TIME,
        "window_end": TIME,
        "is_full_listing": TRUTH,
        "total_count": WHOLE,
        "records_written": WHOLE,
        "completed": TRUTH,
        **_PLACE,
    },
}
# When a row was read, under the names that Singer targets and Airbyte destinations use.
_EXTRACTED = ("_sdc_extracted_at", "_airbyte_extracted_at", "_sdc_received_at", "_sdc_batched_at")


def lay_views(connection: duckdb.DuckDBPyConnection, catalog: str, schema: str) -> list[str]:
    """Makes `report_source`, one view a stream; returns the streams that were found.

    Raises:
        DatabaseError: There is no `backups` in that schema, or its columns are of another kind.
    """
    connection.execute("create schema if not exists report_source")
    found = []
    for stream, columns in COLUMNS.items():
        there = _columns_there(connection, catalog, schema, stream)
        if there:
            found.append(stream)
        source = f" from {quoted(catalog)}.{quoted(schema)}.{quoted(stream)}" if there else ""
        listed = ", ".join(
            f"{_fitted(there, name, kind)} as {quoted(name)}" for name, kind in columns.items()
        )
        extracted = ", ".join(_cast(there, name, TIME) for name in _EXTRACTED if name in there)
        seen = f"coalesce({extracted})" if extracted else "cast(null as timestamptz)"
        kept = " where _sdc_deleted_at is null" if "_sdc_deleted_at" in there else ""
        nothing = "" if there else " where false"
        connection.execute(
            f"create or replace view report_source.{stream} as"
            f" select {listed}, {seen} as _sdc_extracted_at{source}{kept}{nothing}"
        )
    if "backups" not in found:
        raise DatabaseError(f"no table `backups` in schema {schema}: load the stream first")
    return found


def _columns_there(
    connection: duckdb.DuckDBPyConnection, catalog: str, schema: str, table: str
) -> dict[str, str]:
    """Types by lower-case column name; empty where there is no such table."""
    path = ".".join(quoted(name) for name in (catalog, schema, table))
    # Not `duckdb_columns()`, which lists those of every table and system view first.
    try:
        rows = connection.execute("select name, type from pragma_table_info(?)", [path]).fetchall()
    except duckdb.CatalogException:
        return {}
    return {name.lower(): kind for name, kind in rows}


def _fitted(there: dict[str, str], name: str, kind: str) -> str:
    """The column of that name, flattened, single-flattened or still nested; else null."""
    outer, _, inner = name.partition("__")
    for candidate in (name, f"{outer}_{inner}"):
        if candidate in there:
            return _cast(there, candidate, kind)
    nested = there.get(outer, "") if inner else ""
    if nested.startswith("STRUCT"):
        has = f'"{inner}" ' in nested or f"({inner} " in nested or f" {inner} " in nested
        return f"cast({quoted(outer)}.{quoted(inner)} as {kind})" if has else _null(kind)
    if nested in ("JSON", "VARCHAR"):
        return f"cast(json_extract_string({quoted(outer)}, '$.{inner}') as {kind})"
    return _null(kind)


def _cast(there: dict[str, str], name: str, kind: str) -> str:
    """A time without a zone is UTC; the session's zone, which a cast of text takes, is UTC too."""
    if kind == TIME and there[name].startswith("TIMESTAMP") and "ZONE" not in there[name]:
        return f"{quoted(name)} at time zone 'UTC'"
    return f"cast({quoted(name)} as {kind})"


def _null(kind: str) -> str:
    return f"cast(null as {kind})"
