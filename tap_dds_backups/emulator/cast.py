"""The planted faults of the estate: what a report on it must find."""

from __future__ import annotations

from random import Random
from typing import Any

from tap_dds_backups.emulator.nights import completed, night_rows
from tap_dds_backups.emulator.rows import Backup, Instance, hex_id
from tap_dds_backups.emulator.store import Store
from tap_dds_backups.emulator.times import DAY, HOUR

NIGHTS = 30
SLOW_NIGHTS = 70
ORPHANS = 6

NO_BACKUP = "ledger-prod-without-backup"
FAILING = "payments-prod-failing"
SLOWING = "archive-prod-slowing"
SHRUNKEN = "profiles-prod-shrunken"
STUCK = "sessions-prod-stuck"
DELETED = "campaign-2025-deleted"


def rows_needed() -> int:
    """How many backups an estate needs to hold all of the faults and some healthy instances."""
    return 300


def plant(store: Store, random: Random, rows: list[Backup], until: float) -> Instance:
    """Add the instances with faults, and their backups to `rows`; the last one is to be deleted."""
    _add(store, NO_BACKUP, until, keep_days=0)
    rows += _failing(_add(store, FAILING, until), random, until)
    rows += _slowing(_add(store, SLOWING, until, keep_days=SLOW_NIGHTS), random, until)
    rows += _shrunken(_add(store, SHRUNKEN, until), random, until)
    rows += _stuck(_add(store, STUCK, until), random, until)
    deleted = _add(store, DELETED, until)
    rows += [_by_hand(deleted, random, until - (95 + n) * DAY) for n in range(ORPHANS)]
    rows += [_running(store.instances[key], random, until) for key in list(store.instances)[3:5]]
    return deleted


def _add(store: Store, name: str, until: float, **details: Any) -> Instance:
    common = {"created": int(until - 400 * DAY), "keep_days": NIGHTS, "used_gb": 64.0}
    return store.add_instance(name, **{**common, **details})


def _failing(instance: Instance, random: Random, until: float) -> list[Backup]:
    """The last three nights failed, one after another."""
    rows = night_rows(instance, random, nights=NIGHTS, until=until)
    for row in rows[:3]:
        row.status, row.size, row.end = "FAILED", 0, row.begin + 95
    return rows


def _slowing(instance: Instance, random: Random, until: float) -> list[Backup]:
    """From 60 to 14 MiB a second over the nights, at the same size."""
    regular = night_rows(instance, random, nights=SLOW_NIGHTS, until=until)
    return [
        completed(instance, random, begin=row.begin, age=0, speed=14 + 46 * age / SLOW_NIGHTS)
        for age, row in enumerate(regular)
    ]


def _shrunken(instance: Instance, random: Random, until: float) -> list[Backup]:
    """The last night holds less than a fifth of what the nights before held."""
    rows = night_rows(instance, random, nights=NIGHTS, until=until)
    rows[0].size = rows[0].size * 18 // 100
    return rows


def _stuck(instance: Instance, random: Random, until: float) -> list[Backup]:
    """One by hand began nine days ago and has never ended; the nights went on."""
    row = _by_hand(instance, random, until - 9 * DAY)
    row.status, row.end, row.size = "BUILDING", None, 0
    return [row, *night_rows(instance, random, nights=NIGHTS, until=until)]


def _running(instance: Instance, random: Random, until: float) -> Backup:
    row = _by_hand(instance, random, until - 0.2 * HOUR)
    row.status, row.end, row.size = "BUILDING", None, 0
    return row


def _by_hand(instance: Instance, random: Random, begin: float) -> Backup:
    name = f"manual-{instance.name}-{int(begin)}"
    row = Backup(hex_id(random, "br02"), instance, name, "Manual", int(begin))
    row.status, row.end, row.size = "COMPLETED", int(begin) + 1_200, 23_000_000
    row.description = "by hand"
    return row
