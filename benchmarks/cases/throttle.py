"""30,000 backups from a service that lets 10 calls a second pass and refuses the others.

The tap is not told the limit. Ideal is 10 calls in every second, none refused.
"""

from __future__ import annotations

from benchmarks.measure import Sample
from benchmarks.ours import SOURCE_NAME, TAP_NAME, source, tap
from benchmarks.rounds import Bench, Measured, Target, table, targets
from benchmarks.service import serving

ROWS = 30_000
A_SECOND = 10


def run(bench: Bench) -> list[str]:
    """Both scripts, each with a service whose limit nobody has touched."""
    samples: dict[str, list[Sample]] = {}
    for program in (tap(), source()):
        with serving(bench.size(ROWS), latency=20, rate_limit=A_SECOND) as service:
            samples |= bench.measure([program], service).samples
    found = Measured(samples)
    head = ["program", "wall s", "requests", "refused", "share of the allowed rate"]
    rows = [_row(name, found) for name in (TAP_NAME, SOURCE_NAME)]
    rate, refused = _share(TAP_NAME, found), _refused(TAP_NAME, found)
    promised = [
        Target("share of the allowed rate left unused", 1 - rate, 0.05),
        Target("share of the calls refused", refused, 0.03),
    ]
    return table(head, rows) + targets(promised)


def _row(name: str, found: Measured) -> list[str]:
    figures = [f"{found.median(name, what):.0f}" for what in ("requests", "refused")]
    return [name, f"{found.median(name, 'wall'):.1f}", *figures, f"{_share(name, found):.3f}"]


def _share(name: str, found: Measured) -> float:
    passed = found.median(name, "requests") - found.median(name, "refused")
    return passed / A_SECOND / found.median(name, "wall")


def _refused(name: str, found: Measured) -> float:
    return found.median(name, "refused") / found.median(name, "requests")
