"""Each point that the API page leaves open, as a value.

Nobody outside the service knows how these points are settled, so the emulator can play every
side of each. A `Reading` is one service that the API page allows; `READINGS` names those that a
client must live with, one departure from the usual at a time, `REFUSALS` those that no client
can read whole from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from tap_dds_backups.emulator.rows import Backup
from tap_dds_backups.emulator.times import HOUR, api_time

Bound = Literal["inclusive", "exclusive"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One way in which the service may work. The defaults are the API page taken literally.

    `acts_on` says what the time filter compares: the begin of a backup, its end (running ones are
    then hidden), its whole span inside the window, or any overlap with the window.
    `gone_instance` is what the instance list says of an id that is gone: regions differ.
    `order` "creation" swaps begins by up to an hour. `count` "lagging" is the total of the
    request before, for the same filters. `page_cap` answers fewer rows than were asked for.
    """

    lower: Bound = "inclusive"
    upper: Bound = "inclusive"
    acts_on: Literal["begin", "end", "span", "overlap"] = "begin"
    ties: Literal["stable", "shuffled"] = "stable"
    order: Literal["begin", "creation"] = "begin"
    count: Literal["exact", "lagging"] = "exact"
    count_off_by: int = 0
    past_end: Literal["empty", "refused"] = "empty"
    empty_list: Literal["array", "null", "absent"] = "array"
    unknown_id: Literal["empty", "refused"] = "empty"
    gone_instance: Literal["refused", "empty"] = "refused"
    future_end: Literal["accepted", "refused"] = "accepted"
    begin_alone: Literal["accepted", "refused"] = "accepted"
    unknown_parameters: Literal["ignored", "refused"] = "refused"
    type_case: Literal["title", "lower", "upper"] = "title"
    unfinished_end: Literal["empty", "absent", "null"] = "empty"
    time_form: Literal["blank", "T", "zone"] = "blank"
    size: Literal["integer", "float"] = "integer"
    newer_fields: bool = False
    extra_fields: bool = False
    missing_fields: tuple[str, ...] = ()
    page_cap: int | None = None

    def order_second(self, backup: Backup) -> int:
        """The second that the list is ordered by, newest first."""
        if self.order == "begin":
            return backup.begin
        return backup.begin + int(backup.id[:8], 16) % (HOUR + 1)

    def in_window(self, backup: Backup, begin: int | None, end: int | None) -> bool:
        """Whether the time filter lets the backup through; bounds are UTC seconds."""
        if begin is None and end is None:
            return True
        first, last = backup.begin, backup.begin
        if self.acts_on != "begin":
            if backup.end is None:
                if self.acts_on != "overlap":
                    return False
                last = 1 << 62
            else:
                last = backup.end
            if self.acts_on == "end":
                first = last
        if self.acts_on == "overlap":
            first, last = last, first
        return self._after(first, begin) and self._before(last, end)

    def _after(self, second: int, begin: int | None) -> bool:
        return begin is None or second > begin or (second == begin and self.lower == "inclusive")

    def _before(self, second: int, end: int | None) -> bool:
        return end is None or second < end or (second == end and self.upper == "inclusive")

    def row(self, backup: Backup) -> dict[str, Any]:
        """The backup as the list shows it (API page, Tables 4 and 5)."""
        instance = backup.instance
        row: dict[str, Any] = {
            "id": backup.id,
            "name": backup.name,
            "instance_id": instance.id,
            "instance_name": instance.name,
            "datastore": {"type": "DDS-Community", "version": instance.version},
            "type": getattr(backup.type, self.type_case)(),
            "begin_time": self.spell_time(backup.begin),
            "end_time": "" if backup.end is None else self.spell_time(backup.end),
            "status": backup.status,
            "size": float(backup.size) if self.size == "float" else backup.size,
            "description": backup.description,
        }
        if self.newer_fields:
            row.update(_newer_fields(backup))
        if self.extra_fields:
            row["storage_class"] = {"name": "standard", "copies": [1, 2, 3]}
        if backup.end is None and self.unfinished_end != "empty":
            row["end_time"] = None
            if self.unfinished_end == "absent":
                del row["end_time"]
        for name in self.missing_fields:
            row.pop(name, None)
        return row

    def spell_time(self, when: int) -> str:
        """A time in the list's spelling."""
        text = api_time(when)
        if self.time_form == "blank":
            return text
        return text.replace(" ", "T") + ("+0000" if self.time_form == "zone" else "")


def _newer_fields(backup: Backup) -> dict[str, Any]:
    """The six fields that came with the vendor's SDK 3.1.181."""
    incremental = backup.type == "Incremental"
    return {
        "instance_status": "deleted" if backup.instance.deleted else backup.instance.status,
        "instance_mode": backup.instance.mode,
        "is_instance_restoring": False,
        "backup_method": "Incremental" if incremental else "Physical",
        "kms_enable": False,
        "deletable": backup.type == "Manual",
    }


_PAGE = Reading()

READINGS: dict[str, Reading] = {
    "as documented": _PAGE,
    "lower bound exclusive": replace(_PAGE, lower="exclusive"),
    "upper bound exclusive": replace(_PAGE, upper="exclusive"),
    "both bounds exclusive": replace(_PAGE, lower="exclusive", upper="exclusive"),
    "filter acts on the end": replace(_PAGE, acts_on="end"),
    "filter acts on the whole span": replace(_PAGE, acts_on="span"),
    "filter acts on any overlap": replace(_PAGE, acts_on="overlap"),
    "ties shuffled": replace(_PAGE, ties="shuffled"),
    "ordered by creation": replace(_PAGE, order="creation"),
    "count lags by a request": replace(_PAGE, count="lagging"),
    "count one too small": replace(_PAGE, count_off_by=-1),
    "past the end refused": replace(_PAGE, past_end="refused"),
    "empty list null": replace(_PAGE, empty_list="null"),
    "empty list absent": replace(_PAGE, empty_list="absent"),
    "unknown id refused": replace(_PAGE, unknown_id="refused"),
    "gone instance is no row": replace(_PAGE, gone_instance="empty"),
    "future end refused": replace(_PAGE, future_end="refused"),
    "both times or none": replace(_PAGE, begin_alone="refused"),
    "type in lower case": replace(_PAGE, type_case="lower"),
    "type in upper case": replace(_PAGE, type_case="upper"),
    "unfinished end absent": replace(_PAGE, unfinished_end="absent"),
    "unfinished end null": replace(_PAGE, unfinished_end="null"),
    "times with T": replace(_PAGE, time_form="T"),
    "times with a zone": replace(_PAGE, time_form="zone"),
    "size a float": replace(_PAGE, size="float"),
    "newer fields": replace(_PAGE, newer_fields=True),
    "extra fields": replace(_PAGE, extra_fields=True),
    "fields missing": replace(_PAGE, missing_fields=("description", "datastore", "size", "name")),
}

REFUSALS: dict[str, Reading] = {
    "count one too large": replace(_PAGE, count_off_by=1),
    "pages capped at 50": replace(_PAGE, page_cap=50),
}
