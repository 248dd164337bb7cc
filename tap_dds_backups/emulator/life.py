"""How a store lives on: backups start, finish, fail and expire, on demand or by itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from tap_dds_backups.emulator.nights import COMPRESSED, KB_PER_GB
from tap_dds_backups.emulator.rows import Backup
from tap_dds_backups.emulator.store import Store
from tap_dds_backups.emulator.times import DAY

ALL = 1 << 31


@dataclass(slots=True)
class Changes:
    """The ids of the backups that changed."""

    started: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The same as plain lists."""
        return asdict(self)


def advance(
    store: Store, *, now: float, start: int = 2, finish: int = ALL, fail: int = 0, expire: int = 0
) -> Changes:
    """Let so many backups fail, finish, expire and start, at the instant `now` (UTC seconds).

    The oldest running ones end first; what has been running for over a day is stuck and stays
    so. The oldest automatic backups expire.
    """
    changes = Changes()
    running = [row for row in _unfinished(store) if row.begin > now - DAY]
    for row in running[:fail]:
        changes.failed.append(store.fail(row.id, end=_end(row, now)).id)
    for row in running[fail : fail + finish]:
        size = int(row.instance.used_gb * COMPRESSED * KB_PER_GB)
        changes.finished.append(store.finish(row.id, end=_end(row, now), size=size).id)
    for row in _oldest_automatic(store)[:expire]:
        changes.expired.append(store.delete(row.id).id)
    changes.started = [_start(store, now).id for _ in range(start if store.instances else 0)]
    return changes


def _start(store: Store, now: float) -> Backup:
    instance = store.random.choice(list(store.instances.values()))
    kind = store.random.choice(("Auto", "Auto", "Manual"))
    return store.start(instance, begin=now - store.random.randrange(2, 30), kind=kind)


def _end(row: Backup, now: float) -> float:
    return max(row.begin + 1, now - 1)


def _unfinished(store: Store) -> list[Backup]:
    return [row for row in store.backups() if row.end is None and row.status == "BUILDING"]


def _oldest_automatic(store: Store) -> list[Backup]:
    rows = [row for row in store.backups() if row.type == "Auto" and row.end is not None]
    return sorted(rows, key=lambda row: row.begin)
