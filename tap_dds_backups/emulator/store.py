"""The mutable backup list of one project.

Backups start, finish, fail, are disabled and expire; some become visible late. Every instant is
an argument and must not go back. The same seed and the same calls give the same ids and rows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from random import Random
from typing import Any

from tap_dds_backups.emulator.listing import Query
from tap_dds_backups.emulator.readings import Reading
from tap_dds_backups.emulator.rows import Backup, Instance, Project, hex_id
from tap_dds_backups.emulator.view import View

Rows = list[dict[str, Any]]
Backups = list[Backup]


class Store:
    """The instances and backups of one project, and the list call over them."""

    def __init__(
        self, project: Project | None = None, *, seed: int = 0, reading: Reading | None = None
    ) -> None:
        self.random = Random(f"store {seed}")
        self.project = project or Project(hex_id(self.random))
        self.instances: dict[str, Instance] = {}
        self._by_id: dict[str, Backup] = {}
        self._hidden: list[Backup] = []
        self._serial = 0
        self._seed = seed
        self._view = View(reading or Reading(), seed=seed)
        self._lock = threading.RLock()

    # -- what is held

    @property
    def reading(self) -> Reading:
        """How this service works where the API page leaves a choice."""
        return self._view.reading

    @reading.setter
    def reading(self, reading: Reading) -> None:
        with self._lock:
            hidden = {backup.id for backup in self._hidden}
            self._view = View(reading, seed=self._seed)
            for backup in self._by_id.values():
                backup.forget_spelling()
            self._view.add(backup for backup in self.backups() if backup.id not in hidden)

    def backups(self) -> Backups:
        """All backups, the hidden ones and incremental ones too, in the order of creation."""
        with self._lock:
            return [*self._by_id.values()]

    def backup(self, backup_id: str) -> Backup:
        """The backup with this id; KeyError where there is none."""
        return self._by_id[backup_id]

    def add_instance(self, name: str, **details: Any) -> Instance:
        """A new instance; `details` are fields of `Instance`."""
        with self._lock:
            instance_id = details.pop("id", None) or hex_id(self.random, "in02")
            instance = Instance(instance_id, name, **details)
            self.instances[instance.id] = instance
            return instance

    def delete_instance(self, instance_id: str) -> None:
        """The instance goes, with its automatic and incremental backups; manual ones stay."""
        with self._lock:
            self.instances.pop(instance_id).deleted = True
            for backup in self.backups():
                if backup.instance.id == instance_id and backup.type != "Manual":
                    self.delete(backup.id)

    # -- what changes

    def start(
        self, instance: Instance, *, begin: float, kind: str = "Auto", **details: Any
    ) -> Backup:
        """A backup begins; `details` are fields of `Backup`, such as `visible_from`."""
        with self._lock:
            backup_id = details.pop("id", None) or hex_id(self.random, "br02")
            name = details.pop("name", None) or f"{instance.name}-{kind.lower()}-{int(begin)}"
            backup = Backup(backup_id, instance, name, kind, int(begin), **details)
            self.put([backup])
            return backup

    def put(self, backups: Iterable[Backup]) -> None:
        """Add backups as they are; they count as created in this order."""
        with self._lock:
            shown: list[Backup] = []
            for backup in backups:
                if backup.id in self._by_id:
                    raise ValueError(f"backup {backup.id} is there already")
                self._serial += 1
                backup.serial = self._serial
                self._by_id[backup.id] = backup
                (self._hidden if backup.visible_from > 0 else shown).append(backup)
            self._view.add(shown)

    def finish(self, backup_id: str, *, end: float, size: int | None = None) -> Backup:
        """A running backup completes; `size` in KB."""
        return self._end(backup_id, "COMPLETED", end, size)

    def fail(self, backup_id: str, *, end: float) -> Backup:
        """A running backup fails."""
        return self._end(backup_id, "FAILED", end, None)

    def disable(self, backup_id: str) -> Backup:
        """A backup is being deleted; the list still shows it."""
        with self._lock:
            backup = self._by_id[backup_id]
            backup.status = "DISABLED"
            backup.forget_spelling()
            return backup

    def delete(self, backup_id: str) -> Backup:
        """A backup is gone, expired or deleted by hand."""
        with self._lock:
            backup = self._by_id.pop(backup_id)
            hidden = [other for other in self._hidden if other is not backup]
            if len(hidden) < len(self._hidden):
                self._hidden = hidden
            else:
                self._view.remove(backup)
            return backup

    def _end(self, backup_id: str, status: str, end: float, size: int | None) -> Backup:
        with self._lock:
            backup = self._by_id[backup_id]
            backup.status, backup.end = status, int(end)
            backup.size = backup.size if size is None else size
            backup.forget_spelling()
            self._view.ended()
            return backup

    # -- what is asked

    def list(self, query: Query, *, now: float) -> tuple[Rows, int]:
        """The rows of one page and `total_count`, as the JSON holds them.

        Raises:
            ApiError: where this reading refuses the offset or an unknown id.
        """
        with self._lock:
            self._uncover(now)
            page, total = self._view.page(query, known=self.instances)
            return [dict(self._view.shown(backup)) for backup in page], total

    def body(self, query: Query, *, now: float) -> bytes:
        """The same as JSON; a row is spelled once and kept."""
        with self._lock:
            self._uncover(now)
            page, total = self._view.page(query, known=self.instances)
            rows = b",".join([backup.spelled or self._view.spell(backup) for backup in page])
        listed = b'{"backups":[%b],' % rows
        if total == 0 and self.reading.empty_list != "array":
            listed = b"{" if self.reading.empty_list == "absent" else b'{"backups":null,'
        return listed + b'"total_count":%d}' % total

    def warm(self) -> None:
        """Spell every row now, so that the first answers cost no more than later ones."""
        with self._lock:
            for backup in self._by_id.values():
                self._view.spell(backup)

    def visible(self, query: Query, *, now: float) -> Rows:
        """Every row that the filters of `query` let through at this instant, newest first."""
        with self._lock:
            self._uncover(now)
            return [dict(self._view.shown(backup)) for backup in self._view.matching(query)]

    def incrementals(self, instance_id: str, *, now: float) -> Backups:
        """The visible incremental backups of an instance, newest first."""
        with self._lock:
            self._uncover(now)
            return [*self._view.incrementals(instance_id)]

    def _uncover(self, now: float) -> None:
        if self._hidden and any(backup.visible_from <= now for backup in self._hidden):
            self._view.add(backup for backup in self._hidden if backup.visible_from <= now)
            self._hidden = [backup for backup in self._hidden if backup.visible_from > now]
