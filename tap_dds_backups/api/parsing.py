"""From the bytes of a 200 to a `Page`.

Two ways that must agree: typed decoding for the page that is as the manual says, and a careful
one, row by row, for everything else. The careful one forgives what changes no meaning (another
time format, a whole float, a lone surrogate) and never guesses: what it cannot read becomes a
`Flaw` or a `ProtocolError`, not a row with a hole.
"""

from __future__ import annotations

import json
import math
import re
from collections import deque
from collections.abc import Collection, Sequence
from itertools import islice, repeat
from operator import le
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from tap_dds_backups.api.errors import ProtocolError, quoted
from tap_dds_backups.api.models import MAX_SIZE_KB, Backup, Datastore, Flaw, Note, Page
from tap_dds_backups.api.times import parse_time, parse_times

MAX_COUNT = 2**53
MAX_ROWS = 1_000  # ten times what the service gives at most: beyond, nothing is worth reading
MAX_NAMES = 20  # unknown fields that a row has named
_TEXT_FIELDS = (
    "name",
    "instance_id",
    "instance_name",
    "type",
    "status",
    "description",
    "instance_status",
    "instance_mode",
    "backup_method",
)
_FLAG_FIELDS = ("is_instance_restoring", "kms_enable", "deletable")
_KNOWN = {*_TEXT_FIELDS, *_FLAG_FIELDS, "id", "begin_time", "end_time", "size", "datastore"}
_NUMBER = re.compile(r"-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_UNSAFE = re.compile("[\x00\ud800-\udfff]")


class _TypedPage(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    backups: list[Backup]
    total_count: int


_typed = msgspec.json.Decoder(_TypedPage)


class _Unusable(Exception):
    """A value that no reading of the manual explains."""


def typed_page(body: bytes) -> Page | None:
    """Decode a page that is as the manual says; None where it is anything else."""
    # Escapes may hide surrogates and NUL, for the careful way to see. One byte is found far
    # quicker than two.
    if b"\x00" in body or (b"\\" in body and b"\\u" in body):
        return None
    try:
        decoded = _typed.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if not 0 <= decoded.total_count < MAX_COUNT or len(decoded.backups) > MAX_ROWS:
        return None
    if not _normalised(decoded.backups):
        return None
    return Page(decoded.backups, decoded.total_count)


def _normalised(backups: Sequence[Backup]) -> bool:
    """Put the times of decoded rows into our form; False where a careful look is needed."""
    ended = [backup for backup in backups if backup.end_time is not None]
    times = [backup.begin_time for backup in backups]
    times += [backup.end_time or "" for backup in ended]
    parsed = parse_times(times)
    if parsed is None:
        return False
    ends = parsed[len(backups) :]
    _set(backups, "begin_time", parsed)
    _set(ended, "end_time", ends)
    return all(map(le, [backup.begin_time for backup in ended], ends))


def _set(backups: Sequence[Backup], name: str, values: Sequence[str]) -> None:
    deque(map(force_setattr, backups, repeat(name), values), maxlen=0)


def load_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object. Duplicate keys: the last wins. Raises ProtocolError."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise ProtocolError(f"the answer is not JSON ({type(problem).__name__})") from None
    if not isinstance(value, dict):
        raise ProtocolError("the answer is JSON, but not an object")
    return value


def _refuse_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise ValueError(message)


def careful_page(answer: dict[str, Any]) -> Page:
    """Read a page row by row.

    Raises:
        ProtocolError: `backups` is no list, or one of over 1,000; `total_count` no whole number >= 0.
    """
    total = _total_count(answer.get("total_count"))
    rows = answer.get("backups")
    if rows is None and total == 0:
        rows = []
    if not isinstance(rows, list):
        raise ProtocolError("the answer has no list 'backups'")
    if len(rows) > MAX_ROWS:
        raise ProtocolError(f"the answer holds {len(rows)} backups, far more than were asked for")
    notes: set[Note] = set()
    backups: list[Backup] = []
    flaws: list[Flaw] = []
    for place, row in enumerate(rows):
        try:
            backups.append(_backup(row, notes))
        except _Unusable as problem:
            flaws.append(Flaw(place, _id_of(row), str(problem)))
    return Page(backups, total, tuple(flaws), tuple(sorted(notes)))


def _total_count(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MAX_COUNT:
        raise ProtocolError("the answer has no usable 'total_count'")
    return value


def _id_of(row: object) -> str:
    value = row.get("id") if isinstance(row, dict) else None
    return quoted(value, 80) if isinstance(value, str) else ""


def _backup(row: object, notes: set[Note]) -> Backup:
    if not isinstance(row, dict):
        raise _Unusable("the row is not an object")
    values: dict[str, Any] = {name: _text(row, name) for name in _TEXT_FIELDS}
    values |= {name: _flag(row, name) for name in _FLAG_FIELDS}
    backup_id = _text(row, "id")
    if not backup_id:
        raise _Unusable("'id' is missing or empty")
    begin = parse_time(_text(row, "begin_time") or "")
    if begin is None:
        raise _Unusable("'begin_time' is missing or not a time")
    _name(row.keys() - _KNOWN, "", notes)
    return Backup(
        id=backup_id,
        begin_time=begin,
        end_time=_end_time(row, begin, notes),
        size=_size(row.get("size"), notes),
        datastore=_datastore(row.get("datastore"), notes),
        **values,
    )


def _text(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Unusable(f"'{name}' is not text")
    return _UNSAFE.sub("\ufffd", value)


def _flag(row: dict[str, Any], name: str) -> bool | None:
    value = row.get(name)
    if value is not None and not isinstance(value, bool):
        raise _Unusable(f"'{name}' is neither true nor false")
    return value


def _end_time(row: dict[str, Any], begin: str, notes: set[Note]) -> str | None:
    text = _text(row, "end_time")
    if not text:
        return None
    end = parse_time(text)
    if end is None:
        notes.add(Note("end_time", "an end_time is not a time and was written as null", True))
    elif end < begin:
        notes.add(
            Note("end_before_begin", "a backup ends before it begins; passed on as it came", True)
        )
    return end


def _size(value: object, notes: set[Note]) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _Unusable("'size' is not a number")
    if isinstance(value, float) and not value.is_integer():
        notes.add(Note("size", "a size is not a whole number of KB and was rounded", False))
    size = round(value)
    if abs(size) > MAX_SIZE_KB:
        raise _Unusable("'size' is out of range")
    return size


def _number(text: str) -> float | int | None:
    if not _NUMBER.fullmatch(text.strip()):
        return None
    return float(text) if set(text) & set(".eE") else int(text)


def _datastore(value: object, notes: set[Note]) -> Datastore | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _Unusable("'datastore' is not an object")
    _name(value.keys() - {"type", "version"}, "datastore.", notes)
    return Datastore(_text(value, "type"), _text(value, "version"))


def _name(unknown: Collection[str], where: str, notes: set[Note]) -> None:
    for name in islice(unknown, MAX_NAMES):
        notes.add(Note("field", f"unknown field '{where}{quoted(name, 40)}' is dropped", False))
