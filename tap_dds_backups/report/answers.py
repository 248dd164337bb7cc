"""What the page, the summary and the evidence say: the marts, asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

SEVERITIES = ("critical", "high", "medium", "low", "cost", "info")
Row = dict[str, Any]

_LOCAL = "strftime(({0} at time zone 'UTC') at time zone (select time_zone from report.dds__as_of), '{1}')"


def local(column: str, form: str = "%Y-%m-%d %H:%M") -> str:
    """SQL for a UTC time as text in the report's zone."""
    return _LOCAL.format(column, form)


@dataclass(frozen=True)
class Answers:
    """Rows for each part of the report, worst first. Times are text in the report's zone."""

    scope: Row
    tiles: Row
    alarms: list[Row]
    controls: list[Row]
    instances: list[Row]
    days: list[Row]
    held: list[Row]
    runs: list[Row]
    hours: list[Row]
    listings: list[Row]


def answers(connection: duckdb.DuckDBPyConnection) -> Answers:
    """Asks the marts of schema `report`."""

    def ask(sql: str) -> list[Row]:
        return rows(connection, sql)

    return Answers(
        scope=ask(_SCOPE)[0],
        tiles=ask(_TILES)[0],
        alarms=ask(_ALARMS),
        controls=ask(_CONTROLS),
        instances=ask(_INSTANCES),
        days=ask(_DAYS),
        held=ask(_HELD),
        runs=ask(_RUNS),
        hours=ask(_HOURS),
        listings=ask(_LISTINGS),
    )


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    """The result as dictionaries."""
    result = connection.execute(sql)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


_RANK = " ".join(f"when '{name}' then {rank}" for rank, name in enumerate(SEVERITIES))

_SCOPE = f"""
    select
        {local("as_of")} as as_of,
        {local("as_of", "%Y-%m-%dT%H:%M:%S%z")} as as_of_exact,
        {local("data_extracted_at")} as extracted_at,
        time_zone,
        cast(today as varchar) as today,
        {local("first_begin_time", "%Y-%m-%d")} as first_day,
        (select count(*) from report.int_dds__backups) as backups,
        instances.*
    from report.dds__as_of
    cross join (
        select
            count(*) as instances,
            count(*) filter (is_live) as live,
            count(*) filter (is_exempt) as exempt,
            count(distinct project_id) as projects,
            string_agg(distinct region, ', ' order by region) as regions
        from report.dds__instances
    ) as instances
"""

# A control of a project is one alarm, however many instances the project has.
_ALARMS = f"""
    select
        severity,
        case severity {_RANK} end as rank,
        control_id,
        case when scope = 'project' then 'project ' || coalesce(project_id, '') else instance_name end as subject,
        min(instance_id) as instance_id,
        count(*) as instances,
        scope,
        reason,
        min(evidence_backup_id) as evidence_backup_id,
        max(observed / nullif(limit_value, 0)) as excess
    from report.dds__controls
    where status = 'alarm'
    group by severity, control_id, scope, project_id, reason,
        case when scope = 'project' then '' else instance_id end,
        case when scope = 'project' then 'project ' || coalesce(project_id, '') else instance_name end
    order by rank, control_id, excess desc nulls last, subject
"""

_TILES = f"""
    with alarms as materialized ({_ALARMS})
    select
        (select count(*) from report.dds__controls where control_id = 'recent_restore_point' and status = 'ok')
            as inside,
        (select count(*) from report.dds__controls where control_id = 'has_restore_point' and status <> 'skip')
            as judged,
        (select sum(completed_30d) from report.dds__protection) as completed_30d,
        (select sum(failed_30d) from report.dds__protection) as failed_30d,
        (select sum(held_gib) from report.dds__protection) as held_gib,
        (select sum(billable_gib) from report.dds__protection) as billable_gib,
        (select sum(free_gib) from report.dds__protection where is_live) as free_gib,
        {", ".join(f"(select count(*) from alarms where severity = '{name}') as {name}" for name in SEVERITIES)}
"""

_CONTROLS = f"""
    select
        control_id,
        severity,
        case severity {_RANK} end as rank,
        count(*) filter (status = 'alarm') as alarm,
        count(*) filter (status = 'ok') as ok,
        count(*) filter (status = 'skip') as skip,
        mode(reason) filter (status = 'skip') as skip_reason
    from report.dds__controls
    group by all
    order by rank, control_id
"""

_INSTANCES = f"""
    with worst as (
        select
            instance_id,
            min(case when status = 'alarm' then case severity {_RANK} end end) as rank,
            count(*) filter (status = 'alarm') as alarms,
            max(reason) filter (control_id = 'recent_restore_point') as age_reason,
            max(status) filter (control_id = 'recent_restore_point') as age_status,
            max(status) filter (control_id = 'has_restore_point') as has_status,
            list(control_id order by control_id) filter (status = 'alarm') as alarming
        from report.dds__controls
        group by instance_id
    )
    select
        protection.* exclude (newest_at, oldest_at, restorable_to, newest_incremental_at, listed_at),
        {local("newest_at")} as newest_at,
        {local("restorable_to")} as restorable_to,
        worst.* exclude (instance_id),
        newest_age_hours / rpo_limit_hours as age_ratio
    from report.dds__protection as protection
    inner join worst using (instance_id)
    order by rank nulls last, alarms desc, age_ratio desc nulls last, instance_name
"""

_DAYS = """
    select
        instance_id,
        string_agg(
            case outcome
                when 'completed' then 'c' when 'failed' then 'f' when 'both' then 'b' when 'missed' then 'x'
                when 'running' then 'r' when 'manual' then 'm' when 'pending' then 'p' when 'other' then 'o'
                else '-'
            end, '' order by day
        ) as outcomes,
        count(*) filter (outcome in ('completed', 'both')) as completed,
        sum(auto_failed) as failed,
        sum(missed) as missed,
        cast(min(day) as varchar) as first_day,
        cast(max(day) as varchar) as last_day
    from report.dds__instance_days
    group by instance_id
"""

_HELD = """
    select cast(day as varchar) as day, sum(held_gib) as held_gib, sum(written_gib) as written_gib,
        sum(restore_points) as restore_points
    from report.dds__instance_days
    group by day
    order by day
"""

# The last 60 runs of the instances whose speed is worth a look: those that slow down, then the longest.
_RUNS = f"""
    with shown as (
        select protection.instance_number, protection.instance_id, row_number() over (
            order by coalesce(speed_change < -0.3, false) desc, recent_duration_s desc, instance_name
        ) as place
        from report.dds__protection as protection
        where is_live and recent_mib_per_s is not null
        qualify place <= 12
    )
    select
        shown.place,
        shown.instance_id,
        list(round(backups.mib_per_s, 2) order by backups.begin_time) as speeds,
        min({local("backups.begin_time", "%Y-%m-%d")}) as first_day
    from report.int_dds__backups as backups
    inner join shown using (instance_number)
    where backups.backup_type = 'auto' and backups.is_completed and backups.completed_after < 60
        and backups.mib_per_s is not null
    group by all
    order by shown.place
"""

# Backups that ran in each hour of the last seven days.
_HOURS = f"""
    with hours as (
        select unnest(generate_series(
            date_trunc('hour', as_of) - interval 167 hour, date_trunc('hour', as_of), interval 1 hour
        )) as hour
        from report.dds__as_of
    ),
    ran as (
        select unnest(generate_series(
            date_trunc('hour', begin_time),
            date_trunc('hour', coalesce(end_time, as_of) - interval 1 microsecond),
            interval 1 hour
        )) as hour
        from report.int_dds__backups cross join report.dds__as_of
        where begin_time > as_of - interval 9 day
    ),
    counted as (select hour, count(*) as running from ran group by hour)
    select {local("hour", "%Y-%m-%d")} as day, {local("hour", "%H")} as hour,
        coalesce(sum(running), 0) as running
    from hours
    left join counted using (hour)
    group by all
    order by day, hour
"""

_LISTINGS = f"""
    select project_id, listing_state, {local("listed_at")} as listed_at, {local("completed_at")} as completed_at,
        is_newest_completed, newest_sync_id is not null as has_syncs,
        listing_rows_found, listing_records_written, listing_total_count
    from report.dds__listings
    order by project_id
"""
