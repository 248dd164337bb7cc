"""100,000 backups at 100 ms an answer: does twice the concurrency take half the time?

Ideal is start + latency x requests / concurrency. Start is the wall time of a sync of ten backups
from a service that answers at once.
"""

from __future__ import annotations

from benchmarks.ours import TAP_NAME, tap
from benchmarks.rounds import Bench, Target, table, targets
from benchmarks.service import serving

ROWS = 100_000
MILLISECONDS = 100
CONCURRENCIES = (1, 2, 4, 8, 16)


def run(bench: Bench) -> list[str]:
    """The tap at each concurrency."""
    with serving(10) as service:
        start = bench.measure([tap()], service).median(TAP_NAME, "wall")
    names = {f"concurrency {flying}": flying for flying in CONCURRENCIES}
    programs = [tap(name, concurrency=flying) for name, flying in names.items()]
    with serving(bench.size(ROWS), latency=MILLISECONDS) as service:
        found = bench.measure(programs, service)
    rows, promised = [], []
    for name, flying in names.items():
        requests, wall = found.median(name, "requests"), found.median(name, "wall")
        ideal = start + requests / flying * MILLISECONDS / 1000
        cpu = found.median(name, "cpu")
        rows.append([name, f"{wall:.2f}", f"{ideal:.2f}", f"{wall / ideal:.2f}", f"{cpu:.2f}"])
        promised.append(Target(f"wall ÷ ideal at {name}", wall / ideal, 1.15))
    head = ["tap-dds-backups", "wall s", "ideal s", "÷ ideal", "CPU s"]
    return table(head, rows) + targets(promised)
