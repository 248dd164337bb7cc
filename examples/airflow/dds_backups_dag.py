"""Reads the DDS backups of many projects, one mapped task for each; see README.md beside this file."""

from __future__ import annotations

import json
import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import dag, get_current_context, task
from singer_pipe import load_project

HOME = Path(os.environ.get("DDS_BACKUPS_HOME", "/opt/airflow/dds-backups"))
TAP = os.environ.get("DDS_BACKUPS_TAP", "tap-dds-backups")
TARGET = os.environ.get("DDS_BACKUPS_TARGET", "target-jsonl")
# The service limits calls per user, and all tasks are the same user: more tasks at once make
# nothing faster than the limit, they only keep one slow project from holding up the others.
AT_A_TIME = 2


@dag(
    schedule=timedelta(hours=1),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,  # a run reads everything since the last one, however long ago that was
    max_active_runs=1,  # a project has one state: two runs at once would race for it
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
)
def dds_backups() -> None:
    """Load the backups of each project of `projects.json`."""

    @task
    def overlays() -> list[dict[str, Any]]:
        """Each project's settings on top of `base.json`; no secret is among them."""
        budget = json.loads((HOME / "base.json").read_text())["requests_per_minute"]
        share = {"requests_per_minute": max(1, budget // AT_A_TIME)}
        return [project | share for project in json.loads((HOME / "projects.json").read_text())]

    @task(max_active_tis_per_dag=AT_A_TIME, map_index_template="{{ project_id }}")
    def load(overlay: dict[str, Any]) -> None:
        """Tap into target; the target's last state is where the next run goes on."""
        get_current_context()["project_id"] = overlay["project_id"]
        load_project(
            HOME / "projects" / overlay["project_id"],
            overlay,
            tap=[*shlex.split(TAP), "--config", str(HOME / "base.json")],
            target=shlex.split(TARGET),
        )

    load.expand(overlay=overlays())


this = dds_backups()

if __name__ == "__main__":
    this.test()
