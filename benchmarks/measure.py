"""One program, run once and checked: what it cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.outputs import Output
from benchmarks.service import Service

LAUNCH = Path(__file__).with_name("launch.py")
SECONDS = 900


class Failed(Exception):
    """A program did not end well, or did not write what is there."""


@dataclass(frozen=True)
class Sample:
    """What one run cost: wall and CPU (user and system) seconds, peak memory, requests."""

    wall: float
    cpu: float
    mib: float
    requests: int
    refused: int
    most: int


@dataclass(frozen=True)
class Job:
    """What a program is to do: read this service; `folder` is its own, empty before each run."""

    service: Service
    folder: Path

    def write(self, name: str, value: object) -> str:
        """Write a file for the program to read; return its path."""
        path = self.folder / name
        path.write_text(json.dumps(value), encoding="utf-8")
        return str(path)


@dataclass(frozen=True)
class Program:
    """A program of the comparison.

    Args:
        name: what the tables call it.
        command: the command line for a job; it may write config files into the job's folder.
        output: what it writes, and how that is checked; None: nothing to check.
    """

    name: str
    command: Callable[[Job], Sequence[str | Path]]
    output: Output | None = None


def run(program: Program, service: Service, folder: Path) -> Sample:
    """Run a program once, and check what it wrote.

    Raises:
        Failed: with the end of what the program said.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    words = [str(word) for word in program.command(Job(service, folder))]
    service.tally()
    launched = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), str(SECONDS), str(folder), *words],
        stdout=subprocess.PIPE,
        env=environment(folder),
        cwd=folder,
        check=True,
    )
    told, seen = json.loads(launched.stdout), service.tally()
    if told["code"] != 0:
        said = (folder / "stderr").read_text(encoding="utf-8", errors="replace")
        raise Failed(f"{program.name}: exit code {told['code']}\n{said[-3000:]}")
    if program.output is not None:
        problem = program.output.problem(folder, service.rows)
        if problem:
            raise Failed(f"{program.name}: {problem}")
    mib = told["kib"] / 1024
    return Sample(told["wall"], told["cpu"], mib, **seen)


def environment(home: Path) -> dict[str, str]:
    """What each program finds: a home of its own, no proxy, nothing that reports to its makers."""
    return {
        "HOME": str(home),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "NO_PROXY": "*",
        "DO_NOT_TRACK": "1",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }
