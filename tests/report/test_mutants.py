"""Deliberate bugs in the SQL, each of which the golden outputs must catch."""

from __future__ import annotations

import pytest

from tap_dds_backups.report import marts
from tests.report.estate import OBJECTIVES, estate
from tests.report.golden import MARTS, differences, query

# (name, model, what stands there, what the bug makes of it)
MUTANTS = [
    ("letter case of type kept", "stg_dds__backups", 'lower(cast("type" as TEXT))', 'cast("type" as TEXT)'),
    ("letter case of status kept", "stg_dds__backups", 'upper(cast("status" as TEXT))', 'cast("status" as TEXT)'),
    ("gone backups are restorable", "int_dds__backups", "is_completed and is_full and is_present", "is_completed and is_full"),
    ("failed backups are restorable", "int_dds__backups", "when is_completed and is_full and is_present", "when (is_completed or is_failed) and is_full and is_present"),
    ("incrementals are full", "int_dds__backups", "backup_type in ('auto', 'manual')", "backup_type in ('auto', 'manual', 'incremental')"),
    ("presence forgotten", "int_dds__backups", "last_seen_at < listed_at then 'gone'", "last_seen_at < listed_at then 'seen'"),
    ("an old listing proves as much as a new one", "dds__listings", "> 8 * 24 then 'old'", "> 80 * 24 then 'old'"),
    ("KB taken for bytes", "int_dds__backups", "/ 1048576.0 as size_gib", "/ 1073741824.0 as size_gib"),
    ("KB to MiB left out", "int_dds__backups", "/ 1024.0 / duration_s", "/ duration_s"),
    ("days for hours", "int_dds__backups", "epoch(begin_time)) / 3600.0) as age_hours", "epoch(begin_time)) / 86400.0) as age_hours"),
    ("age of any backup counts", "dds__protection", "max(case when is_restorable then backup_number end) as newest_number", "max(case when is_full then backup_number end) as newest_number"),
    ("streak never reset", "dds__protection", "is_failed and completed_after = 0 then", "is_failed then"),
    ("streak takes manual ones", "dds__protection", "case when backup_type = 'auto' and is_failed and completed_after = 0", "case when is_failed and completed_after >= 0 and backup_type <> 'x' or completed_after = 3"),
    ("stock never shrinks", "dds__instance_days", "-backups.size_gib, cast(null as timestamp), backups.gone_at", "0, cast(null as timestamp), null"),
    ("what was held before is forgotten", "dds__instance_days", "greatest(changes.day, bounds.first_day)", "changes.day"),
    ("a day early", "dds__instance_days", "(moment.today + cast(2 - numbers.generated_number as integer)) as day", "(moment.today + cast(1 - numbers.generated_number as integer)) as day"),
    ("today judged before its window is over", "dds__instance_days", "else 2 end then 1 else 0 end as is_over", "else -40 end then 1 else 0 end as is_over"),
    ("every weekday is due", "dds__schedules", "like '%,' || cast(weekdays.weekday as TEXT) || ',%'", "like '%'"),
    ("window over midnight not placed", "dds__instance_days", "when backups.backup_type = 'auto' and due_times.due_second is not null", "when backups.backup_type = 'none' and due_times.due_second is not null"),
    ("gone instances live", "dds__instances", "+ (-3600) * interval '1 second') then true", "+ (-36000000) * interval '1 second') then true"),
    ("instances without backups dropped", "dds__protection", "left join sums on", "inner join sums on"),
    ("orphans dropped", "dds__instances", 'left join "report"."stg_dds__instances" as listed on', 'inner join "report"."stg_dds__instances" as listed on'),
    ("the shortest pattern wins", "dds__instances", "order by length(objectives.name_pattern) desc", "order by length(objectives.name_pattern)"),
    ("exempt ones judged", "dds__instances", "coalesce(matched.exempt, false)", "coalesce(matched.tier = 'x', false)"),
    ("schedule does not widen the limit", "dds__protection", "coalesce(schedules.longest_gap_days, 1) * 24 + 2)", "1 * 24 + 2)"),
    ("compared with the previous run alone", "dds__backups", "rows between 14 preceding and 1 preceding", "rows between 1 preceding and 1 preceding"),
    ("compared with all before, in the scorecard", "dds__protection", "between sums.completed_number - 14 and", "between 0 and"),
    ("speed of last week against itself", "dds__protection", "between 30 and 59 then mib_per_s", "between 0 and 6 then mib_per_s"),
    ("control never fires", "dds__controls", "failed_in_a_row >= 2", "failed_in_a_row >= 200"),
    ("limit met is limit broken", "dds__controls", "when keep_days < min_retention_days then 'alarm'", "when keep_days <= min_retention_days then 'alarm'"),
    ("young instances alarm", "dds__controls", "restore_points = 0 and instance_age_hours < rpo_limit_hours", "restore_points < 0"),
    ("broken-off run is complete", "dds__controls", "not is_newest_completed", "is_newest_completed is null"),
    ("rows lost by the loader not counted", "dds__controls", "listing_rows_found < listing_records_written", "listing_rows_found < 0"),
    ("stuck looked for among failures", "dds__protection", "where is_unfinished and is_present", "where is_failed and is_present"),
    ("manual age from the newest", "dds__protection", "min(case when is_restorable and backup_type = 'manual' then backup_number end)", "max(case when is_restorable and backup_type = 'manual' then backup_number end)"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "right", "wrong"),
    [mutant[1:] for mutant in MUTANTS],
    ids=[mutant[0].replace(" ", "-") for mutant in MUTANTS],
)
def test_a_bug_in_the_sql_is_caught(model: str, right: str, wrong: str) -> None:
    """The models with one of them broken differ from a golden output, or do not run at all."""
    texts = marts.models()
    assert right in texts[model], f"not in {model}.sql any more: write the bug anew"
    texts[model] = texts[model].replace(right, wrong)
    connection = estate()
    marts.build(connection, objectives=OBJECTIVES, texts=texts)
    assert any(
        differences(mart, connection.execute(query(mart, "report")).fetchall()) for mart in MARTS
    )
