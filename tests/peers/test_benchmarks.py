"""The benchmarks work: each case with every program on a few pages; no time is judged."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.project.tree import ROOT

pytestmark = pytest.mark.peers

CASES = ["cpu", "latency", "scale", "throttle", "changing", "start", "features", "memory"]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command behind `make bench`."""
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def status() -> str:
    """What git sees changed in the checkout."""
    command = ["git", "status", "--porcelain", "benchmarks"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_short_form_runs_every_program_and_writes_nothing() -> None:
    """Every program of every case reads all rows of a short list; the results stay as they are."""
    before = status()
    done = bench("--short")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines() == [f"{case}: works" for case in CASES]
    assert status() == before


def test_an_even_number_of_rounds_is_refused() -> None:
    """The median of an even number of runs would be none of them."""
    done = bench("--rounds", "2")
    assert done.returncode == 2
    assert "--rounds must be odd" in done.stderr
