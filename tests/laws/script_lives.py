"""Random lives for the installed tap, on a clock of the service's own.

The process lives in real time, the service in the life's: it says so in the Date of its answers,
by which the tap sets its window. Some lives lie behind the machine's clock, some ahead of it, and
some overtake it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tap_dds_backups.api.times import from_seconds
from tap_dds_backups.emulator import READINGS
from tests.api.virtual import VirtualClock
from tests.laws.campaign import NAMES, SYNCS_OF_A_LIFE, live_through
from tests.laws.life import DAY, HOUR, WEEK, Life
from tests.laws.script_process import TAP
from tests.laws.script_run import ScriptWarehouse

AGES = [400 * DAY, 5 * DAY, 0]  # how long before now a life begins; it lasts about nine days


@dataclass(frozen=True)
class Lived:
    """What came of a life."""

    seed: str
    syncs: int
    stopped: int
    requests: int
    rows: int
    refused: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.syncs} syncs, {self.stopped} of them stopped,"
            f" {self.requests} requests, {self.rows} rows held, {len(self.refused)} refused"
        )


def live(seed: str, syncs: int = SYNCS_OF_A_LIFE, program: Sequence[str | Path] = TAP) -> Lived:
    """Live one life of so many runs; AssertionError, with its seed, where a law is broken."""
    random = Random(f"script {seed}")
    reading = READINGS["ties shuffled" if random.random() < 0.5 else random.choice(NAMES)]
    clock = VirtualClock(int(time.time()) - random.choice(AGES))
    life = Life(random, reading, random.choice([2 * HOUR, DAY, 2 * DAY]), clock=clock)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = ScriptWarehouse(life, folder=Path(folder), program=program)
        try:
            live_through(warehouse, random, syncs)
            judge(warehouse)
        except AssertionError as broken:
            raise AssertionError(f"seed {seed!r} ({reading}): {broken}") from broken
    return Lived(
        seed,
        warehouse.syncs,
        warehouse.stopped,
        warehouse.requests,
        len(warehouse.rows),
        tuple(warehouse.refused),
    )


def judge(warehouse: ScriptWarehouse) -> None:
    """In the end the warehouse holds what was visible, as it is, and nothing that never was."""
    life, held = warehouse.life, warehouse.rows
    assert held.keys() <= life.shown_since.keys(), "rows that never were"
    for backup in life.listed():
        if life.shown_since[backup.id] - backup.begin > life.lookback:
            continue  # appeared later than promised, or finished so where only ends are seen
        assert backup.id in held, f"lost: {backup}"
        if (backup.end or 0) - backup.begin < WEEK - 60:
            seen = (held[backup.id].status, held[backup.id].begin_time)
            assert seen == (backup.status, from_seconds(backup.begin)), f"stale: {held[backup.id]}"
