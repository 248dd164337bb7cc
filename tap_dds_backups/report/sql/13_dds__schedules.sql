-- One row per instance and UTC weekday on which an automated backup is due.
--   policy    the policy's own weekdays
--   daily     1 to 6 days are kept: the service then backs up every day
--   observed  the policy's weekdays are not loaded: weekdays with two attempts or more in the four weeks
--             up to the last attempt (a new or a silent instance has none, and is judged by age alone)
-- An attempt belongs to the slot that opens an hour before the time of day at which it is due.
with attempts as (
    select instance_number, begin_time
    from "report"."int_dds__backups"
    where backup_type = 'auto'
),
latest as (
    select
        instance_number,
        min(begin_time) as first_attempt_at,
        max(begin_time) as last_attempt_at
    from attempts
    group by instance_number
),
timed as (
    select
        instances.instance_number,
        instances.instance_id,
        instances.keep_days,
        instances.period,
        instances.created_at,
        latest.first_attempt_at,
        latest.last_attempt_at,
        coalesce(
            case
    when substring(instances.start_time, 1, 1) in ('0', '1', '2') and substring(instances.start_time, 3, 1) = ':'
      and substring(instances.start_time, 2, 1) in ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
      and substring(instances.start_time, 4, 1) in ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
      and substring(instances.start_time, 5, 1) in ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
      then cast(substring(instances.start_time, 1, 2) as integer) * 3600 + cast(substring(instances.start_time, 4, 2) as integer) * 60
  end,
            cast(
                extract(hour from latest.last_attempt_at) * 3600
                + extract(minute from latest.last_attempt_at) * 60 as integer
            ),
            0
        ) as due_second
    from "report"."dds__instances" as instances
    left join latest on latest.instance_number = instances.instance_number
),
observed as (
    select
        timed.instance_number,
        cast(extract(isodow from cast((attempts.begin_time + (3600 - timed.due_second) * interval '1 second') as date)) as integer) as weekday,
        count(*) as attempts
    from timed
    inner join attempts on attempts.instance_number = timed.instance_number
    where attempts.begin_time > (timed.last_attempt_at + (-2412000) * interval '1 second')
    group by 1, 2
),
weekdays as (
    select 1 as weekday union all select 2 union all select 3 union all select 4
    union all select 5 union all select 6 union all select 7
),
due as (
    select
        timed.instance_number,
        timed.instance_id,
        timed.due_second,
        timed.first_attempt_at,
        timed.created_at,
        weekdays.weekday,
        case
            when timed.period is not null then 'policy'
            when timed.keep_days between 1 and 6 then 'daily'
            else 'observed'
        end as source
    from timed
    cross join weekdays
    left join observed
        on observed.instance_number = timed.instance_number and observed.weekday = weekdays.weekday
    where (timed.keep_days is null or timed.keep_days > 0)
        and (
            ',' || timed.period || ',' like '%,' || cast(weekdays.weekday as TEXT) || ',%'
            or (timed.period is null and timed.keep_days between 1 and 6)
            or (
                timed.period is null and (timed.keep_days is null or timed.keep_days > 6)
                and coalesce(observed.attempts, 0) >= 2
            )
        )
)
select
    instance_number,
    instance_id,
    weekday,
    source,
    due_second,
    first_attempt_at,
    created_at,
    -- Days to the next weekday that is due, a week where it is the only one.
    coalesce(
        lead(weekday) over (partition by instance_number order by weekday),
        min(weekday) over (partition by instance_number) + 7
    ) - weekday as days_to_next
from due
