"""How the backups of one instance come about, night by night."""

from __future__ import annotations

from random import Random

from tap_dds_backups.emulator.rows import Backup, Instance, hex_id
from tap_dds_backups.emulator.times import DAY, HOUR

KB_PER_GB = 1024 * 1024
COMPRESSED = 0.35
MIB_PER_SECOND = 60.0
MANUAL_SECONDS = 900
INCREMENTAL_SECONDS = 300
STARTED_TOGETHER = 8
BATCH_SECONDS = 20


def night_rows(instance: Instance, random: Random, *, nights: int, until: float) -> list[Backup]:
    """The automatic backups of the last nights before `until`, newest first, all completed.

    The scheduler starts a few instances in the same second, then the next few: equal begins
    are common.
    """
    batch = int(instance.id[:6], 16) % (1_000 // STARTED_TOGETHER)
    second = int(instance.start_time[:2]) * HOUR + (batch * BATCH_SECONDS) % HOUR
    newest = int((until - 3 * HOUR - second) // DAY * DAY) + second
    return [
        completed(instance, random, begin=newest - night * DAY, age=night)
        for night in range(nights)
    ]


def completed(
    instance: Instance, random: Random, *, begin: int, age: int, speed: float = MIB_PER_SECOND
) -> Backup:
    """A completed automatic backup that is `age` nights old; `speed` in MiB a second."""
    grown = instance.used_gb * (1 - 0.002 * age) * random.uniform(0.99, 1.01)
    size = int(grown * COMPRESSED * KB_PER_GB)
    row = Backup(hex_id(random, "br02"), instance, f"{instance.name}-{begin}", "Auto", begin)
    row.status, row.size = "COMPLETED", size
    row.end = begin + max(60, int(size / 1024 / speed * random.uniform(0.95, 1.05)))
    return row


def incrementals(instance: Instance, random: Random, *, since: float, until: float) -> list[Backup]:
    """The incremental backups of an instance, one every five minutes, oldest first."""
    rows = []
    for begin in range(int(since), int(until) - INCREMENTAL_SECONDS, INCREMENTAL_SECONDS):
        name = f"{instance.name}-inc-{begin}"
        row = Backup(hex_id(random, "br02"), instance, name, "Incremental", begin)
        row.status, row.end, row.size = "COMPLETED", begin + 4, random.randrange(8, 4_000)
        rows.append(row)
    return rows
