"""100,000 backups from a service that answers at once: what does the work itself cost?"""

from __future__ import annotations

from benchmarks.ours import SOURCE_NAME, TAP_NAME, source, tap
from benchmarks.programs import FLOOR, PLAIN_TAP, sequential
from benchmarks.rounds import Bench, Measured, Target, table, targets
from benchmarks.service import serving

ROWS = 100_000


def run(bench: Bench) -> list[str]:
    """Every program on the same list."""
    programs = [tap(), source(), *sequential()]
    with serving(bench.size(ROWS)) as service:
        found = bench.measure(programs, service)
    head = ["program", "CPU s", "÷ plain tap", f"÷ {FLOOR}", "wall s", "peak MiB", "requests"]
    return table(head, [_row(name, found) for name in found.samples]) + targets(_promised(found))


def _row(name: str, found: Measured) -> list[str]:
    return [
        name,
        f"{found.median(name, 'cpu'):.3f}",
        f"{found.ratio(name, PLAIN_TAP, 'cpu'):.3f}",
        f"{found.ratio(name, FLOOR, 'cpu'):.2f}",
        f"{found.median(name, 'wall'):.2f}",
        f"{found.median(name, 'mib'):.0f}",
        f"{found.median(name, 'requests'):.0f}",
    ]


def _promised(found: Measured) -> list[Target]:
    names = (TAP_NAME, SOURCE_NAME)
    against_plain = [
        Target(f"CPU of {name} ÷ {PLAIN_TAP}", found.ratio(name, PLAIN_TAP, "cpu"), 0.13)
        for name in names
    ]
    floor = Target(f"CPU of {TAP_NAME} ÷ {FLOOR}", found.ratio(TAP_NAME, FLOOR, "cpu"), 3)
    return [*against_plain, floor]
