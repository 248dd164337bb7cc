"""This project's own two scripts as programs of the comparison; only their command lines are known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.measure import Job, Program
from benchmarks.outputs import Output, airbyte, singer
from benchmarks.rows import PROJECT

TOKEN = "a-token-that-this-service-takes"  # noqa: S105  # made up
SCRIPTS = Path(sys.executable).parent
TAP, SOURCE = SCRIPTS / "tap-dds-backups", SCRIPTS / "source-dds-backups"
TAP_NAME, SOURCE_NAME = "tap-dds-backups", "source-dds-backups"


def settings(job: Job, **more: Any) -> dict[str, Any]:
    """A config of the tap."""
    return {"project_id": PROJECT, "api_url": job.service.url, "auth_token": TOKEN, **more}


def tap(name: str = TAP_NAME, **more: Any) -> Program:
    """The tap with these settings beside address and sign-in."""

    def command(job: Job) -> list[str | Path]:
        return [TAP, "--config", job.write("config.json", settings(job, **more))]

    return Program(name, command, Output(singer, "oldest"))


def source(name: str = SOURCE_NAME, **more: Any) -> Program:
    """The source with these settings beside address and sign-in."""

    def command(job: Job) -> list[str | Path]:
        config = {"project_id": PROJECT, "api_url": job.service.url, **more}
        config["credentials"] = {"auth_type": "token", "auth_token": TOKEN}
        files = ["--config", job.write("config.json", config)]
        return [SOURCE, "read", *files, "--catalog", job.write("catalog.json", CATALOG)]

    return Program(name, command, Output(airbyte, "oldest"))


STREAM = {
    "name": "backups",
    "json_schema": {"type": "object", "properties": {}},
    "supported_sync_modes": ["full_refresh", "incremental"],
    "source_defined_cursor": True,
    "default_cursor_field": ["begin_time"],
    "source_defined_primary_key": [["id"]],
}
CATALOG = {
    "streams": [
        {"stream": STREAM, "sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
    ]
}
