"""Every run of a scan in a world, one after the other, and what each of them showed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields

from tap_dds_backups.api.errors import ScanNotSettled
from tap_dds_backups.api.models import PageRequest, Window
from tap_dds_backups.api.reading import Rows, Scan
from tests.laws.world import SERIALS, Endless, List, Option, Service, World, backup

ScanMaker = Callable[[Window, int], Scan]


@dataclass
class Tally:
    """How many runs there were, and in how many of them a promise was broken."""

    runs: int = 0
    lost: int = 0  # a row visible from the first request to the last was not written
    unsafe: int = 0  # a row older than a frontier, visible since the start, was not yet written
    disordered: int = 0  # begin_time went back
    repeated: int = 0  # an id was written twice
    endless: int = 0  # it never ended
    refused: int = 0  # ScanNotSettled: said, not lost
    requests: int = 0
    examples: dict[str, str] = field(default_factory=dict)  # the first run of each kind

    @property
    def broken(self) -> int:
        """How often a promise was broken."""
        return self.lost + self.unsafe + self.disordered + self.repeated + self.endless

    def add(self, other: Tally) -> None:
        """Take in the runs of another tally."""
        for name in (item.name for item in fields(self) if item.name != "examples"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.examples = other.examples | self.examples


class Choices:
    """Decisions as a path through a tree; `advance` goes on to the next leaf, depth first."""

    def __init__(self) -> None:
        self.trail: list[list[int]] = []  # [chosen, of how many]
        self.depth = 0

    def choose(self, count: int) -> int:
        """The decision at this point of the run, one of `count`."""
        if self.depth == len(self.trail):
            self.trail.append([0, count])
        chosen, expected = self.trail[self.depth]
        assert count == expected, "the scan did not do the same again"
        self.depth += 1
        return chosen

    def advance(self) -> bool:
        """Go on to the next leaf; False after the last."""
        self.depth = 0
        while self.trail and self.trail[-1][0] + 1 == self.trail[-1][1]:
            self.trail.pop()
        if self.trail:
            self.trail[-1][0] += 1
        return bool(self.trail)


@dataclass
class Witness:
    """Watches one scan: what was written, and which promises were broken."""

    service: Service
    written: set[str] = field(default_factory=set)
    newest: str = ""
    faults: set[str] = field(default_factory=set)

    def wrote(self, rows: Rows) -> None:
        """Check rows at the moment at which they are written."""
        for row in rows.backups:
            if row.begin_time < self.newest:
                self.faults.add("disordered")
            if row.id in self.written:
                self.faults.add("repeated")
            self.newest = row.begin_time
            self.written.add(row.id)
        if rows.frontier is not None and self._missing(rows.frontier):
            self.faults.add("unsafe")

    def ended(self) -> None:
        """Check what is missing after the last page."""
        if self._missing("9"):
            self.faults.add("lost")

    def _missing(self, before: str) -> bool:
        """Whether a row, visible since the start, that began before this time is unwritten."""
        listed = self.service.lists[-1]
        return any(
            row in listed and backup(row).id not in self.written and backup(row).begin_time < before
            for row in self.service.start
        )


def explore(scan: ScanMaker, world: World, starts: Iterator[List], until: str = "") -> Tally:
    """Run the scan through everything that can happen to these lists, or to the first `until` fault."""
    tally = Tally()
    for start in starts:
        choices = Choices()
        options: dict[object, list[Option]] = {}
        while True:
            service = Service(world, start, choices.choose, options)
            faults = run(scan, service)
            tally.runs += 1
            tally.requests += service.requests
            for fault in faults:
                setattr(tally, fault, getattr(tally, fault) + 1)
                if fault not in tally.examples:
                    tally.examples[fault] = described(world, start, service, choices)
            if until in faults or not choices.advance():
                break
        if until in tally.examples:
            break
    return tally


def run(scan: ScanMaker, service: Service) -> set[str]:
    """One scan from its first request to its end; the promises that it broke."""
    witness = Witness(service)
    reading = scan(service.world.window(service.start), service.world.limit)
    try:
        question = next(reading)
        while True:
            if isinstance(question, PageRequest):
                question = reading.send(service.page(question))
                continue
            if isinstance(question, Rows):
                witness.wrote(question)
            question = next(reading)
    except StopIteration:
        witness.ended()
    except ScanNotSettled:
        witness.faults.add("refused")
    except Endless:
        witness.faults.add("endless")
    return witness.faults


def described(world: World, start: List, service: Service, choices: Choices) -> str:
    """A run that can be read and repeated."""
    lists = [
        " ".join(f"{row // SERIALS}.b{row % SERIALS}" for row in each) for each in service.lists
    ]
    taken = [chosen for chosen, _ in choices.trail]
    return f"{world}\n  start {start} choices {taken}\n  lists: " + "\n         ".join(lists)
