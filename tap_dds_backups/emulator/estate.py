"""Seeded contents for a store."""

from __future__ import annotations

from random import Random

from tap_dds_backups.emulator.readings import Reading
from tap_dds_backups.emulator.rows import Backup, hex_id
from tap_dds_backups.emulator.store import Store


def plain_store(
    backups: int,
    *,
    seed: int = 0,
    until: float,
    every: float = 600.0,
    reading: Reading | None = None,
) -> Store:
    """Exactly so many completed backups of three instances, one each `every` seconds.

    The newest one began `every` seconds before `until` (UTC seconds).
    """
    store = Store(seed=seed, reading=reading)
    modes = ("ReplicaSet", "Sharding", "Single")
    instances = [store.add_instance(f"db-{mode.lower()}", mode=mode) for mode in modes]
    random = Random(f"plain {seed}")
    rows = []
    for number in range(backups):
        begin = int(until - every * (backups - number))
        instance = instances[number % 3]
        kind = "Manual" if number % 10 == 9 else "Auto"
        row = Backup(hex_id(random, "br02"), instance, f"{instance.name}-{number}", kind, begin)
        row.status, row.end, row.size = "COMPLETED", begin + 120, random.randrange(1_000, 9_000_000)
        rows.append(row)
    store.put(rows)
    return store
