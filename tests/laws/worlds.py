"""The worlds in which everything is tried, and how large their lists are in the short form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from tests.laws.world import SERIALS, SPACING, List, World

ANY = frozenset({"delete", "late", "new", "equal"})
TIES = frozenset({"equal", "swap"})


class Campaign(NamedTuple):
    """A world with its name, and the first lists to try: up to `rows` rows.

    With `ties`, every way in which that many rows can share seconds; otherwise all differ.
    """

    name: str
    world: World
    rows: int
    ties: bool

    @property
    def lies(self) -> bool:
        """Whether the service lies, so that refusing is allowed."""
        return bool(self.world.lies)

    def starts(self) -> Iterator[List]:
        """The lists to begin with, the smallest first."""
        for count in range(self.rows + 1):
            for groups in compositions(count) if self.ties else [(1,) * count]:
                yield first_list(groups)


def compositions(count: int) -> Iterator[tuple[int, ...]]:
    """Every way to part `count` rows into seconds, order included."""
    if count == 0:
        yield ()
    for first in range(1, count + 1):
        for rest in compositions(count - first):
            yield (first, *rest)


def first_list(groups: tuple[int, ...]) -> List:
    """A list with this many rows in each second, newest second first."""
    seconds = [
        second
        for second, size in zip(range(len(groups), 0, -1), groups, strict=True)
        for _ in range(size)
    ]
    return tuple(second * SPACING * SERIALS + serial for serial, second in enumerate(seconds))


def _worlds(changes: int) -> Iterator[tuple[str, World, bool]]:
    """Name, world, and whether its first lists have rows that share a second."""
    plain = World(frozenset(), changes, 3)
    for name, kinds, ties in (
        ("deletions", frozenset({"delete"}), False),
        ("new and late rows", frozenset({"new", "late"}), False),
        ("rows of one second", TIES, True),
        ("everything, seconds differ", ANY, False),
        ("everything", ANY | TIES, True),
    ):
        yield name, replace(plain, kinds=kinds), ties
        yield f"{name}, count apart", replace(plain, kinds=kinds, atomic=False), ties
    yield "a row left out", replace(plain, kinds=ANY | TIES, lies="drop"), True
    yield "left out, filled up", replace(plain, changes=1, lies="refill"), True


# The most rows in the short form: (one page at a time, read ahead).
SIZES = {
    "deletions": (7, 7),
    "deletions, count apart": (7, 6),
    "new and late rows": (7, 7),
    "new and late rows, count apart": (7, 5),
    "rows of one second": (5, 4),
    "rows of one second, count apart": (4, 3),
    "everything, seconds differ": (7, 6),
    "everything, seconds differ, count apart": (5, 5),
    "everything": (5, 4),
    "everything, count apart": (3, 3),
    "a row left out": (4, 3),
    "left out, filled up": (7, 7),
}


def campaigns(changes: int = 2, *, more_rows: int = 0) -> list[Campaign]:
    """Every world, with pages of 3 and 4, bounds in and out, one at a time and read ahead."""
    found = []
    for name, world, ties in _worlds(changes):
        for limit in (3, 4):
            for inclusive in (True, False):
                for ahead in (False, True):
                    variant = replace(world, limit=limit, inclusive=inclusive, ahead=ahead)
                    words = f"{name}; {limit} a page, bounds {'in' if inclusive else 'out'}"
                    words += ", read ahead" if ahead else ""
                    rows = SIZES[name][ahead] + more_rows
                    found.append(Campaign(words, variant, rows, ties))
    return found
