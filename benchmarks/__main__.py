"""Measure, check and write the results: `make bench`; see README.md in this folder.

Without --case every case is run. The short form runs each on a few pages, judges no times and
writes no file.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import results
from benchmarks.cases import changing, cpu, features, latency, memory, scale, start, throttle
from benchmarks.rounds import Case, note

CASES = {
    "cpu": Case(cpu.run),
    "latency": Case(latency.run),
    "scale": Case(scale.run, once=True),
    "throttle": Case(throttle.run, once=True),
    "changing": Case(changing.run, once=True),
    "start": Case(start.run, times=3),
    "features": Case(features.run),
    "memory": Case(memory.run, once=True),
}


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--case", action="append", choices=list(CASES), help="only this; repeatable"
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often each program is run; odd")
    parser.add_argument("--short", action="store_true", help="see that it works; write nothing")
    given = parser.parse_args()
    if given.rounds % 2 == 0 or given.rounds < 1:
        parser.error("--rounds must be odd: the median is one of the runs")
    return given


def main() -> None:
    """Run the cases that are asked for."""
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in given.case or CASES:
            note(f"case {name}")
            case, began = CASES[name], results.now()
            bench = case.bench(0 if given.short else given.rounds, Path(folder))
            lines = case.run(bench)
            if bench.short:
                print(f"{name}: works")
                continue
            section = results.section(name, case, lines, bench, began)
            results.keep(name, section, list(CASES))
            print("\n".join(section))


if __name__ == "__main__":
    main()
