"""What the emulated service holds: projects, instances and backups."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Project:
    """A project of a region. A sub-project has a `parent_id` and is named `<region>_<name>`."""

    id: str
    name: str = "ap-southeast-3"
    region: str = "ap-southeast-3"
    parent_id: str = ""
    enabled: bool = True


@dataclass(slots=True)
class Instance:
    """A database instance with its backup policy.

    `start_time` is the UTC hour of its nightly backup, `hh:mm-HH:MM`; `keep_days` 0 means that
    automatic backup is off; `period` lists the weekdays, 1 is Monday. `disk_gb` is in GB,
    `incremental_since` in UTC seconds (None: no incremental backups). A deleted instance is no
    longer listed; its manual backups stay.
    """

    id: str
    name: str
    mode: str = "ReplicaSet"
    engine: str = "wiredTiger"
    version: str = "4.4"
    status: str = "normal"
    created: int = 1_500_000_000
    keep_days: int = 7
    start_time: str = "18:00-19:00"
    period: str = "1,2,3,4,5,6,7"
    disk_gb: int = 100
    used_gb: float = 40.0
    enterprise_project_id: str = "0"
    tags: dict[str, str] = field(default_factory=dict)
    incremental_since: int | None = None
    deleted: bool = False


@dataclass(slots=True)
class Backup:
    """One backup. Times are UTC seconds, `size` is in KB, `end` is None while it runs.

    `visible_from` delays when the list shows it; `serial` counts creations in the store.
    `shown` and `spelled` keep how the list shows it, until something changes.
    """

    id: str
    instance: Instance
    name: str
    type: str
    begin: int
    end: int | None = None
    status: str = "BUILDING"
    size: int = 0
    description: str = ""
    visible_from: float = 0.0
    serial: int = 0
    shown: dict[str, Any] | None = field(default=None, repr=False, compare=False)
    spelled: bytes | None = field(default=None, repr=False, compare=False)

    def forget_spelling(self) -> None:
        """To be called after every change."""
        self.shown = self.spelled = None


def hex_id(random: Random, suffix: str = "") -> str:
    """32 hex digits and the suffix of the kind: `in02` for instances, `br02` for backups."""
    return f"{random.getrandbits(128):032x}{suffix}"
