-- One row per instance and day (in the report's time zone), for the last `dds_history_days` days.
{%- set days = var('dds_history_days') | int %}

with moment as (select as_of, time_zone, today from {{ ref('dds__as_of') }}),

numbers as ({{ dbt.generate_series(days + 2) }}),

days as (
    select
        {{ dds_add_days('moment.today', '2 - numbers.generated_number') }} as day,
        {{ dds_day_start(dds_add_days('moment.today', '2 - numbers.generated_number'), 'moment.time_zone') }} as starts_at,
        case when numbers.generated_number = 2 then moment.as_of
            else {{ dds_day_start(dds_add_days('moment.today', '3 - numbers.generated_number'), 'moment.time_zone') }}
        end as ends_at
    from numbers
    cross join moment
    where numbers.generated_number between 2 and {{ days + 1 }}
),

bounds as (select min(day) as first_day, max(day) as last_day from days),

-- When an automated backup is due: one instant per instance and UTC date with that weekday. A day more
-- on both sides, since a date here may be another one there.
utc_dates as (
    select {{ dds_add_days('cast(moment.as_of as date)', '2 - numbers.generated_number') }} as utc_date
    from numbers
    cross join moment
),

due_slots as (
    select
        schedules.instance_number,
        utc_dates.utc_date,
        {{ dds_local_day(dds_add_seconds('cast(utc_dates.utc_date as ' ~ dds_timestamp_type() ~ ')', 'schedules.due_second'), 'moment.time_zone') }} as day,
        -- The window is an hour long; another one passes before the slot is judged. Where the window is
        -- only observed, the slot is judged when it is over.
        case when {{ dds_hours(dds_add_seconds('cast(utc_dates.utc_date as ' ~ dds_timestamp_type() ~ ')', 'schedules.due_second'), 'moment.as_of') }}
            >= case when schedules.source = 'observed' then 23 else 2 end then 1 else 0 end as is_over,
        case when {{ dds_add_seconds('cast(utc_dates.utc_date as ' ~ dds_timestamp_type() ~ ')', 'schedules.due_second') }}
            >= coalesce(schedules.first_attempt_at, schedules.created_at) then 1 else 0 end as has_begun
    from {{ ref('dds__schedules') }} as schedules
    inner join utc_dates on {{ dds_weekday('utc_dates.utc_date') }} = schedules.weekday
    cross join moment
),

due_times as (
    select instance_number, max(due_second) as due_second
    from {{ ref('dds__schedules') }}
    group by instance_number
),

-- An automated backup counts for the slot it belongs to, a manual one for the day on which it began.
placed as (
    select
        backups.instance_number,
        backups.backup_type,
        backups.is_completed,
        backups.is_failed,
        backups.is_unfinished,
        backups.size_gib,
        backups.duration_s,
        backups.is_full,
        backups.begin_day,
        case
            when backups.backup_type = 'auto' and due_times.due_second is not null
                then {{ dds_local_day(
                    dds_add_seconds(
                        'cast(cast(' ~ dds_add_seconds('backups.begin_time', '3600 - due_times.due_second') ~ ' as date) as ' ~ dds_timestamp_type() ~ ')',
                        'due_times.due_second'
                    ), 'moment.time_zone') }}
            else backups.begin_day
        end as day
    from {{ ref('int_dds__backups') }} as backups
    cross join moment
    left join due_times on due_times.instance_number = backups.instance_number
    where backups.begin_time >= {{ dds_add_seconds('moment.as_of', '-86400 * ' ~ (days + 3)) }}
),

flows as (
    select
        instance_number,
        day,
        count(case when backup_type = 'auto' and is_completed then 1 end) as auto_completed,
        count(case when backup_type = 'auto' and is_failed then 1 end) as auto_failed,
        count(case when backup_type = 'auto' and is_unfinished then 1 end) as auto_unfinished,
        count(case when backup_type = 'auto' then 1 end) as auto_begun,
        count(case when backup_type = 'manual' and is_completed then 1 end) as manual_completed,
        count(case when backup_type = 'manual' and is_failed then 1 end) as manual_failed,
        sum(case when is_full and is_completed then size_gib else 0 end) as written_gib,
        sum(case when is_full then coalesce(duration_s, 0) else 0 end) as busy_s
    from placed
    group by instance_number, day
),

due_days as (
    select instance_number, day, count(*) as due, sum(is_over) as due_over
    from due_slots
    where has_begun = 1
    group by instance_number, day
),

-- Stocks change when a backup begins to be held and when it goes. What began earlier counts from the
-- first day on.
changes as (
    select instance_number, begin_day as day, size_gib, begin_time, cast(null as {{ dds_timestamp_type() }}) as gone_at
    from {{ ref('int_dds__backups') }}
    where is_completed and is_full
    union all
    select backups.instance_number,
        {{ dds_local_day('backups.gone_at', 'moment.time_zone') }} as day,
        -backups.size_gib, cast(null as {{ dds_timestamp_type() }}), backups.gone_at
    from {{ ref('int_dds__backups') }} as backups
    cross join moment
    where backups.is_completed and backups.is_full and backups.gone_at is not null
),

daily_changes as (
    select
        changes.instance_number,
        greatest(changes.day, bounds.first_day) as day,
        sum(coalesce(changes.size_gib, 0)) as gib,
        count(changes.begin_time) - count(changes.gone_at) as points,
        max(changes.begin_time) as newest_begin_time
    from changes
    cross join bounds
    group by 1, 2
),

spine as (
    select instances.instance_number, days.day, days.starts_at, days.ends_at
    from {{ ref('dds__instances') }} as instances
    cross join days
),

stocks as (
    select
        spine.instance_number,
        spine.day,
        spine.ends_at,
        sum(coalesce(daily_changes.gib, 0)) over (
            partition by spine.instance_number order by spine.day
            rows between unbounded preceding and current row
        ) as held_gib,
        sum(coalesce(daily_changes.points, 0)) over (
            partition by spine.instance_number order by spine.day
            rows between unbounded preceding and current row
        ) as restore_points,
        max(daily_changes.newest_begin_time) over (
            partition by spine.instance_number order by spine.day
            rows between unbounded preceding and current row
        ) as newest_begin_time
    from spine
    left join daily_changes
        on daily_changes.instance_number = spine.instance_number and daily_changes.day = spine.day
),

filled as (
    select
        stocks.*,
        coalesce(flows.auto_completed, 0) as auto_completed,
        coalesce(flows.auto_failed, 0) as auto_failed,
        coalesce(flows.auto_unfinished, 0) as auto_unfinished,
        coalesce(flows.auto_begun, 0) as auto_begun,
        coalesce(flows.manual_completed, 0) as manual_completed,
        coalesce(flows.manual_failed, 0) as manual_failed,
        coalesce(flows.written_gib, 0) as written_gib,
        coalesce(flows.busy_s, 0) as busy_s,
        coalesce(due_days.due, 0) as due,
        coalesce(due_days.due_over, 0) as due_over
    from stocks
    left join flows on flows.instance_number = stocks.instance_number and flows.day = stocks.day
    left join due_days on due_days.instance_number = stocks.instance_number and due_days.day = stocks.day
)

select
    instances.instance_number,
    instances.instance_id,
    instances.instance_name,
    day,
    auto_completed,
    auto_failed,
    manual_completed,
    manual_failed,
    case
        when auto_completed > 0 and auto_failed > 0 then 'both'
        when auto_completed > 0 then 'completed'
        when auto_unfinished > 0 then 'running'
        when auto_failed > 0 then 'failed'
        when auto_begun > 0 then 'other'
        when due_over > 0 then 'missed'
        when due > 0 then 'pending'
        when manual_completed > 0 then 'manual'
        else 'none'
    end as outcome,
    case when auto_begun = 0 and due_over > 0 then 1 else 0 end as missed,
    case when due_over > 0 then 1 else 0 end as due,
    written_gib,
    busy_s,
    held_gib,
    restore_points,
    {{ dds_hours('newest_begin_time', 'ends_at') }} as newest_age_hours
from filled
inner join {{ ref('dds__instances') }} as instances on instances.instance_number = filled.instance_number
