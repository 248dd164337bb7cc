"""Memory does not grow with the history that is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.measure import Job, Program, run
from benchmarks.ours import source, tap
from benchmarks.service import serving
from tests.laws.script_process import changed_tap

FEW, MANY = 10_000, 1_000_000
MOST_MIB = 10.0
FORGETS_NOTHING = """
from tap_dds_backups.replication.bookmark import Progress
wrote, kept = Progress.wrote, []
Progress.wrote = lambda self, backups: kept.extend(backups) or wrote(self, backups)
"""


def peak(program: Program, rows: int) -> float:
    """The most memory of a process that read so many backups, in MiB; each was written once."""
    with TemporaryDirectory() as folder, serving(rows) as service:
        return run(program, service, Path(folder, "run")).mib


@pytest.mark.laws
@pytest.mark.parametrize("program", [tap, source], ids=["tap", "source"])
def test_a_million_backups_take_no_more_than_ten_thousand(program: Callable[[], Program]) -> None:
    """The peak of the process itself, as the kernel counts it, within 10 MiB."""
    few, many = peak(program(), FEW), peak(program(), MANY)
    print(f"{program().name}: {few:.1f} MiB at {FEW:,}, {many:.1f} at {MANY:,}")  # noqa: T201  # its figures
    assert many - few <= MOST_MIB


@pytest.mark.laws
def test_a_tap_that_forgets_nothing_is_seen() -> None:
    """A tap that keeps what it wrote is over the limit at a tenth of the backups."""

    def command(job: Job) -> list[str | Path]:
        return [*changed_tap(FORGETS_NOTHING), *tap().command(job)[1:]]

    program = Program("forgets nothing", command, tap().output)
    assert peak(program, MANY // 10) - peak(program, FEW) > MOST_MIB
