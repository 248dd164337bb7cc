"""What a program wrote, held against what there was to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

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
    """How a program writes, and the order in which it does: oldest, newest or any."""

    rows: Callable[[Path], Iterator[Row]]
    order: str

    def problem(self, folder: Path, count: int) -> str | None:
        """What is wrong with what a program wrote of so many backups; None: nothing."""
        found = list(self.rows(folder))
        ids = {name for name, _ in found}
        missing = sum(backup_id(serial) not in ids for serial in range(count))
        if missing or len(ids) != len(found) or len(ids) != count:
            return f"{len(found)} rows, {len(ids)} of them distinct, {missing} of {count} missing"
        begins = [begin for _, begin in found]
        if self.order == "newest":
            begins.reverse()
        if self.order != "any" and any(one > two for one, two in pairwise(begins)):
            return f"not in the order {self.order} first"
        return None
