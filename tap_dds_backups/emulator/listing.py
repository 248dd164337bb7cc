"""The question that the list call asks, and its rules (API page, Table 1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tap_dds_backups.emulator.answers import dds_error
from tap_dds_backups.emulator.readings import Reading
from tap_dds_backups.emulator.rows import Backup
from tap_dds_backups.emulator.times import seconds

PARAMETERS = frozenset(
    ("instance_id", "backup_id", "backup_type", "mode", "offset", "limit", "begin_time", "end_time")
)
TYPES = ("Auto", "Manual", "Incremental")
MODES = ("Sharding", "ReplicaSet", "Single")


@dataclass(frozen=True, slots=True)
class Query:
    """One list request. `begin` and `end` are UTC seconds; None means that no filter is set."""

    offset: int = 0
    limit: int = 100
    begin: int | None = None
    end: int | None = None
    instance_id: str | None = None
    backup_id: str | None = None
    backup_type: str | None = None
    mode: str | None = None

    def wants(self, backup: Backup) -> bool:
        """Whether the filters other than time let the backup through."""
        return (
            (self.instance_id is None or backup.instance.id == self.instance_id)
            and (self.backup_id is None or backup.id == self.backup_id)
            and (self.backup_type is None or backup.type == self.backup_type)
            and (self.mode is None or backup.instance.mode == self.mode)
        )

    @property
    def filters(self) -> tuple[str | None, ...]:
        """Everything but time and place."""
        return self.instance_id, self.backup_id, self.backup_type, self.mode


def query_from(pairs: Iterable[tuple[str, str]], *, reading: Reading, now: float) -> Query:
    """The question in a request's parameters, decoded but otherwise as sent.

    Raises:
        ApiError: with the service's own error code for what is wrong.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise dds_error(400, "DBS.200001", f"Parameter error: {name} is given twice.")
        if name not in PARAMETERS and reading.unknown_parameters == "refused":
            raise dds_error(400, "DBS.280001", f"Parameter error: unknown parameter {name}.")
        given[name] = value
    begin, end = _window(given, reading, now)
    query = Query(
        offset=number(given.get("offset", "0"), 0, 1 << 31, "DBS.280440", "offset"),
        limit=number(given.get("limit", "100"), 1, 100, "DBS.280439", "limit"),
        begin=begin,
        end=end,
        instance_id=given.get("instance_id"),
        backup_id=given.get("backup_id"),
        backup_type=_one_of(given.get("backup_type"), TYPES, "DBS.280001", "backup_type"),
        mode=_one_of(given.get("mode"), MODES, "DBS.280342", "mode"),
    )
    if query.backup_type == "Incremental" and not query.instance_id:
        raise dds_error(400, "DBS.280404", "Incremental backups are listed for one instance_id.")
    return query


def number(text: str, lowest: int, highest: int, code: str, name: str) -> int:
    """A whole number between two, or the error with this code about the parameter `name`."""
    if text.isascii() and text.isdigit() and lowest <= int(text[:12]) <= highest:
        return int(text)
    raise dds_error(400, code, f"Invalid {name}: it must be at least {lowest}, at most {highest}.")


def _one_of(text: str | None, allowed: tuple[str, ...], code: str, name: str) -> str | None:
    if text is None or text in allowed:
        return text
    raise dds_error(400, code, f"Invalid {name}: it must be one of {', '.join(allowed)}.")


def _window(given: dict[str, str], reading: Reading, now: float) -> tuple[int | None, int | None]:
    begin = _time(given.get("begin_time"), "DBS.280067", "begin_time")
    end = _time(given.get("end_time"), "DBS.280068", "end_time")
    if begin is None and end is not None:
        raise dds_error(400, "DBS.280067", "begin_time is mandatory when end_time is given.")
    if begin is not None and end is None and reading.begin_alone == "refused":
        raise dds_error(400, "DBS.280068", "end_time is mandatory when begin_time is given.")
    if begin is not None and end is not None and end <= begin:
        raise dds_error(400, "DBS.280068", "end_time must be later than begin_time.")
    if end is not None and end > now and reading.future_end == "refused":
        raise dds_error(400, "DBS.280068", "end_time must not be in the future.")
    return begin, end


def _time(text: str | None, code: str, name: str) -> int | None:
    if text is None:
        return None
    try:
        return seconds(text)
    except ValueError:
        message = f"Invalid {name}: the format is yyyy-mm-dd hh:mm:ss."
        raise dds_error(400, code, message) from None
