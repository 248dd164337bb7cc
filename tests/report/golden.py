"""What the marts must say about the estate: one file a mart, compared both ways, on any engine.

`python -m tests.report.golden` writes the files anew from the report's own SQL: read the difference
line by line before you commit it.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

from tests.report.estate import EXPECTED, built

# Numbers are compared in whole thousandths: engines add up in different orders.
_MARTS: dict[str, tuple[str, str]] = {
    "dds__controls": (
        "instance_name, control_id, severity, scope, status, reason, evidence_backup_id",
        "observed, limit_value",
    ),
    "dds__instance_days": (
        (
            "instance_name, day, outcome, auto_completed, auto_failed, manual_completed, manual_failed,"
            " missed, due, restore_points"
        ),
        "written_gib, busy_s, held_gib, newest_age_hours",
    ),
    "dds__backups": (
        (
            "backup_id, instance_name, backup_type, status, begin_day, presence, gone_at, is_expired,"
            " is_present, is_full, is_completed, is_failed, is_unfinished, is_restorable,"
            " backup_number, completed_after"
        ),
        "size_gib, duration_s, mib_per_s, gap_hours, size_vs_avg14, restore_estimate_min, age_hours",
    ),
    "dds__protection": (
        (
            "instance_name, tier, is_exempt, is_life_known, is_live, keep_days, min_retention_days,"
            " listing_state, restore_points, newest_id, oldest_id, restorable_to, rpo_limit_hours,"
            " rpo_limit_source, schedule_source, days_a_week, longest_gap_days, missed_7d, due_7d,"
            " failed_in_a_row, completed_30d, failed_30d, building_id, manual_count"
        ),
        (
            "newest_age_hours, reach_days, held_gib, free_gib, billable_gib, manual_gib, old_manual_gib,"
            " size_vs_avg14, recent_mib_per_s, former_mib_per_s, speed_change, restore_estimate_min"
        ),
    ),
    "dds__listings": (
        (
            "project_id, newest_sync_id, is_newest_completed, listing_sync_id, listing_state,"
            " listing_total_count, listing_records_written, listing_rows_found"
        ),
        "completed_age_hours",
    ),
}
MARTS = tuple(_MARTS)


def query(mart: str, schema: str) -> str:
    """Every compared column as text, null as the empty text; on DuckDB and on PostgreSQL."""
    plain, numbers = _MARTS[mart]
    columns = [f"coalesce(cast({name.strip()} as varchar), '')" for name in plain.split(",")]
    columns += [
        f"coalesce(cast(cast(floor({name.strip()} * 1000 + 0.5) as bigint) as varchar), '')"
        for name in numbers.split(",")
    ]
    return f"select {', '.join(columns)} from {schema}.{mart}"  # noqa: S608 - names of ours


def header(mart: str) -> list[str]:
    """Names of the compared columns."""
    plain, numbers = _MARTS[mart]
    return [name.strip() for name in plain.split(",")] + [
        f"{name.strip()}_thousandths" for name in numbers.split(",")
    ]


def expected(mart: str) -> list[tuple[str, ...]]:
    """The rows that must be there."""
    with (EXPECTED / f"{mart}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        assert next(reader) == header(mart)
        return [tuple(row) for row in reader]


def differences(mart: str, found: Sequence[Sequence[str]]) -> list[str]:
    """Rows that are only expected (-) or only found (+), duplicates included."""
    wanted, there = sorted(expected(mart)), sorted(tuple(row) for row in found)
    only_wanted, only_there = list(wanted), []
    for row in there:
        if row in only_wanted:
            only_wanted.remove(row)
        else:
            only_there.append(row)
    return [f"- {row}" for row in only_wanted] + [f"+ {row}" for row in only_there]


def _write() -> None:
    connection = built()
    EXPECTED.mkdir(exist_ok=True)
    for mart in MARTS:
        with (EXPECTED / f"{mart}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header(mart))
            writer.writerows(sorted(connection.execute(query(mart, "report")).fetchall()))


if __name__ == "__main__":
    _write()
