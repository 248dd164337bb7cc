"""20,000 backups from a service that takes 50 ms for each answer: how well is waiting shared?"""

from __future__ import annotations

from benchmarks.ours import SOURCE_NAME, TAP_NAME, source, tap
from benchmarks.programs import curl, low_code, plain_tap
from benchmarks.rounds import Bench, Measured, Target, table, targets
from benchmarks.service import serving

ROWS = 20_000
MILLISECONDS = 50
MOST = 16
TAP_AT_MOST = f"{TAP_NAME}, concurrency {MOST}"
LOW_CODE = {f"low-code, 7 days a step, {workers} workers": workers for workers in (8, 10)}


def run(bench: Bench) -> list[str]:
    """Ours, the peer that reads in parallel, one that does not, and the floor."""
    programs = [tap(), tap(TAP_AT_MOST, concurrency=MOST), source()]
    programs += [low_code(name, step="P7D", workers=workers) for name, workers in LOW_CODE.items()]
    programs += [plain_tap(), curl("curl, 8 in flight", 8), curl("curl, 16 in flight", MOST)]
    with serving(bench.size(ROWS), latency=MILLISECONDS) as service:
        found = bench.measure(programs, service)
    best = min(LOW_CODE, key=lambda name: found.median(name, "wall"))
    head = ["program", "wall s", "÷ best peer", "CPU s", "peak MiB", "requests", "in flight"]
    return table(head, [_row(name, best, found) for name in found.samples]) + _promised(found, best)


def _row(name: str, best: str, found: Measured) -> list[str]:
    return [
        name,
        f"{found.median(name, 'wall'):.2f}",
        f"{found.ratio(name, best, 'wall'):.2f}",
        f"{found.median(name, 'cpu'):.2f}",
        f"{found.median(name, 'mib'):.0f}",
        f"{found.median(name, 'requests'):.0f}",
        f"{found.median(name, 'most'):.0f}",
    ]


def _promised(found: Measured, best: str) -> list[str]:
    limits = {TAP_NAME: 0.55, SOURCE_NAME: 0.55, TAP_AT_MOST: 0.38}
    return targets(
        [
            Target(f"wall of {name} ÷ {best}", found.ratio(name, best, "wall"), most)
            for name, most in limits.items()
        ]
    )
