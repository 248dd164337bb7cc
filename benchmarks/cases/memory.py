"""Memory: a hundred times the backups, and a target that reads one line a second."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path
from typing import IO, NamedTuple

from benchmarks.measure import Job, Program, environment
from benchmarks.ours import SOURCE_NAME, TAP_NAME, source, tap
from benchmarks.rounds import Bench, Measured, Target, table, targets
from benchmarks.service import Service, serving

FEW, MANY = 10_000, 1_000_000
SECONDS = 60  # how long the slow reader reads
SETTLED = 5  # seconds after which a stalled tap should grow no more
MOST_MIB = 10


class Stalled(NamedTuple):
    """A tap whose reader is slow: memory in MiB and requests, early and late."""

    early: float
    late: float
    requests_early: int
    requests_late: int


def run(bench: Bench) -> list[str]:
    """Few and many through both scripts; then the slow reader."""
    programs = [tap(), source()]
    found = []
    for rows in (FEW, MANY):
        with serving(bench.size(rows)) as service:
            found.append(bench.measure(programs, service))
    few, many = found
    names = (TAP_NAME, SOURCE_NAME)
    head = ["program", f"peak MiB at {FEW:,}", f"at {MANY:,}", "more"]
    promised = [
        Target(f"growth of {name}", _growth(name, few, many), MOST_MIB, " MiB") for name in names
    ]
    lines = table(head, [_row(name, few, many) for name in names])
    with serving(bench.size(100_000)) as service:
        stalled = slow_reader(tap(), service, bench)
    grown = Target("growth with a slow reader", stalled.late - stalled.early, 1, " MiB")
    return [*lines, *_told(stalled), *targets([*promised, grown])]


def _growth(name: str, few: Measured, many: Measured) -> float:
    return many.median(name, "mib") - few.median(name, "mib")


def _row(name: str, few: Measured, many: Measured) -> list[str]:
    figures = few.median(name, "mib"), many.median(name, "mib"), _growth(name, few, many)
    return [name, *(f"{figure:.1f}" for figure in figures)]


def _told(stalled: Stalled) -> list[str]:
    head = ["one line a second", "resident MiB", "requests so far"]
    early = [f"after {SETTLED} s", f"{stalled.early:.1f}", str(stalled.requests_early)]
    late = [f"after {SECONDS} s", f"{stalled.late:.1f}", str(stalled.requests_late)]
    return table(head, [early, late])


def slow_reader(program: Program, service: Service, bench: Bench) -> Stalled:
    """Read a line a second for a while, look twice at the tap, then stop it."""
    folder = bench.folder / "slow"
    folder.mkdir()
    words = program.command(Job(service, folder))
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    service.tally()
    environ = environment(folder)
    with subprocess.Popen(words, stdout=pipe, stderr=quiet, env=environ) as process:
        assert process.stdout is not None
        _read_slowly(process.stdout, 1 if bench.short else SETTLED)
        early, asked = resident(process.pid), service.tally()["requests"]
        _read_slowly(process.stdout, 1 if bench.short else SECONDS - SETTLED)
        late, more = resident(process.pid), service.tally()["requests"]
        process.terminate()
        process.stdout.read()
    return Stalled(early, late, asked, asked + more)


def _read_slowly(output: IO[bytes], seconds: int) -> None:
    for _ in range(seconds):
        output.readline()
        time.sleep(1)


def resident(pid: int) -> float:
    """The memory of a running process in MiB; 0 when it has ended."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0
