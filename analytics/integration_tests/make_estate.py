"""Writes the seeds of this project: a made-up estate with planted faults, the same at every run.

One instance per fault and some that are healthy in ways that look ill (a Mon+Thu policy, a window
over midnight, an instance created today). What a loader would hold is worked out from what the tap
would have seen: an incremental run each day before 06:00 UTC and a full listing on Sundays at 05:00.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

AS_OF = datetime(2026, 11, 24, 6, tzinfo=UTC)
FIRST = datetime(2026, 9, 8, tzinfo=UTC)
RUN = timedelta(minutes=2)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
GIB_KB = 1024 * 1024
EVERY_DAY = "1,2,3,4,5,6,7"
PROJECTS = {"a": "0a" * 16, "b": "0b" * 16, "c": "0c" * 16}


@dataclass
class Backup:
    """One backup as the service knew it; `deleted` is when it left the list."""

    begin: datetime
    minutes: float | None
    size_gib: float
    status: str = "COMPLETED"
    type: str = "Auto"
    deleted: datetime | None = None
    encrypted: bool | None = True


@dataclass
class Instance:
    """One instance and what happens to it."""

    name: str
    gib: float
    at: str = "01:00-02:00"
    keep: int = 7
    period: str = EVERY_DAY
    project: str = "a"
    created: datetime = FIRST - 90 * DAY
    disk: int = 500
    listed: bool = True
    gone: bool = False
    auto: bool = True
    backups: list[Backup] = field(default_factory=list)


def nightly(instance: Instance, dice: random.Random) -> Iterator[Backup]:
    """The automated backups of a healthy instance at 50 to 60 MiB/s, up to AS_OF."""
    hour, minute = map(int, instance.at[:5].split(":"))
    day = FIRST
    while day + timedelta(hours=hour, minutes=minute) < AS_OF - HOUR:
        if str(day.isoweekday()) in instance.period.split(","):
            begin = day + timedelta(hours=hour, minutes=minute + dice.randrange(55))
            size = instance.gib * (1 + (day - FIRST).days * 0.002) * dice.uniform(0.98, 1.02)
            seconds = int(size * 1024 / dice.uniform(50, 60)) + 1
            yield Backup(
                begin, seconds / 60, size, deleted=begin + instance.keep * DAY + 10 * MINUTE
            )
        day += DAY


def estate() -> list[Instance]:
    """Every instance with its planted fault."""
    dice = random.Random(13)
    instances = {instance.name: instance for instance in _instances()}
    for instance in instances.values():
        if instance.auto:
            instance.backups.extend(nightly(instance, dice))
    for plant in (_plant_outcomes, _plant_sizes, _plant_manual, _plant_oddities):
        plant(instances)
    return list(instances.values())


def _instances() -> list[Instance]:
    return [
        Instance("billing-prod", 100, disk=400),
        Instance("catalog-prod", 40, at="23:30-00:30"),
        Instance("orders-prod", 150),
        Instance("sessions-prod", 30, at="19:00-20:00"),
        Instance("search-prod", 80),
        Instance("dev-sandbox", 0, keep=0, period="", auto=False),
        Instance("web-staging", 20, keep=3),
        Instance("old-legacy", 45, listed=False, gone=True, auto=False),
        Instance("gone-app", 12, gone=True, auto=False),
        Instance("iot-ingest", 200, at="03:00-04:00"),
        Instance("audit-prod", 60, keep=30, period="1,4"),
        Instance("reports-new", 0, created=AS_OF - 3 * HOUR, auto=False),
        Instance("crm-staging", 15, project="b", at="20:00-21:00"),
        Instance("scratch-1", 0, keep=0, period="", auto=False),
        Instance("vault-prod", 70),
        Instance("ledger-prod", 55),
        Instance("ghost-prod", 25),
        Instance("trim-prod", 35, keep=14),
        Instance("lossy-prod", 18, project="c"),
    ]


def _plant_outcomes(instances: dict[str, Instance]) -> None:
    sessions = instances["sessions-prod"].backups
    for backup in sessions[-3:]:
        backup.status, backup.size_gib, backup.minutes = "FAILED", 0, 4
    sessions[-20].status = "FAILED"  # one alone, long ago
    instances["catalog-prod"].backups[-10].status = "FAILED"
    del instances["search-prod"].backups[-5:]
    iot = instances["iot-ingest"].backups
    iot[-2].status, iot[-2].minutes, iot[-2].size_gib = "BUILDING", None, 0
    for number in (-40, -28, -15):
        iot[number].status = "FAILED"
        retry = iot[number].begin + 3 * HOUR
        iot.append(Backup(retry, 60, 200, deleted=retry + 7 * DAY))
    for backup in instances["ghost-prod"].backups:
        backup.deleted = min(backup.deleted or AS_OF, AS_OF - 3 * DAY)
    instances["ghost-prod"].backups = [
        backup for backup in instances["ghost-prod"].backups if backup.begin < AS_OF - 4 * DAY
    ]
    for backup in instances["trim-prod"].backups[:-3]:
        backup.deleted = min(backup.deleted or AS_OF, AS_OF - 3 * DAY + HOUR)


def _plant_sizes(instances: dict[str, Instance]) -> None:
    web = instances["web-staging"].backups[-1]
    web.size_gib, web.minutes = web.size_gib * 0.18, (web.minutes or 0) * 0.18
    billing = instances["billing-prod"].backups
    for number, backup in enumerate(billing):
        backup.minutes = (backup.minutes or 0) * (1 + max(0, number - 40) * 0.05)


def _plant_manual(instances: dict[str, Instance]) -> None:
    def manual(name: str, days: float, gib: float) -> None:
        begin = AS_OF - timedelta(days=days)
        minutes = gib * 1024 / 55 / 60
        instances[name].backups.append(Backup(begin, minutes, gib, type="Manual"))

    manual("orders-prod", 97.25, 140)
    manual("orders-prod", 20.5, 148)
    manual("old-legacy", 290.1, 45)
    manual("old-legacy", 240.3, 47)
    manual("gone-app", 30.2, 12)
    manual("crm-staging", 2.5, 15)


def _plant_oddities(instances: dict[str, Instance]) -> None:
    for backup in instances["crm-staging"].backups:
        backup.type = backup.type.lower()
        backup.status = backup.status.title()
    for backup in instances["ledger-prod"].backups:
        backup.encrypted = False
    for backup in instances["audit-prod"].backups:
        backup.encrypted = None
    catalog = instances["catalog-prod"].backups
    catalog[-4].status = "DISABLED"
    catalog.append(Backup(AS_OF - 50 * HOUR, 3, 1, type="Snapshot", status="ARCHIVED"))
    catalog.append(Backup(AS_OF - 7 * HOUR, 1, 0.2, type="Incremental"))


def runs() -> list[tuple[datetime, bool, str]]:
    """Start, whether a full listing, project: the tap's runs, oldest first."""
    found = []
    day = FIRST - 2 * DAY
    while day <= AS_OF:
        for project in PROJECTS:
            listing = day + 5 * HOUR
            if day.isoweekday() == 7 and (project != "b" or day < AS_OF - 9 * DAY):
                found.append((listing, True, project))
            if day + 6 * HOUR <= AS_OF:
                found.append((day + 6 * HOUR - RUN, False, project))
        day += DAY
    return found


def last_seen(backup: Backup, project: str, schedule: list[tuple[datetime, bool, str]]) -> datetime | None:
    """When the newest run that listed the backup read its page; None where no run did."""
    seen = None
    for start, is_full, where in schedule:
        exists = backup.begin < start and (backup.deleted is None or backup.deleted > start)
        in_reach = is_full or backup.begin >= start - 25 * HOUR or backup.status == "BUILDING"
        if where == project and exists and in_reach:
            seen = start
    return seen


def text(time: datetime | None) -> str:
    """RFC 3339, whole seconds, UTC."""
    return "" if time is None else time.replace(microsecond=0).isoformat()


def rows_of_backups(instances: list[Instance]) -> list[dict[str, Any]]:
    """The table `backups`."""
    schedule, rows = runs(), []
    for number, instance in enumerate(instances):
        for backup in sorted(instance.backups, key=lambda one: one.begin):
            seen = last_seen(backup, instance.project, schedule)
            if seen is None:
                continue
            minutes = backup.minutes
            end = None if minutes is None else backup.begin + timedelta(minutes=minutes)
            identifier = f"{number:04x}{int(backup.begin.timestamp()):012x}{'0' * 16}br02"
            rows.append(
                {
                    "id": identifier,
                    "name": f"{backup.type.lower()}-{instance.name}-{backup.begin:%Y%m%d%H%M}",
                    "instance_id": instance_id(number),
                    "instance_name": instance.name,
                    "datastore__type": "DDS-Community",
                    "datastore__version": "4.4",
                    "type": backup.type,
                    "begin_time": text(backup.begin),
                    "end_time": text(end),
                    "status": backup.status,
                    "size": int(backup.size_gib * GIB_KB),
                    "kms_enable": "" if backup.encrypted is None else str(backup.encrypted).lower(),
                    "project_id": PROJECTS[instance.project],
                    "region": "eu-west-101",
                    "_sdc_extracted_at": text(seen),
                }
            )
    return rows


def instance_id(number: int) -> str:
    """A made-up id in the service's form."""
    return f"{number:032x}in02"


def rows_of_instances(instances: list[Instance]) -> list[dict[str, Any]]:
    """The table `instances`: one that is gone was last seen weeks ago, one was never listed."""
    return [
        {
            "id": instance_id(number),
            "name": instance.name,
            "status": "normal",
            "mode": "ReplicaSet",
            "datastore__version": "4.4",
            "created": text(instance.created),
            "backup_strategy__keep_days": instance.keep,
            "backup_strategy__start_time": instance.at if instance.keep else "",
            "disk_size_gb": instance.disk,
            "project_id": PROJECTS[instance.project],
            "region": "eu-west-101",
            "_sdc_extracted_at": text(AS_OF - (21 * DAY if instance.gone else 5 * MINUTE)),
        }
        for number, instance in enumerate(instances)
        if instance.listed
    ]


def rows_of_policies(instances: list[Instance]) -> list[dict[str, Any]]:
    """The table `backup_policies`."""
    return [
        {
            "instance_id": instance_id(number),
            "instance_name": instance.name,
            "keep_days": instance.keep,
            "start_time": instance.at if instance.keep else "",
            "period": instance.period,
            "enable_incremental_backup": "false",
            "project_id": PROJECTS[instance.project],
            "_sdc_extracted_at": text(AS_OF - 4 * MINUTE),
        }
        for number, instance in enumerate(instances)
        if instance.listed and not instance.gone
    ]


def rows_of_syncs(backups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The table `backup_syncs`: project b's newest run broke off, project c's loader lost a row."""
    rows = []
    for start, is_full, project in runs()[-60:]:
        newest = [
            row
            for row in backups
            if row["project_id"] == PROJECTS[project]
            and row["_sdc_extracted_at"] >= text(start)
            and row["begin_time"] < text(start)
        ]
        count = len(newest) + (1 if project == "c" else 0) if is_full else 2
        rows.append(
            {
                "sync_id": f"{project}-{start:%Y%m%dT%H%M}",
                "started_at": text(start),
                "finished_at": text(start + RUN),
                "window_begin": "2000-01-01T00:00:00+00:00" if is_full else text(start - DAY),
                "window_end": text(start - timedelta(seconds=1)),
                "project_id": PROJECTS[project],
                "region": "eu-west-101",
                "is_full_listing": str(is_full).lower(),
                "total_count": count,
                "records_written": count,
                "completed": str(not (project == "b" and start == AS_OF - RUN)).lower(),
                "_sdc_extracted_at": text(start + RUN),
            }
        )
    return rows


def rows_of_windows() -> list[dict[str, Any]]:
    """The table `restore_windows`: one instance can go back to half an hour ago."""
    return [
        {
            "instance_id": instance_id(2),
            "instance_name": "orders-prod",
            "date": f"{day:%Y-%m-%d}",
            "start_time": text(day),
            "end_time": text(end),
            "project_id": PROJECTS["a"],
            "_sdc_extracted_at": text(AS_OF),
        }
        for day, end in (
            (AS_OF - 30 * HOUR, AS_OF - 6 * HOUR - timedelta(seconds=1)),
            (AS_OF - 6 * HOUR, AS_OF - 30 * MINUTE),
        )
    ]


def tables() -> dict[str, list[dict[str, Any]]]:
    """Every seed by its name."""
    instances = estate()
    backups = rows_of_backups(instances)
    return {
        "backups": backups,
        "instances": rows_of_instances(instances),
        "backup_policies": rows_of_policies(instances),
        "backup_syncs": rows_of_syncs(backups),
        "restore_windows": rows_of_windows(),
    }


def write(folder: Path) -> None:
    """One CSV file a table."""
    for name, rows in tables().items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "seeds")
