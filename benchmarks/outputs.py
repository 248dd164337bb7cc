"""What a program wrote, held against what there was to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.rows import backup_id

Row = tuple[str, str]  # id and begin_time


class Record(msgspec.Struct):
    """What every form of a record holds."""

    id: str
    begin_time: str


class Singer(msgspec.Struct):
    """A Singer message."""

    type: str
    record: Record | None = None


class Held(msgspec.Struct):
    """The part of an Airbyte RECORD that holds the record."""

    data: Record


class Airbyte(msgspec.Struct):
    """An Airbyte message."""

    type: str
    record: Held | None = None


_SINGER = msgspec.json.Decoder(Singer)
_AIRBYTE = msgspec.json.Decoder(Airbyte)
_RECORD = msgspec.json.Decoder(Record)
_IN_PAGES = re.compile(rb'"id":"(\w+)".{0,400}?"begin_time":"([^"]+)"')


def singer(folder: Path) -> Iterator[Row]:
    """The records of a tap."""
    for line in _lines(folder / "stdout"):
        record = _SINGER.decode(line).record
        if record is not None:
            yield record.id, record.begin_time


def airbyte(folder: Path) -> Iterator[Row]:
    """The records of a source."""
    for line in _lines(folder / "stdout"):
        held = _AIRBYTE.decode(line).record
        if held is not None:
            yield held.data.id, held.data.begin_time


def plain(folder: Path) -> Iterator[Row]:
    """A record a line."""
    return _records(folder / "stdout")


def loaded(folder: Path) -> Iterator[Row]:
    """A record a line, in the files of the table `backups` that were loaded into a folder."""
    for path in sorted(folder.glob("loaded/*/backups/*.jsonl")):
        yield from _records(path)


def pages(folder: Path) -> Iterator[Row]:
    """The pages as they came, one file or more."""
    for path in [folder / "stdout", *sorted(folder.glob("page*"))]:
        for found in _IN_PAGES.finditer(path.read_bytes()):
            yield found[1].decode(), found[2].decode()


def _records(path: Path) -> Iterator[Row]:
    for line in _lines(path):
        record = _RECORD.decode(line)
        yield record.id, record.begin_time


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


@dataclass(frozen=True)
class Output:
    """How a program writes, and what must be so.

    Args:
        rows: reads what it wrote.
        order: oldest, newest or any first.
        has: properties that its records must have.
        lacks: properties that they must not have.
    """

    rows: Callable[[Path], Iterator[Row]]
    order: str
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    def problem(self, folder: Path, count: int) -> str | None:
        """What is wrong with what a program wrote of so many backups; None: nothing."""
        told = found_in(self, folder, count)
        if told.missing or told.twice or told.rows != count:
            return f"{told.rows} rows, {told.twice} twice, {told.missing} of {count} missing"
        if not told.ordered:
            return f"not in the order {self.order} first"
        return self._unlike(folder)

    def _unlike(self, folder: Path) -> str | None:
        if not (self.has or self.lacks):
            return None
        lines = (folder / "stdout").read_text(encoding="utf-8").splitlines()
        record = next(line for line in reversed(lines) if '"RECORD"' in line[:30])
        wrong = [name for name in self.has if f'"{name}"' not in record]
        wrong += [name for name in self.lacks if f'"{name}"' in record]
        return f"properties not as asked for: {wrong}" if wrong else None


class Told(NamedTuple):
    """What a program wrote: rows, how many again, how many of those wanted not; sorted or not."""

    rows: int
    twice: int
    missing: int
    ordered: bool


def found_in(output: Output, folder: Path, count: int) -> Told:
    """Look for the backups with the serials below `count` in what a program wrote."""
    found = list(output.rows(folder))
    ids = {name for name, _ in found}
    missing = sum(backup_id(serial) not in ids for serial in range(count))
    begins = [begin for _, begin in found]
    if output.order == "newest":
        begins.reverse()
    ordered = output.order == "any" or all(one <= two for one, two in pairwise(begins))
    return Told(len(found), len(found) - len(ids), missing, ordered)
