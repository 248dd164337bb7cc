"""`dds-backups-report`: Singer messages in, answers out.

`tap-dds-backups --config c.json | dds-backups-report -o report.html` needs no warehouse. With
`--duckdb FILE` the database is kept, or read where nothing is piped in.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tap_dds_backups import __version__

SERIOUS = ("critical", "high", "medium", "low")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Exit 0; 1 with one line on stderr; 2 for wrong usage; 3 for `--fail-on`."""
    options = _parser().parse_args(arguments)
    try:
        import duckdb  # noqa: F401, PLC0415 - the extra may be missing
    except ModuleNotFoundError:
        print("error: DuckDB is missing: pip install 'tap-dds-backups[report]'", file=sys.stderr)
        return 1
    from tap_dds_backups.report.errors import ReportError  # noqa: PLC0415 - after the check
    from tap_dds_backups.report.run import run  # noqa: PLC0415 - as above

    try:
        return run(options)
    except (ReportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def moment(text: str, time_zone: str) -> datetime:
    """`--as-of`: a time (without offset in the report's zone), or a date, meaning its end. UTC.

    Raises:
        ValueError: It is neither, or the zone is not known.
    """
    try:
        zone: Any = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"time zone {time_zone[:60]!r} is not known") from None
    parsed = datetime.fromisoformat(text)
    if len(text) == len("2026-10-31"):
        parsed = datetime.combine(parsed.date() + timedelta(days=1), time())
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)


def is_piped(descriptor: int) -> bool:
    """Whether something is piped or redirected in: a terminal and /dev/null hold no messages."""
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dds-backups-report",
        description="Reads a tap's Singer messages on standard input, or a DuckDB file, and answers:"
        " is every database restorable, what failed, what is missing, what grows, what costs.",
    )
    add = parser.add_argument
    add("--version", action="version", version=f"dds-backups-report {__version__}")
    add("-o", "--output", type=Path, metavar="FILE", help="write the page, one HTML file")
    add("--out-dir", type=Path, metavar="DIR", help="write controls.csv, backups.csv, summary.json")
    add("--duckdb", metavar="FILE", help="database to keep the messages in, or to read")
    add("--schema", default="main", help="schema of the streams' tables in the database (main)")
    add("--read-only", action="store_true", help="do not read standard input, leave FILE as it is")
    add("--state-out", type=Path, metavar="FILE", help="keep the tap's last STATE in a file")
    add("--objectives", type=Path, metavar="FILE", help="CSV with limits per instance name")
    add("--as-of", metavar="TIME", help="answer for that time, or the end of that day")
    add("--time-zone", default="UTC", metavar="ZONE", help="whose day it is (UTC)")
    add("--fail-on", choices=SERIOUS, help="exit 3 on an alarm this severe or worse")
    return parser


if __name__ == "__main__":
    sys.exit(main())
