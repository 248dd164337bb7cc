-- One row per instance and day (in the report's time zone), for the last `dds_history_days` days.
with moment as (select as_of, time_zone, today from "report"."dds__as_of"),
numbers as (
    select
        generate_series as generated_number
    from generate_series(1, 92)
),
days as (
    select
        (moment.today + cast(2 - numbers.generated_number as integer)) as day,
        ((cast((moment.today + cast(2 - numbers.generated_number as integer)) as timestamp) at time zone moment.time_zone) at time zone 'UTC') as starts_at,
        case when numbers.generated_number = 2 then moment.as_of
            else ((cast((moment.today + cast(3 - numbers.generated_number as integer)) as timestamp) at time zone moment.time_zone) at time zone 'UTC')
        end as ends_at
    from numbers
    cross join moment
    where numbers.generated_number between 2 and 91
),
bounds as (select min(day) as first_day, max(day) as last_day from days),
-- When an automated backup is due: one instant per instance and UTC date with that weekday. A day more
-- on both sides, since a date here may be another one there.
utc_dates as (
    select (cast(moment.as_of as date) + cast(2 - numbers.generated_number as integer)) as utc_date
    from numbers
    cross join moment
),
due_slots as (
    select
        schedules.instance_number,
        utc_dates.utc_date,
        case when moment.time_zone = 'UTC' then cast((cast(utc_dates.utc_date as timestamp) + (schedules.due_second) * interval '1 second') as date)
    else cast(make_timestamptz(epoch_us((cast(utc_dates.utc_date as timestamp) + (schedules.due_second) * interval '1 second'))) at time zone moment.time_zone as date) end as day,
        -- The window is an hour long; another one passes before the slot is judged. Where the window is
        -- only observed, the slot is judged when it is over.
        case when ((epoch(moment.as_of) - epoch((cast(utc_dates.utc_date as timestamp) + (schedules.due_second) * interval '1 second'))) / 3600.0)
            >= case when schedules.source = 'observed' then 23 else 2 end then 1 else 0 end as is_over,
        case when (cast(utc_dates.utc_date as timestamp) + (schedules.due_second) * interval '1 second')
            >= coalesce(schedules.first_attempt_at, schedules.created_at) then 1 else 0 end as has_begun
    from "report"."dds__schedules" as schedules
    inner join utc_dates on cast(extract(isodow from utc_dates.utc_date) as integer) = schedules.weekday
    cross join moment
),
due_times as (
    select instance_number, max(due_second) as due_second
    from "report"."dds__schedules"
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
                then case when moment.time_zone = 'UTC' then cast((cast(cast((backups.begin_time + (3600 - due_times.due_second) * interval '1 second') as date) as timestamp) + (due_times.due_second) * interval '1 second') as date)
    else cast(make_timestamptz(epoch_us((cast(cast((backups.begin_time + (3600 - due_times.due_second) * interval '1 second') as date) as timestamp) + (due_times.due_second) * interval '1 second'))) at time zone moment.time_zone as date) end
            else backups.begin_day
        end as day
    from "report"."int_dds__backups" as backups
    cross join moment
    left join due_times on due_times.instance_number = backups.instance_number
    where backups.begin_time >= (moment.as_of + (-86400 * 93) * interval '1 second')
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
    select instance_number, begin_day as day, size_gib, begin_time, cast(null as timestamp) as gone_at
    from "report"."int_dds__backups"
    where is_completed and is_full
    union all
    select backups.instance_number,
        case when moment.time_zone = 'UTC' then cast(backups.gone_at as date)
    else cast(make_timestamptz(epoch_us(backups.gone_at)) at time zone moment.time_zone as date) end as day,
        -backups.size_gib, cast(null as timestamp), backups.gone_at
    from "report"."int_dds__backups" as backups
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
    from "report"."dds__instances" as instances
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
    ((epoch(ends_at) - epoch(newest_begin_time)) / 3600.0) as newest_age_hours
from filled
inner join "report"."dds__instances" as instances on instances.instance_number = filled.instance_number
