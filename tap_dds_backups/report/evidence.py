"""Evidence beside the page: CSV for auditors and spreadsheets, JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from tap_dds_backups import __version__
from tap_dds_backups.report.answers import SEVERITIES, Answers

_CONTROLS = """
    select instance_id, instance_name, control_id, severity, status, reason, evidence_backup_id,
        observed, limit_value as "limit"
    from report.dds__controls
    order by instance_name, instance_id, control_id
"""
_BACKUPS = """
    select * exclude (backup_number, instance_number)
    from report.dds__backups
    order by instance_name, instance_id, begin_time, backup_id
"""


def write_evidence(connection: duckdb.DuckDBPyConnection, answers: Answers, folder: Path) -> None:
    """Writes controls.csv, backups.csv (times in UTC) and summary.json into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, select in (("controls", _CONTROLS), ("backups", _BACKUPS)):
        target = str(folder / f"{name}.csv").replace("'", "''")
        connection.execute(f"copy ({select}) to '{target}' (format csv, header)")
    told = {
        "as_of": answers.scope["as_of_exact"],
        "time_zone": answers.scope["time_zone"],
        "made_by": f"tap-dds-backups {__version__}",
        "scope": {
            key: answers.scope[key]
            for key in ("projects", "regions", "live", "instances", "backups")
        },
        "inside_limit": answers.tiles["inside"],
        "judged": answers.tiles["judged"],
        "completed_30d": int(answers.tiles["completed_30d"] or 0),
        "failed_30d": int(answers.tiles["failed_30d"] or 0),
        "held_gib": answers.tiles["held_gib"],
        "billable_gib": answers.tiles["billable_gib"],
        "findings": {name: answers.tiles[name] for name in SEVERITIES},
        "listings": answers.listings,
        "alarms": [
            {
                key: alarm[key]
                for key in ("severity", "subject", "control_id", "reason", "evidence_backup_id")
            }
            for alarm in answers.alarms
        ],
    }
    (folder / "summary.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
