"""Seeded contents for a store: an even list, and a company's estate with planted faults."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from tap_dds_backups.emulator.cast import plant, rows_needed
from tap_dds_backups.emulator.nights import MANUAL_SECONDS, incrementals, night_rows
from tap_dds_backups.emulator.readings import Reading
from tap_dds_backups.emulator.rows import Backup, Instance, Project, hex_id
from tap_dds_backups.emulator.store import Store
from tap_dds_backups.emulator.times import DAY, HOUR

NIGHTS = 30
WITH_INCREMENTALS = 4
_TEAMS = (
    "orders",
    "billing",
    "catalog",
    "search",
    "users",
    "stock",
    "audit",
    "chat",
    "geo",
    "risk",
)
_STAGES = ("prod", "prod", "prod", "stage", "dev")
_MODES = ("ReplicaSet",) * 7 + ("Sharding",) * 2 + ("Single",)
_VERSIONS = ("4.0", "4.2", "4.4", "4.4", "5.0")
_HOURS = (18,) * 6 + (16, 17, 20, 22)


def plain_store(
    backups: int,
    *,
    seed: int = 0,
    until: float,
    every: float = 600.0,
    project: Project | None = None,
    reading: Reading | None = None,
) -> Store:
    """Exactly so many completed backups of three instances, one each `every` seconds.

    The newest one began `every` seconds before `until` (UTC seconds).
    """
    store = Store(project, seed=seed, reading=reading)
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


def estate(
    backups: int = 1_000,
    *,
    seed: int = 0,
    until: float,
    project: Project | None = None,
    reading: Reading | None = None,
) -> Store:
    """A company's instances with exactly so many full backups, the newest just before `until`.

    Each instance is backed up every night in its hour, many in the same second; some by hand
    too. From 300 backups on, the faults of `cast` are among them: they are what a report must
    find. A few instances have incremental backups of the last day, which do not count.
    """
    store = Store(project, seed=seed, reading=reading)
    random = Random(f"estate {seed}")
    rows: list[Backup] = []
    deleted: Instance | None = None
    if backups >= rows_needed():
        deleted = plant(store, random, rows, until)
    for instance in _healthy(store, random, until):
        if len(rows) >= backups:
            del store.instances[instance.id]
            break
        life = _life_of(instance, random, until)
        if len(life) > backups - len(rows):  # the last one is young, so that the number is met
            life = life[: backups - len(rows)]
            instance.created = min(row.begin for row in life) - HOUR
        rows += life
    rows.sort(key=lambda row: (row.begin, row.id))
    store.put(rows)
    if deleted is not None:
        store.delete_instance(deleted.id)
    _add_incrementals(store, random, until)
    return store


def _healthy(store: Store, random: Random, until: float) -> Iterator[Instance]:
    number = 0
    while True:
        number += 1
        hour = random.choice(_HOURS)
        disk = random.choice((50, 100, 200, 500))
        yield store.add_instance(
            f"{random.choice(_TEAMS)}-{random.choice(_STAGES)}-{number:04d}",
            mode=random.choice(_MODES),
            version=random.choice(_VERSIONS),
            created=int(until - random.randrange(40, 900) * DAY),
            keep_days=NIGHTS,
            start_time=f"{hour:02d}:00-{hour + 1:02d}:00",
            disk_gb=disk,
            used_gb=round(disk * random.uniform(0.1, 0.7), 1),
            tags={"team": random.choice(_TEAMS)},
        )


def _life_of(instance: Instance, random: Random, until: float) -> list[Backup]:
    """The nightly backups that are kept, newest first, and now and then one by hand."""
    rows = night_rows(instance, random, nights=NIGHTS, until=until)
    if random.random() < 0.3:
        begin = int(until - random.randrange(DAY, 20 * DAY))
        size = int(instance.used_gb * MANUAL_SECONDS)
        row = Backup(hex_id(random, "br02"), instance, f"before-release-{begin}", "Manual", begin)
        row.status, row.size = "COMPLETED", size
        row.end, row.description = begin + MANUAL_SECONDS, "before the release"
        rows.insert(0, row)
    return rows


def _add_incrementals(store: Store, random: Random, until: float) -> None:
    replica_sets = [i for i in store.instances.values() if i.mode == "ReplicaSet" and i.keep_days]
    for instance in replica_sets[:WITH_INCREMENTALS]:
        instance.incremental_since = int(until - DAY)
        store.put(incrementals(instance, random, since=until - DAY, until=until))
