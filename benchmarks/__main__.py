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
from benchmarks.rounds import Bench, Case, note

CASES: dict[str, Case] = {
    "cpu": cpu.run,
    "latency": latency.run,
    "scale": scale.run,
    "throttle": throttle.run,
    "changing": changing.run,
    "start": start.run,
    "features": features.run,
    "memory": memory.run,
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
    if given.rounds % 2 == 0:
        parser.error("--rounds must be odd: the median is one of the runs")
    return given


def main() -> None:
    """Run the cases that are asked for."""
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(1 if given.short else given.rounds, given.short, Path(folder))
        for name in given.case or CASES:
            note(f"case {name}")
            began = results.now()
            lines = CASES[name](bench)
            if bench.short:
                print(f"{name}: works")
            else:
                section = results.section(name, CASES[name], lines, bench, began)
                results.keep(name, section, list(CASES))
                print("\n".join(section))


if __name__ == "__main__":
    main()
