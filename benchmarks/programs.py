"""The peers and the floors: their packages, and the command line of each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.manifest import manifest
from benchmarks.measure import Job, Program
from benchmarks.ours import CATALOG, settings
from benchmarks.outputs import Output, airbyte, loaded, pages, plain, singer
from benchmarks.rows import PROJECT, spell
from tests.peers.environments import environment

PACKAGES = {
    "bench-singer-sdk": ["singer-sdk==0.54.9"],
    "bench-tap-rest-api-msdk": ["tap-rest-api-msdk==1.4.2", "setuptools<81"],
    "huaweicloudsdkdds": ["huaweicloudsdkdds==3.1.219"],
    "bench-dlt": ["dlt==1.31.0"],
    "bench-airbyte-cdk": ["airbyte-cdk==7.39.1"],
    "bench-singer-python": ["singer-python==6.8.0", "requests>=2.32"],
    "bench-floors": ["requests>=2.32", "orjson>=3", "msgspec>=0.19"],
}
SCRIPTS = Path(__file__).with_name("peers")
NEWEST_FIRST = "newest"
PLAIN_TAP, FLOOR = "plain singer-sdk tap", "http.client + msgspec"
CURL = Path("/usr/bin/curl")


def executable(name: str, program: str = "python") -> Path:
    """A program of an environment, which is made if need be."""
    return environment(name, PACKAGES[name]) / "bin" / program


def plain_tap(name: str = PLAIN_TAP, **more: Any) -> Program:
    """The SDK's template filled in, with these settings beside address and sign-in."""

    def command(job: Job) -> Sequence[str | Path]:
        config = job.write("config.json", settings(job, **more))
        script = SCRIPTS / "plain_tap.py"
        return [executable("bench-singer-sdk"), script, "--config", config]

    return Program(name, command, Output(singer, NEWEST_FIRST))


def rest_api_tap() -> Program:
    """tap-rest-api-msdk, configured for this API."""

    def command(job: Job) -> Sequence[str | Path]:
        stream = {
            "name": "backups",
            "path": f"/v3/{PROJECT}/backups",
            "records_path": "$.backups[*]",
            "primary_keys": ["id"],
            "headers": {"X-Auth-Token": "a-token"},
        }
        config = {
            "api_url": job.service.url,
            "pagination_request_style": "simple_offset_paginator",
            "pagination_response_style": "offset",
            "pagination_page_size": 100,
            "pagination_initial_offset": 0,
            "offset_records_jsonpath": "$.backups",
            "streams": [stream],
        }
        tap = executable("bench-tap-rest-api-msdk", "tap-rest-api-msdk")
        return [tap, "--config", job.write("config.json", config)]

    return Program("tap-rest-api-msdk", command, Output(singer, NEWEST_FIRST))


def script(name: str, package: str, file: str, rows: Any, order: str = NEWEST_FIRST) -> Program:
    """A script of `peers/`."""

    def command(job: Job) -> Sequence[str | Path]:
        return [executable(package), SCRIPTS / file, job.write("settings.json", settings(job))]

    return Program(name, command, Output(rows, order))


def low_code(name: str, *, step: str | None = None, workers: int = 1) -> Program:
    """Airbyte's low-code runtime: by offset alone, or by steps of time with so many workers."""

    def command(job: Job) -> Sequence[str | Path]:
        start = spell(int(time.time()) - 3600 - job.service.rows * 300) if step else None
        made = manifest(job.service.url, start=start, step=step or "", workers=workers)
        config = {"token": "a-token", "__injected_declarative_manifest": made}
        files = ["--config", job.write("config.json", config)]
        files += ["--catalog", job.write("catalog.json", CATALOG if step else FULL)]
        source = executable("bench-airbyte-cdk", "source-declarative-manifest")
        return [source, "read", *files]

    return Program(name, command, Output(airbyte, "any"))


FULL = {
    "streams": [
        {
            "stream": {
                "name": "backups",
                "json_schema": {"type": "object", "properties": {}},
                "supported_sync_modes": ["full_refresh"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
    ]
}


def curl(name: str = "curl", flying: int = 1) -> Program:
    """The same pages to a file, not even parsed; with more than one in flight to a file each."""

    def command(job: Job) -> Sequence[str | Path]:
        last = job.service.rows - 1
        url = f"{job.service.url}/v3/{PROJECT}/backups?limit=100&offset=[0-{last}:100]"
        if flying == 1:
            return [CURL, "-sS", url]
        many = ["--parallel", "--parallel-immediate", "--parallel-max", str(flying)]
        return [CURL, "-sS", *many, "-o", "page#1", url]

    order = NEWEST_FIRST if flying == 1 else "any"
    return Program(name, command, Output(pages, order))


def sequential() -> list[Program]:
    """Every peer that reads one page after another, and the floors below them."""
    return [
        plain_tap(),
        rest_api_tap(),
        script("huaweicloudsdkdds loop", "huaweicloudsdkdds", "vendor_loop.py", plain),
        script("dlt rest_api", "bench-dlt", "dlt_pipeline.py", loaded),
        low_code("Airbyte low-code"),
        script("singer-python", "bench-singer-python", "singer_python_tap.py", singer),
        *floors(),
    ]


def floors() -> list[Program]:
    """What the work costs without a framework."""
    return [
        script("requests + orjson", "bench-floors", "floor_requests.py", singer),
        script(FLOOR, "bench-floors", "floor_http.py", singer),
        curl(),
    ]
