-- One row per backup ever seen that had begun by the moment of `dds__as_of`: what `int_dds__backups` computes,
-- what the service told, and how it compares with the instance's full backups before it.
with series as (
    select
        computed.*,
        max(case when is_completed then begin_time end) over (
            partition by instance_number, is_full order by backup_number rows between unbounded preceding and 1 preceding
        ) as previous_begin_time,
        -- Of the 14 full backups before it, the completed automated ones count.
        avg(case when is_completed and backup_type = 'auto' then size_gib end) over (
            partition by instance_number, is_full order by backup_number rows between 14 preceding and 1 preceding
        ) as size_gib_avg14,
        sum(case when is_completed and backup_type = 'auto' then 1 else 0 end) over (
            partition by instance_number, is_full order by backup_number rows between 14 preceding and 1 preceding
        ) as size_count14
    from "report"."int_dds__backups" as computed
)
select
    series.backup_id,
    series.backup_number,
    series.instance_number,
    backups.backup_name,
    backups.project_id,
    backups.region,
    backups.instance_id,
    backups.instance_name,
    backups.datastore_version,
    series.backup_type,
    backups.backup_method,
    backups.description,
    series.status,
    series.begin_time,
    series.end_time,
    series.begin_day,
    backups.last_seen_at,
    series.presence,
    series.is_present,
    series.is_expired,
    series.gone_at,
    series.is_full,
    series.is_completed,
    series.is_failed,
    series.is_unfinished,
    series.is_restorable,
    series.is_encrypted,
    backups.is_deletable,
    backups.size_kb,
    series.size_gib,
    series.duration_s,
    series.mib_per_s,
    case when series.is_completed and series.is_full
        then ((epoch(series.begin_time) - epoch(series.previous_begin_time)) / 3600.0) end as gap_hours,
    series.completed_after,
    case when series.is_completed and series.backup_type = 'auto'
        then case when series.size_count14 >= 5 and series.size_gib_avg14 > 0 then series.size_gib / series.size_gib_avg14 - 1 end
    end as size_vs_avg14,
    series.restore_estimate_min,
    series.age_hours
from series
inner join "report"."stg_dds__backups" as backups on backups.backup_id = series.backup_id
