"""Put small mistakes into the core, one at a time: `python -m tests.mutation --module retry`.

For each module prints how many mutants the tests killed, which survived without a reason in
survivors.toml, and which stand there in vain; exits with 1 if there is one of either.
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tests.mutation.mutants import mutants
from tests.mutation.trial import passes

ROOT = Path(__file__).parents[2]
SURVIVORS = Path(__file__).with_name("survivors.toml")
LONGEST = 60.0

STEPS = ["api/test_paging_steps.py", "api/test_paging_again.py"]
SCAN = ["api/test_paging_refusals.py", "api/test_paging.py"]
QUICK_WORLDS = "laws/test_exhaustive.py::TestNothingIsLost::test_quick_worlds"

# Each module with the tests that are to notice, the quickest first.
MODULES = {
    "retry": ("api/retry.py", ["api/test_retry.py"]),
    "bookmark": ("replication/bookmark.py", ["replication/test_bookmark.py"]),
    "signing": ("api/signing.py", ["api/test_signing.py"]),
    "models": ("api/models.py", ["api/test_models.py", "api/test_parsing.py"]),
    "parsing": ("api/parsing.py", ["api/test_parsing_answers.py", "api/test_parsing.py"]),
    "judging": ("api/judging.py", ["api/test_judging.py", "api/test_paging_refusals.py"]),
    "reading": ("api/reading.py", ["api/test_reading.py", *SCAN]),
    "planning": ("api/planning.py", ["api/test_planning.py", *SCAN]),
    "draining": ("api/draining.py", ["api/test_draining.py", *SCAN, QUICK_WORLDS]),
    "paging": ("api/paging.py", [*STEPS, *SCAN, QUICK_WORLDS]),
}


def explained(module: str) -> Mapping[str, str]:
    """The changes of a module that no test can notice or need notice, each with the reason."""
    groups = tomllib.loads(SURVIVORS.read_text(encoding="utf-8")).get(module, [])
    return {change: group["reason"] for group in groups for change in group["changes"]}


def source(module: str) -> Path:
    """The file of a module."""
    return ROOT / "tap_dds_backups" / MODULES[module][0]


def examine(module: str) -> bool:
    """Try all mutants of a module and say what came of it; False where one survived unexplained."""
    path = source(module)
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    tests = [str(ROOT / "tests" / test) for test in MODULES[module][1]]
    started = time.monotonic()
    if not passes(name, path, path.read_text(encoding="utf-8"), tests, LONGEST):
        sys.exit(f"{module}: its tests fail as it is")
    seconds = 20 + 5 * (time.monotonic() - started)
    found = mutants(path)
    alive = [m.change for m in found if passes(name, path, m.source, tests, seconds)]
    lines = report(module, len(found), alive)
    print(*lines, sep="\n  ", flush=True)  # noqa: T201  # its output is its use
    return len(lines) == 1


def report(module: str, found: int, alive: list[str]) -> list[str]:
    """One line of figures, then one for each survivor that is new and each that is none any more."""
    known = explained(module)
    new = [change for change in alive if change not in known]
    killed = found - len(alive)
    figures = f"{module}: {found} mutants, {killed} killed ({100 * killed / found:.1f} %)"
    return [
        f"{figures}, {len(alive) - len(new)} explained, {len(new)} new",
        *(f"survived: {change}" for change in new),
        *(f"explained, but killed: {change}" for change in known if change not in alive),
    ]


def main() -> int:
    """Examine the modules asked for, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--module", choices=MODULES, action="append", help="default: all")
    chosen = parser.parse_args().module or list(MODULES)
    results = [examine(module) for module in chosen]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
