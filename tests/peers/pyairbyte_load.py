"""Load the stream into a DuckDB file with PyAirbyte: run with its environment's Python.

Prints what PyAirbyte says it read, and what the file then holds, with its column types.
"""

import json
import sys
from pathlib import Path

import airbyte as ab
from airbyte.caches import DuckDBCache

SUMMARY = """
select count(*), count(distinct id), min(begin_time), max(begin_time),
       count(*) filter (status = 'BUILDING'), count(*) filter (status = 'FAILED'), sum(size)
from main.backups
"""

COLUMNS = (
    "select column_name, data_type from information_schema.columns where table_name = 'backups'"
)


def main(executable: str, *options: str) -> None:
    """Read once; `--again` reads all history again."""
    config = json.loads(Path("config.json").read_text())
    source = ab.get_source(
        "source-dds-backups", config=config, streams=["backups"], local_executable=executable
    )
    source.check()
    cache = DuckDBCache(db_path="backups.duckdb", schema_name="main")
    result = source.read(cache=cache, force_full_refresh="--again" in options)
    read = result.processed_records
    with cache.get_sql_engine().connect() as connection:  # the file's one connection
        ask = connection.exec_driver_sql
        ask("set timezone = 'UTC'")
        held = [value if isinstance(value, int) else str(value) for value in ask(SUMMARY).one()]
        types = {row[0]: row[1] for row in ask(COLUMNS)}
    Path("told.json").write_text(json.dumps({"read": read, "held": held, "types": types}))


if __name__ == "__main__":
    main(*sys.argv[1:])
