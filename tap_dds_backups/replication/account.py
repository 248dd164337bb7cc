"""The records that give backups their meaning: instances, policies, restorable ranges. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tap_dds_backups.api.times import from_seconds, parse_time

Row = dict[str, Any]

# What is passed on under its own name. Addresses and user names are left out on purpose.
_AS_IT_CAME = (
    "id",
    "name",
    "mode",
    "engine",
    "status",
    "pay_mode",
    "maintenance_window",
    "enterprise_project_id",
    "time_zone",
    "disk_encryption_id",
)
_DATASTORE = ("type", "version", "patch_available", "whole_version")
_STRATEGY = ("start_time", "keep_days")
_POLICY = ("keep_days", "start_time", "period", "enable_incremental_backup")


def instance_record(row: Row) -> Row:
    """An instance; disk size and use are summed over its groups, in GB."""
    record: Row = {name: _text(row.get(name)) for name in _AS_IT_CAME}
    record["datastore"] = _part(row.get("datastore"), _DATASTORE)
    record["backup_strategy"] = _strategy(row.get("backup_strategy"))
    record["created"] = _time(row.get("created"))
    record["updated"] = _time(row.get("updated"))
    record["disk_size_gb"] = _disk(row, "size")
    record["disk_used_gb"] = _disk(row, "used")
    tags = row.get("tags")
    record["tags"] = (
        [_part(tag, ("key", "value")) for tag in tags if isinstance(tag, dict)]
        if isinstance(tags, list)
        else []
    )
    return record


def policy_record(instance: Row, policy: Row) -> Row:
    """An instance's backup policy; where keep_days is 0 the rest does not come and is null."""
    record: Row = {"instance_id": instance["id"], "instance_name": _text(instance.get("name"))}
    record.update({name: policy.get(name) for name in _POLICY})
    record["keep_days"] = _whole(policy.get("keep_days"))
    return record


def window_records(instance: Row, date: str, ranges: Iterable[tuple[int, int]]) -> list[Row]:
    """The ranges of one UTC day to which an instance can be restored, whole seconds."""
    return [
        {
            "instance_id": instance["id"],
            "instance_name": _text(instance.get("name")),
            "date": date,
            "start_time": from_seconds(start / 1000),
            "end_time": from_seconds(end / 1000),
        }
        for start, end in ranges
    ]


def days_back(now: float, days: int) -> list[str]:
    """The last so many UTC days, today included, oldest first, as `yyyy-mm-dd`."""
    today = datetime.fromtimestamp(now, UTC).date()
    return [(today - timedelta(days=back)).isoformat() for back in reversed(range(days))]


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def _time(value: object) -> str | None:
    return parse_time(value) if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _part(value: object, names: Sequence[str]) -> Row | None:
    return {name: value.get(name) for name in names} if isinstance(value, dict) else None


def _strategy(value: object) -> Row | None:
    strategy = _part(value, _STRATEGY)
    if strategy is not None:
        strategy["keep_days"] = _whole(strategy["keep_days"])
    return strategy


def _disk(row: Row, name: str) -> float | None:
    """The sum over the groups that keep data; the service writes numbers as text."""
    groups = row.get("groups")
    sizes = [
        _number(group["volume"].get(name))
        for group in (groups if isinstance(groups, list) else [])
        if isinstance(group, dict) and isinstance(group.get("volume"), dict)
    ]
    known = [size for size in sizes if size is not None]
    return round(sum(known), 3) if known else None


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]  # anything else is refused here
    except (TypeError, ValueError):
        return None
