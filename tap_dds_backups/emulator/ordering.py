"""Backups in the order of the list: newest first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from random import Random

from tap_dds_backups.emulator.rows import Backup

Key = tuple[int, int]


class Ordered:
    """A list kept sorted, newest first by `second`; equal seconds by creation, newest first."""

    def __init__(self, second: Callable[[Backup], int]) -> None:
        self._second = second
        self._keys: list[Key] = []
        self._rows: list[Backup] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Backup]:
        return iter(self._rows)

    def key(self, backup: Backup) -> Key:
        """Where the backup stands: smaller is nearer to the head."""
        return -self._second(backup), -backup.serial

    def add(self, backups: Iterable[Backup]) -> None:
        """Put backups in their places."""
        fresh = list(backups)
        if len(fresh) < 8:
            for backup in fresh:
                at = bisect_left(self._keys, self.key(backup))
                insort(self._keys, self.key(backup))
                self._rows.insert(at, backup)
            return
        self._rows.extend(fresh)
        self._rows.sort(key=self.key)
        self._keys = [self.key(backup) for backup in self._rows]

    def remove(self, backup: Backup) -> None:
        """Take a backup out; it must be in."""
        at = bisect_left(self._keys, self.key(backup))
        if self._rows[at] is not backup:
            raise LookupError(backup.id)
        del self._keys[at], self._rows[at]

    def between(self, oldest: int | None, newest: int | None) -> tuple[int, int]:
        """The places of the rows whose second lies between two seconds, both included."""
        start = 0 if newest is None else bisect_left(self._keys, (-newest, -(1 << 62)))
        stop = len(self._keys) if oldest is None else bisect_right(self._keys, (-oldest, 1))
        return start, max(start, stop)

    @property
    def rows(self) -> list[Backup]:
        """The rows themselves, to be read only."""
        return self._rows


def shuffled_page(
    rows: list[Backup], start: int, stop: int, second: Callable[[Backup], int], random: Random
) -> list[Backup]:
    """`rows[start:stop]` after the rows of each second have been put in a random order."""
    if start >= stop:
        return []
    first, last = start, stop
    while first > 0 and second(rows[first - 1]) == second(rows[first]):
        first -= 1
    while last < len(rows) and second(rows[last]) == second(rows[last - 1]):
        last += 1
    groups: dict[int, list[Backup]] = {}
    for backup in rows[first:last]:
        groups.setdefault(second(backup), []).append(backup)
    mixed: list[Backup] = []
    for group in groups.values():
        random.shuffle(group)
        mixed.extend(group)
    return mixed[start - first : stop - first]
