"""What it costs to start: a sync with nothing new, and commands that ask for facts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import measure
from benchmarks.manifest import manifest
from benchmarks.measure import Job, Program
from benchmarks.ours import SOURCE, SOURCE_NAME, TAP, TAP_NAME, settings, tap
from benchmarks.programs import PLAIN_TAP, SCRIPTS, executable
from benchmarks.rounds import Bench, Measured, Target, table, targets
from benchmarks.service import Service, serving

ROWS = 500
AN_HOUR = 3600  # between backups: a day's look-back is one page
IMPORT = "import singer_sdk"
NOTHING_NEW = f"{TAP_NAME}, nothing new"
VERSION = f"{TAP_NAME} --version"
SPEC = f"{SOURCE_NAME} spec"


def run(bench: Bench) -> list[str]:
    """Each command."""
    with serving(ROWS, spacing=AN_HOUR) as service:
        programs = [
            _fixed("python, no work", [sys.executable, "-c", "pass"]),
            _fixed(IMPORT, [sys.executable, "-c", IMPORT]),
            _nothing_new(_last_state(service, bench.folder / "run")),
            *(_fixed(f"{TAP_NAME} {word}", [TAP, word]) for word in ("--version", "--help")),
            _fixed(f"{TAP_NAME} --about", [TAP, "--about"]),
            _fixed(SPEC, [SOURCE, "spec"]),
            Program(f"{PLAIN_TAP} --version", _plain),
            Program("low-code spec", _low_code_spec),
        ]
        found = bench.measure(programs, service)
    head = ["command", "CPU s", f"÷ {IMPORT}", "wall s", "peak MiB", "requests"]
    return table(head, [_row(name, found) for name in found.samples]) + _promised(found)


def _fixed(name: str, words: Sequence[str | Path]) -> Program:
    return Program(name, lambda _: words)


def _plain(_: Job) -> Sequence[str | Path]:
    return [executable("bench-singer-sdk"), SCRIPTS / "plain_tap.py", "--version"]


def _low_code_spec(job: Job) -> Sequence[str | Path]:
    made = manifest(job.service.url, start=None, step="", workers=1)
    config = job.write("config.json", {"__injected_declarative_manifest": made})
    return [
        executable("bench-airbyte-cdk", "source-declarative-manifest"),
        "spec",
        "--config",
        config,
    ]


def _last_state(service: Service, folder: Path) -> Any:
    measure.run(tap(), service, folder)
    last = (folder / "stdout").read_text(encoding="utf-8").splitlines()[-1]
    return json.loads(last)["value"]


def _nothing_new(state: Any) -> Program:
    def command(job: Job) -> Sequence[str | Path]:
        config = job.write("config.json", settings(job))
        return [TAP, "--config", config, "--state", job.write("state.json", state)]

    return Program(NOTHING_NEW, command)


def _row(name: str, found: Measured) -> list[str]:
    return [
        name,
        f"{found.median(name, 'cpu'):.3f}",
        f"{found.ratio(name, IMPORT, 'cpu'):.2f}",
        f"{found.median(name, 'wall'):.3f}",
        f"{found.median(name, 'mib'):.0f}",
        f"{found.median(name, 'requests'):.0f}",
    ]


def _promised(found: Measured) -> list[str]:
    return targets(
        [
            Target(
                f"CPU of {NOTHING_NEW} ÷ {IMPORT}", found.ratio(NOTHING_NEW, IMPORT, "cpu"), 1.1
            ),
            Target(f"CPU of {VERSION}", found.median(VERSION, "cpu"), 0.05, " s"),
        ]
    )
