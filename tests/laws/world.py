"""A list so small that everything that can happen to it can be tried.

A row is a whole number: its second times 64 plus a serial that no other row ever has. A list is a
tuple of rows, newest second first. A world says which changes its lists undergo and in which ways
its service answers; `Service` is such a service during one scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from typing import NamedTuple

from tap_dds_backups.api.models import Backup, Page, PageRequest, Window
from tap_dds_backups.api.times import from_seconds

List = tuple[int, ...]

SERIALS = 64
MAX_REQUESTS = 400  # a scan of seven rows needs a dozen
SPACING = 16  # seconds between two rows of a first list: room for four rows between them
MIDNIGHT = 1_533_513_600


@cache
def backup(row: int) -> Backup:
    """The row as the scan sees it; one object for each."""
    begin = from_seconds(MIDNIGHT + row // SERIALS)
    return Backup(id=f"b{row % SERIALS}", begin_time=begin, end_time=begin)


class Endless(Exception):
    """A scan asked for more pages than any scan of a few rows can need."""


@dataclass(frozen=True)
class World:
    """What may happen to the lists of a world, and how often at most during one scan.

    `kinds`: delete, late (insert between two seconds), new (insert newest), equal (insert into a
    second that has rows) and swap (two rows of one second). `lies`: drop (a row is left out of a
    page), refill (and the page filled up from behind). `atomic`: rows and count of an answer are
    of one instant; otherwise each is of any instant between question and answer. `ahead`: a page
    that the scan says it will want is answered at any instant between then and when it is wanted,
    which includes three in flight answered in every order. `inclusive`: rows at the bounds are
    listed, so that the oldest and the newest row stand on them.
    """

    kinds: frozenset[str]
    changes: int
    limit: int
    lies: str = ""
    atomic: bool = True
    ahead: bool = False
    inclusive: bool = True

    def window(self, start: List) -> Window:
        """Bounds on the oldest and newest row, or just beyond them."""
        newest, oldest = (start[0], start[-1]) if start else (SPACING * SERIALS, 0)
        margin = 0 if self.inclusive else SPACING // 2
        first, last = (row // SERIALS for row in (oldest, newest))
        return Window(
            from_seconds(MIDNIGHT + first - margin), from_seconds(MIDNIGHT + last + margin)
        )


class Option(NamedTuple):
    """One thing that can happen at a question: changes of the list, and the answer."""

    path: tuple[List, ...]  # the lists after each change
    page: Page
    cost: int  # changes and lies spent


@dataclass
class Service:
    """Answers a scan's questions; `choose(n)` decides each time which of n things happens."""

    world: World
    start: List
    choose: Callable[[int], int]
    options: dict[object, list[Option]]  # known already; shared between scans of one world
    lists: list[List] = field(default_factory=list)  # every list that there was, newest last
    announced: dict[int, int] = field(default_factory=dict)  # offset: when it was first wanted
    left: int = 0
    requests: int = 0

    def __post_init__(self) -> None:
        self.lists.append(self.start)
        self.left = self.world.changes

    def page(self, request: PageRequest) -> Page:
        """Let something happen, then answer."""
        now = len(self.lists) - 1
        since = self.announced.pop(request.offset, now)
        if request.fresh:
            since = now
        if self.world.ahead:
            for offset in request.ahead:
                self.announced.setdefault(offset, now)
        self.requests += 1
        if self.requests > MAX_REQUESTS:
            raise Endless
        hidden = self.world.atomic and not self.announced  # nobody sees the lists between
        key = (request.offset, self.left, self.requests == 1, hidden, *self.lists[since:])
        found = self.options.get(key)
        if found is None:
            found = self.options[key] = list(self._happenings(request.offset, since, hidden=hidden))
        option = found[self.choose(len(found))] if len(found) > 1 else found[0]
        self.lists += option.path
        self.left -= option.cost
        return option.page

    def _happenings(self, offset: int, since: int, *, hidden: bool) -> Iterator[Option]:
        """All that can happen, without what makes no difference to anybody.

        Changes that this answer does not show may as well happen before the next one. Changes
        before the first question only make another first list.
        """
        known = self.lists[since:]
        plain = dict.fromkeys(self._answers(offset, known, 0))
        yield from self._told(offset, known, (), plain)
        if self.requests == 1 and self.world.atomic:
            return
        finals: set[List] = set()
        for path in self._paths(self.lists[-1], self.left):
            if hidden and (path[-1] in finals or path[-1] == self.lists[-1]):
                continue
            finals.add(path[-1])
            shown = dict.fromkeys(self._answers(offset, [*known, *path], len(path)))
            changed = {answer: None for answer in shown if answer not in plain}
            yield from self._told(offset, [*known, *path], path, changed)

    def _told(
        self,
        offset: int,
        known: Sequence[List],
        path: tuple[List, ...],
        answers: dict[tuple[List, int], None],
    ) -> Iterator[Option]:
        for rows, total in answers:
            yield Option(path, Page([backup(row) for row in rows], total), len(path))
        if self.world.lies and len(path) < self.left:
            for rows, total in self._lies(offset, known[-1]):
                yield Option(path, Page([backup(row) for row in rows], total), len(path) + 1)

    def _answers(self, offset: int, known: Sequence[List], new: int) -> Iterator[tuple[List, int]]:
        """Rows and count of any instant in question; where there were changes, of the last one."""
        last = len(known) - 1
        for i, listed in enumerate(known):
            for j, counted in enumerate(known):
                if (i == j or not self.world.atomic) and (not new or last in (i, j)):
                    yield listed[offset : offset + self.world.limit], len(counted)

    def _lies(self, offset: int, listed: List) -> Iterator[tuple[List, int]]:
        end = offset + self.world.limit
        if self.world.lies == "refill":
            end = end + 1 if end < len(listed) else offset
        rows = listed[offset:end]
        for place in range(min(len(rows), self.world.limit)):
            yield rows[:place] + rows[place + 1 :], len(listed)

    def _paths(self, listed: List, budget: int) -> Iterator[tuple[List, ...]]:
        """Every sequence of at most `budget` changes, short ones first."""
        paths: list[tuple[List, ...]] = [()]
        serial = SERIALS - 1 - budget
        for length in range(budget):
            longer = []
            for path in paths:
                before = path[-1] if path else listed
                longer += [(*path, after) for after in self._changed(before, serial + length)]
            yield from longer
            paths = longer

    def _changed(self, listed: List, serial: int) -> dict[List, None]:
        """Every list that one change makes of this one."""
        makers = {"delete": _deleted, "late": _late, "new": _new, "equal": _equal, "swap": _swapped}
        changed: dict[List, None] = {}
        for kind, make in makers.items():
            if kind in self.world.kinds:
                changed |= dict.fromkeys(make(listed, serial, self._bounds()))
        return changed

    def _bounds(self) -> tuple[int, int]:
        if not self.start:
            return 0, SPACING
        margin = 0 if self.world.inclusive else SPACING // 2 - 1
        return self.start[-1] // SERIALS - margin, self.start[0] // SERIALS + margin


Bounds = tuple[int, int]


def _deleted(listed: List, _serial: int, _bounds: Bounds) -> Iterator[List]:
    for place in range(len(listed)):
        yield listed[:place] + listed[place + 1 :]


def _late(listed: List, serial: int, bounds: Bounds) -> Iterator[List]:
    """A row becomes visible between two seconds, or behind the oldest."""
    for place in range(1, len(listed) + 1):
        newer = listed[place - 1] // SERIALS
        older = listed[place] // SERIALS if place < len(listed) else bounds[0] - 1
        if newer - older >= 2:
            yield _inserted(listed, place, (newer + older + 1) // 2, serial)


def _new(listed: List, serial: int, bounds: Bounds) -> Iterator[List]:
    newest = listed[0] // SERIALS if listed else bounds[0]
    if newest < bounds[1]:
        yield _inserted(listed, 0, (newest + bounds[1] + 1) // 2, serial)


def _equal(listed: List, serial: int, _bounds: Bounds) -> Iterator[List]:
    """A row becomes visible in a second that has rows, at each of its places."""
    place = 0
    for second, rows in groupby(listed, lambda row: row // SERIALS):
        size = len(list(rows))
        for inside in range(size + 1):
            yield _inserted(listed, place + inside, second, serial)
        place += size


def _swapped(listed: List, _serial: int, _bounds: Bounds) -> Iterator[List]:
    for place in range(1, len(listed)):
        left, right = listed[place - 1], listed[place]
        if left // SERIALS == right // SERIALS:
            yield (*listed[: place - 1], right, left, *listed[place + 1 :])


def _inserted(listed: List, place: int, second: int, serial: int) -> List:
    return (*listed[:place], second * SERIALS + serial, *listed[place:])
