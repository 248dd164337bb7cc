"""The calls on instances: the list, the backup policy, the times that can be restored."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterable, Sequence
from typing import Any

from tap_dds_backups.emulator.answers import dds_error
from tap_dds_backups.emulator.listing import number
from tap_dds_backups.emulator.nights import INCREMENTAL_SECONDS
from tap_dds_backups.emulator.rows import Backup, Instance
from tap_dds_backups.emulator.times import DAY, instance_time

Row = dict[str, Any]
Pairs = Iterable[tuple[str, str]]

_GROUPS = {
    "Sharding": ("mongos", "shard", "shard", "config"),
    "ReplicaSet": ("replica",),
    "Single": ("single",),
}
_ROLES = ("Primary", "Secondary", "Hidden")


def instance_page(
    instances: Sequence[Instance], pairs: Pairs, *, region: str, gone: str
) -> dict[str, Any]:
    """One page of the instance list, newest first; `gone` says what an unknown id gives.

    Raises:
        ApiError: for a wrong offset or limit, and for an id that is gone.
    """
    given = dict(pairs)
    offset = number(given.get("offset", "0"), 0, 1 << 31, "DBS.280440", "offset")
    limit = number(given.get("limit", "100"), 1, 100, "DBS.280439", "limit")
    found = [instance for instance in instances if _wanted(instance, given)]
    if "id" in given and not found and gone == "refused":
        raise no_instance()
    found.sort(key=lambda instance: (-instance.created, instance.id))
    rows = [instance_row(instance, region) for instance in found[offset : offset + limit]]
    return {"instances": rows, "total_count": len(found)}


def _wanted(instance: Instance, given: dict[str, str]) -> bool:
    name = given.get("name", instance.name)
    named = name[1:] in instance.name if name.startswith("*") else name == instance.name
    mode = given.get("mode", instance.mode)
    return named and mode == instance.mode and given.get("id", instance.id) == instance.id


def no_instance() -> Exception:
    """What the service says of an instance that is gone."""
    return dds_error(400, "DBS.280110", "The DB instance does not exist.")


def instance_row(instance: Instance, region: str) -> Row:
    """An instance as the list shows it (vendor's SDK, QueryInstanceResponse)."""
    datastore = {"type": "DDS-Community", "version": instance.version, "patch_available": False}
    return {
        "id": instance.id,
        "name": instance.name,
        "remark": "",
        "status": instance.status,
        "port": "8635",
        "mode": instance.mode,
        "region": region,
        "datastore": {**datastore, "whole_version": f"{instance.version}.3"},
        "engine": instance.engine,
        "created": instance_time(instance.created),
        "updated": instance_time(instance.created + 600),
        "db_user_name": "rwuser",
        "ssl": 1,
        "vpc_id": _uuid(instance, "01"),
        "subnet_id": _uuid(instance, "02"),
        "security_group_id": _uuid(instance, "03"),
        "backup_strategy": {"start_time": instance.start_time, "keep_days": instance.keep_days},
        "pay_mode": "0",
        "maintenance_window": "02:00-06:00",
        "groups": [_group(instance, kind, at) for at, kind in enumerate(_groups(instance))],
        "disk_encryption_id": "",
        "enterprise_project_id": instance.enterprise_project_id,
        "time_zone": "",
        "actions": [],
        "tags": [{"key": key, "value": value} for key, value in instance.tags.items()],
    }


def _groups(instance: Instance) -> Sequence[str]:
    return _GROUPS.get(instance.mode, ("replica",))


def _group(instance: Instance, kind: str, place: int) -> Row:
    """One group; only those that keep data have a volume. Sizes are texts, in GB."""
    shards = max(1, _groups(instance).count("shard"))
    keeps_data = kind not in ("mongos", "config")
    group = {"type": kind, "id": f"{instance.id[:30]}{place:02d}gr02", "name": f"{kind}_{place}"}
    group["status"] = "normal"
    volume = {"size": f"{instance.disk_gb / shards:g}", "used": f"{instance.used_gb / shards:.3f}"}
    nodes = [_node(instance, kind, place, at) for at in range(3 if kind == "replica" else 1)]
    return {**group, **({"volume": volume} if keeps_data else {}), "nodes": nodes}


def _node(instance: Instance, kind: str, group: int, place: int) -> Row:
    return {
        "id": f"{instance.id[:28]}{group:02d}{place:02d}no02",
        "name": f"{instance.name}_{kind}_node_{place + 1}",
        "status": "normal",
        "role": _ROLES[place] if kind == "replica" else "Primary",
        "private_ip": f"192.168.{group}.{10 + place}",
        "public_ip": "",
        "spec_code": "dds.mongodb.s6.large.2.repset",
        "availability_zone": "ap-southeast-3a",
    }


def _uuid(instance: Instance, kind: str) -> str:
    digits = instance.id[:30] + kind
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def policy(instance: Instance) -> Row:
    """The backup policy; where automatic backup is off, only `keep_days` 0 comes."""
    if not instance.keep_days:
        return {"backup_policy": {"keep_days": 0}}
    return {
        "backup_policy": {
            "keep_days": instance.keep_days,
            "start_time": instance.start_time,
            "period": instance.period,
            "enable_incremental_backup": instance.incremental_since is not None,
        }
    }


def restore_times(incrementals: Sequence[Backup], date: str | None) -> Row:
    """The ranges of a UTC day to which can be restored, in milliseconds, oldest first.

    `incrementals` come newest first; a gap of more than two rounds between them splits a range.

    Raises:
        ApiError: for a date that is none.
    """
    first = _day(date)
    ranges: list[list[int]] = []
    for row in reversed(incrementals):
        end = row.end if row.end is not None else row.begin
        if ranges and row.begin - ranges[-1][1] <= 2 * INCREMENTAL_SECONDS:
            ranges[-1][1] = end
        else:
            ranges.append([row.begin, end])
    inside = [(max(a, first), min(b, first + DAY - 1)) for a, b in ranges]
    return {
        "restore_time": [{"start_time": a * 1000, "end_time": b * 1000} for a, b in inside if a < b]
    }


def _day(text: str | None) -> int:
    try:
        if text is not None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return calendar.timegm(time.strptime(text, "%Y-%m-%d"))
    except ValueError:
        pass  # a date of the right form that does not exist
    raise dds_error(400, "DBS.280409", "Invalid date: the format is yyyy-mm-dd.")
