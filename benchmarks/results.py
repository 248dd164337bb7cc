"""RESULTS.md: one section for each case, replaced when the case is measured anew."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.programs import CURL, PACKAGES
from benchmarks.rounds import Bench, Case

RESULTS = Path(__file__).with_name("RESULTS.md")
_OURS = ("tap-dds-backups", "singer-sdk", "msgspec", "requests", "urllib3")
_ABOUT = """\
# Results

Written by `make bench`; what the programs and the figures are: [README.md](README.md). Figures are
medians of the rounds, ratios the medians of the ratios within each round: load that comes and goes
falls on both sides. Every program's output was checked in every round.
"""


def now() -> str:
    """The minute, UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())


def section(name: str, case: Case, lines: Sequence[str], bench: Bench, began: str) -> list[str]:
    """The part of the results that belongs to a case."""
    about = sys.modules[case.run.__module__].__doc__ or ""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    rounds = f"{bench.rounds} round{'s' if bench.rounds > 1 else ''}"
    when = f"Measured {began}, {rounds}; load averages at the end: {load}. {machine()}"
    return [f"## {name}", "", about.strip(), "", *lines, when, "", versions()]


def machine() -> str:
    """What it ran on."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    named = cpu[1].strip() if cpu else platform.processor()
    gib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({named}), {gib:.0f} GiB, Linux {platform.release()}, {python}."


def versions() -> str:
    """What was compared."""
    ours = [f"{name} {version(name)}" for name in _OURS]
    theirs = [each for packages in PACKAGES.values() for each in packages if "==" in each]
    told = subprocess.run([CURL, "--version"], capture_output=True, text=True, check=True)
    curl = " ".join(told.stdout.split()[:2])
    return f"Ours: {', '.join(ours)}. Peers: {', '.join(theirs).replace('==', ' ')}, {curl}."


def keep(name: str, lines: Sequence[str], names: Sequence[str]) -> None:
    """Put a section into RESULTS.md, in the order of the cases."""
    sections = {}
    if RESULTS.exists():
        for part in RESULTS.read_text(encoding="utf-8").split("\n## ")[1:]:
            sections[part.split("\n", 1)[0].strip()] = f"## {part.strip()}\n"
    sections[name] = "\n".join(lines).strip() + "\n"
    kept = [sections[each] for each in names if each in sections]
    RESULTS.write_text("\n".join([_ABOUT, *kept]), encoding="utf-8")
