"""20,000 backups with stream maps, a selection, or flattening active, in ours and in the plain tap."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Job, Program
from benchmarks.ours import TAP, settings
from benchmarks.outputs import Output, singer
from benchmarks.programs import NEWEST_FIRST, SCRIPTS, executable
from benchmarks.rounds import Bench, Measured, Target, table, targets
from benchmarks.service import serving

ROWS = 20_000
FEATURES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "stream maps": {"stream_maps": {"backups": {"size_mb": "size / 1024", "description": None}}},
    "selection": {},
    "flattening": {"flattening_enabled": True, "flattening_max_depth": 1},
}
UNSELECTED = ("description", "datastore", "instance_name")
# Per feature: properties that records then have, and that they lack.
SEEN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "nothing": (("datastore", "description"), ("size_mb", "datastore__type")),
    "stream maps": (("size_mb",), ("description",)),
    "selection": (("status",), UNSELECTED),
    "flattening": (("datastore__type",), ("datastore",)),
}
Words = Sequence[str | Path]


def run(bench: Bench) -> list[str]:
    """Each feature alone, in both taps."""
    programs = [
        _program(whose, feature, start, order)
        for feature in FEATURES
        for whose, start, order in (("ours", _ours, "oldest"), ("plain", _plain, NEWEST_FIRST))
    ]
    with serving(bench.size(ROWS)) as service:
        found = bench.measure(programs, service)
    head = ["active", "ours, CPU s", "plain tap, CPU s", "ours ÷ plain"]
    rows = [[feature, *_figures(feature, found)] for feature in FEATURES]
    return table(head, rows) + targets([_promised(feature, found) for feature in FEATURES])


def _ours() -> Words:
    return [TAP]


def _plain() -> Words:
    return [executable("bench-singer-sdk"), SCRIPTS / "plain_tap.py"]


def _program(whose: str, feature: str, start: Callable[[], Words], order: str) -> Program:
    def command(job: Job) -> Words:
        config = job.write("config.json", settings(job, **FEATURES[feature]))
        words = [*start(), "--config", config]
        if feature == "selection":
            words += ["--catalog", job.write("catalog.json", _selection(words))]
        return words

    return Program(f"{whose}, {feature}", command, Output(singer, order, *SEEN[feature]))


def _selection(words: Words) -> Any:
    """The tap's own catalog without a few properties."""
    told = subprocess.run([*words, "--discover"], capture_output=True, check=True)
    catalog = json.loads(told.stdout)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"][1:2] and entry["breadcrumb"][1] in UNSELECTED:
                entry["metadata"]["selected"] = False
    return catalog


def _figures(feature: str, found: Measured) -> list[str]:
    ours, plain = f"ours, {feature}", f"plain, {feature}"
    costs = [f"{found.median(name, 'cpu'):.2f}" for name in (ours, plain)]
    return [*costs, f"{found.ratio(ours, plain, 'cpu'):.2f}"]


def _promised(feature: str, found: Measured) -> Target:
    ratio = found.ratio(f"ours, {feature}", f"plain, {feature}", "cpu")
    return Target(f"CPU of ours ÷ plain tap, {feature} active", ratio, 1)
