"""Whole syncs over random lives: `python -m tests.laws.campaign --syncs 1000000 --seed 1`.

A life is a project over some weeks: nights, finishing and failing backups, late ones, deletions,
storms, kills, other filters and start dates, a reading of the manual, a clock that is off. Each
sync is held against the laws. The seed makes a life again, byte for byte.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tap_dds_backups.api.models import Filters
from tap_dds_backups.api.times import from_seconds
from tap_dds_backups.emulator import READINGS
from tests.laws.life import DAY, HOUR, SKEWS, Life
from tests.laws.warehouse import Order, Remember, Warehouse, as_told

SYNCS_OF_A_LIFE = 25
NAMES = [name for name, reading in READINGS.items() if reading.acts_on != "overlap"]


@dataclass
class Summary:
    """What came of a campaign."""

    lives: int = 0
    syncs: int = 0
    requests: int = 0
    rows: int = 0
    refused: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.lives} lives, {self.syncs} syncs, {self.requests} requests,"
            f" {self.rows} rows held, {len(self.refused)} refused"
        )


def a_life(seed: str, remember: Remember = as_told) -> Warehouse:
    """Live one life to its end; raises AssertionError with its seed where a law is broken."""
    random = Random(f"campaign {seed}")
    usual = random.random() < 0.5
    reading = READINGS["ties shuffled" if usual else random.choice(NAMES)]
    skew = 0.0 if reading.future_end == "refused" else random.choice(SKEWS)
    life = Life(random, reading, random.choice([2 * HOUR, DAY, 2 * DAY]), skew)
    warehouse = Warehouse(life, remember)
    try:
        live_through(warehouse, random)
    except AssertionError as broken:
        raise AssertionError(f"seed {seed!r} ({reading}): {broken}") from broken
    return warehouse


def live_through(warehouse: Warehouse, random: Random, syncs: int = SYNCS_OF_A_LIFE) -> None:
    """So many syncs with life going on between them, the last one whole; raises AssertionError."""
    life = warehouse.life
    habits = Habits(random, life)
    for _ in range(random.randrange(30)):
        life.create(random.randrange(life.lookback - 60), running=False)
    for _ in range(syncs - 1):
        habits.some_time()
        warehouse.run(habits.order())
    settle(warehouse)


def settle(warehouse: Warehouse) -> None:
    """All backups end, and one whole sync without filters follows."""
    life = warehouse.life
    while any(backup.end is None for backup in life.store.backups()):
        life.finish()
    life.wait(60)
    warehouse.run(Order())


@dataclass
class Habits:
    """How time passes and how syncs are asked for in one life."""

    random: Random
    life: Life
    filters: Filters = field(default_factory=Filters)
    start_date: str | None = None

    def some_time(self) -> None:
        """A while with a few changes in it."""
        random = self.random
        self.life.wait(random.choice([1, 60, HOUR, HOUR, DAY, DAY, 3 * DAY]) * random.random())
        if random.random() < 0.3:
            self.life.night()
        for _ in range(random.randrange(6)):
            self.life.wait(random.choice([0, 1, 600]))
            self.life.something()

    def order(self) -> Order:
        """Mostly the same settings as before; now and then others."""
        random = self.random
        if random.random() < 0.15:
            self.filters = self._filters()
        if random.random() < 0.1:
            days = random.choice([0, 1, 5, 30])
            self.start_date = from_seconds(self.life.now - days * DAY) if days else None
        end_date = from_seconds(self.life.now - DAY) if random.random() < 0.05 else None
        return Order(
            filters=self.filters,
            start_date=self.start_date,
            end_date=end_date,
            page_size=100 if self.life.crowded else random.choice([10, 30, 100]),
            kill=random.randrange(12) if random.random() < 0.2 else None,
            unrest=random.choice([0, 0, 0.05, 0.3]),
            full_table=random.random() < 0.03,
        )

    def _filters(self) -> Filters:
        choices: list[Callable[[], Filters]] = [
            Filters,
            Filters,
            lambda: Filters(instance_id=self.random.choice(self.life.instances).id),
            lambda: Filters(backup_type="Auto"),
            lambda: Filters(mode="Sharding"),
        ]
        return self.random.choice(choices)()


def campaign(syncs: int, seed: int, remember: Remember = as_told) -> Summary:
    """Live lives until there were so many syncs."""
    summary = Summary()
    while summary.syncs < syncs:
        warehouse = a_life(f"{seed}-{summary.lives}", remember)
        summary.lives += 1
        summary.syncs += warehouse.syncs
        summary.requests += warehouse.requests
        summary.rows += len(warehouse.rows)
        summary.refused += warehouse.refused
        summary.digests.append(warehouse.digest)
    return summary


def main() -> int:
    """Run a campaign and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--syncs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)  # noqa: T201  # its output is its use
    summary = campaign(options.syncs, options.seed)
    print(summary)  # noqa: T201  # its figures
    for text in sorted(set(summary.refused)):
        print(f"refused: {text}")  # noqa: T201  # its figures
    return 0


if __name__ == "__main__":
    sys.exit(main())
