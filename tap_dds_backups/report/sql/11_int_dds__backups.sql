-- One row per backup ever seen that had begun by the moment of `dds__as_of`: what the other models ask of it,
-- and no text that is only passed on. `dds__backups` is the whole row.
with moment as (select as_of, time_zone from "report"."dds__as_of"),
judged as (
    select
        backups.backup_id,
        backups.begin_time,
        backups.end_time,
        backups.last_seen_at,
        backups.size_kb,
        backups.is_encrypted,
        coalesce(backups.backup_type, 'unknown') as backup_type,
        case
            when backups.end_time > moment.as_of then 'BUILDING'
            else coalesce(backups.status, 'UNKNOWN')
        end as status,
        case when backups.backup_type in ('auto', 'manual') then true else false end as is_full,
        instances.instance_number,
        instances.keep_days,
        listings.listed_at,
        listings.listing_state
    from "report"."stg_dds__backups" as backups
    cross join moment
    left join "report"."dds__listings" as listings on listings.project_id = backups.project_id
    left join "report"."dds__instances" as instances on instances.instance_id = backups.instance_id
    -- A `case`, since a bare comparison with the moment makes DuckDB's planner expect next to no rows, and
    -- then it hashes all backups instead of the few instances.
    where case when backups.begin_time <= moment.as_of then 1 else 0 end = 1
),
-- What looks along an instance's backups. It sorts them: whatever can wait is computed after it.
numbered as (
    select
        judged.*,
        row_number() over (partition by instance_number, is_full order by begin_time, backup_id) as backup_number,
        coalesce(
            sum(case when status = 'COMPLETED' and backup_type = 'auto' then 1 else 0 end) over (
                partition by instance_number, is_full order by begin_time, backup_id rows between 1 following and unbounded following
            ), 0
        ) as completed_after
    from judged
),
measured as (
    select
        numbered.*,
        moment.as_of,
        moment.time_zone,
        case
            when last_seen_at > moment.as_of then 'seen'
            when listed_at is not null and last_seen_at < listed_at then 'gone'
            when listing_state = 'recent' then 'seen'
            else 'unproven'
        end as presence,
        case when status = 'COMPLETED' then true else false end as is_completed,
        case when status = 'FAILED' then true else false end as is_failed,
        case
            when status = 'BUILDING' then true
            when status not in ('COMPLETED', 'FAILED', 'DISABLED') and end_time is null then true
            else false
        end as is_unfinished,
        case when backup_type = 'auto' and keep_days > 0
            then (begin_time + (keep_days * 86400) * interval '1 second') end as expires_at,
        case when end_time >= begin_time and status <> 'BUILDING'
            then (epoch(end_time) - epoch(begin_time)) end as duration_s
    from numbered
    cross join moment
),
proven as (
    select measured.*, case when presence <> 'gone' then true else false end as is_present
    from measured
)
select
    backup_id,
    -- Counts up with time among an instance's full backups, and among its others.
    backup_number,
    instance_number,
    backup_type,
    status,
    begin_time,
    end_time,
    case when time_zone = 'UTC' then cast(begin_time as date)
    else cast(make_timestamptz(epoch_us(begin_time)) at time zone time_zone as date) end as begin_day,
    presence,
    is_present,
    -- Kept for as long as its policy says and not seen after that: it still counts as present until a
    -- listing proves otherwise, but no longer as held.
    case when is_present and expires_at < (as_of + (-86400) * interval '1 second') and last_seen_at < expires_at
        then true else false end as is_expired,
    case
        when is_present and (
            expires_at is null or expires_at >= (as_of + (-86400) * interval '1 second') or last_seen_at >= expires_at
        ) then null
        when expires_at > last_seen_at and (is_present or expires_at < listed_at) then expires_at
        else last_seen_at
    end as gone_at,
    is_full,
    is_completed,
    is_failed,
    is_unfinished,
    case when is_completed and is_full and is_present then true else false end as is_restorable,
    is_encrypted,
    cast(size_kb as double precision) / 1048576.0 as size_gib,
    duration_s,
    case when is_completed and duration_s > 0
        then cast(size_kb as double precision) / 1024.0 / duration_s end as mib_per_s,
    -- Completed automated backups of the instance after this one: 0 for failures that still stand.
    completed_after,
    cast(size_kb as double precision) / 1024.0 / 30 / 60.0 as restore_estimate_min,
    ((epoch(as_of) - epoch(begin_time)) / 3600.0) as age_hours
from proven
