-- One row per backup ever seen that had begun by the moment of `dds__as_of`.
{%- set along = 'partition by instance_number, is_full order by begin_time, backup_id' %}
with moment as (select as_of, time_zone from {{ ref('dds__as_of') }}),

judged as {{ dds_inlined() }}(
    select
        backups.*,
        moment.as_of,
        moment.time_zone,
        instances.instance_number,
        instances.keep_days,
        listings.listed_at,
        case
            when backups.last_seen_at > moment.as_of then 'seen'
            when listings.listed_at is not null and backups.last_seen_at < listings.listed_at then 'gone'
            when listings.listing_state = 'recent' then 'seen'
            else 'unproven'
        end as presence,
        case
            when backups.end_time > moment.as_of then 'BUILDING'
            else coalesce(backups.status, 'UNKNOWN')
        end as status_then
    from {{ ref('stg_dds__backups') }} as backups
    cross join moment
    left join {{ ref('dds__listings') }} as listings on listings.project_id = backups.project_id
    left join {{ ref('dds__instances') }} as instances on instances.instance_id = backups.instance_id
    -- A `case`, since a bare comparison with the moment makes DuckDB's planner expect next to no rows, and
    -- then it hashes all backups instead of the few instances.
    where case when backups.begin_time <= moment.as_of then 1 else 0 end = 1
),

measured as {{ dds_inlined() }}(
    select
        judged.*,
        case when presence <> 'gone' then true else false end as is_present,
        case when backup_type in ('auto', 'manual') then true else false end as is_full,
        case when status_then = 'COMPLETED' then 1 else 0 end as completed,
        case when status_then = 'FAILED' then 1 else 0 end as failed,
        case when status_then = 'COMPLETED' and backup_type = 'auto' then 1 else 0 end as completed_auto,
        case
            when status_then = 'BUILDING' then 1
            when status_then not in ('COMPLETED', 'FAILED', 'DISABLED') and end_time is null then 1
            else 0
        end as unfinished,
        case when backup_type = 'auto' and keep_days > 0
            then {{ dds_add_seconds('begin_time', 'keep_days * 86400') }} end as expires_at,
        case when end_time >= begin_time and status_then <> 'BUILDING'
            then {{ dds_seconds('begin_time', 'end_time') }} end as duration_s,
        {{ dds_double('size_kb') }} / 1048576.0 as size_gib
    from judged
),

-- What looks along an instance's full backups, in one sort, of the columns that it needs and no others. The
-- 14 before a backup are the 14 full ones before it; of these the completed automated ones count.
series as (
    select
        backup_id,
        row_number() over ({{ along }}) as backup_number,
        sum(completed_auto) over ({{ along }} rows between unbounded preceding and unbounded following)
            - sum(completed_auto) over ({{ along }} rows between unbounded preceding and current row)
            as completed_after,
        max(case when completed = 1 then begin_time end) over (
            {{ along }} rows between unbounded preceding and 1 preceding
        ) as previous_begin_time,
        avg(case when completed_auto = 1 then size_gib end) over (
            {{ along }} rows between 14 preceding and 1 preceding
        ) as size_gib_avg14,
        sum(completed_auto) over ({{ along }} rows between 14 preceding and 1 preceding) as size_count14
    from measured
)

select
    measured.backup_id,
    -- Counts up with time among an instance's full backups, and among its others.
    backup_number,
    instance_number,
    backup_name,
    project_id,
    region,
    instance_id,
    instance_name,
    datastore_version,
    coalesce(backup_type, 'unknown') as backup_type,
    backup_method,
    description,
    status_then as status,
    begin_time,
    end_time,
    {{ dds_local_day('begin_time', 'time_zone') }} as begin_day,
    last_seen_at,
    presence,
    is_present,
    -- Kept for as long as its policy says and not seen after that: it still counts as present until a
    -- listing proves otherwise, but no longer as held.
    case when is_present and expires_at < {{ dds_add_seconds('as_of', -86400) }} and last_seen_at < expires_at
        then true else false end as is_expired,
    case
        when is_present and (
            expires_at is null or expires_at >= {{ dds_add_seconds('as_of', -86400) }} or last_seen_at >= expires_at
        ) then null
        when expires_at > last_seen_at and (is_present or expires_at < listed_at) then expires_at
        else last_seen_at
    end as gone_at,
    is_full,
    case when completed = 1 then true else false end as is_completed,
    case when failed = 1 then true else false end as is_failed,
    case when unfinished = 1 then true else false end as is_unfinished,
    case when completed = 1 and is_full and is_present then true else false
        end as is_restorable,
    is_encrypted,
    is_deletable,
    size_kb,
    size_gib,
    duration_s,
    case when completed = 1 and duration_s > 0
        then {{ dds_double('size_kb') }} / 1024.0 / duration_s end as mib_per_s,
    case when completed = 1 and is_full
        then {{ dds_hours('previous_begin_time', 'begin_time') }} end as gap_hours,
    -- Completed automated backups of the instance after this one: 0 for failures that still stand.
    completed_after,
    case when completed_auto = 1 and size_count14 >= 5 and size_gib_avg14 > 0
        then size_gib / size_gib_avg14 - 1 end as size_vs_avg14,
    {{ dds_double('size_kb') }} / 1024.0 / {{ var('dds_restore_mib_per_s') }} / 60.0 as restore_estimate_min,
    {{ dds_hours('begin_time', 'as_of') }} as age_hours
from measured
inner join series on series.backup_id = measured.backup_id
