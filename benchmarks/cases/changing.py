"""20,000 backups while 40 new ones a second appear at the head of the list: what is read?

Speed is nothing if rows are lost. Rows are counted here, not refused: twice is what a list read by
offset does when it grows at its head.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.measure import Program
from benchmarks.ours import source, tap
from benchmarks.outputs import found_in
from benchmarks.programs import low_code, plain_tap
from benchmarks.rounds import Bench, Measured, table
from benchmarks.service import serving

ROWS = 20_000


def run(bench: Bench) -> list[str]:
    """Ours and three ways of reading the same list."""
    peers = [plain_tap(), low_code("low-code, by offset")]
    peers.append(low_code("low-code, 7 days a step, 10 workers", step="P7D", workers=10))
    rows = [_row(program, bench) for program in (tap(), source(), *peers)]
    head = ["program", "old rows missing", "rows twice", "wall s"]
    return table(head, rows)


def _row(program: Program, bench: Bench) -> list[str]:
    unchecked = replace(program, output=None)
    growing = {"latency": 10, "new_rows": 4_000, "new_every": 25}
    with serving(bench.size(ROWS), **growing) as service:
        measured: Measured = bench.measure([unchecked], service)
        assert program.output is not None
        told = found_in(program.output, bench.folder / "run", service.rows)
    wall = f"{measured.median(program.name, 'wall'):.1f}"
    return [program.name, str(told.missing), str(told.twice), wall]
