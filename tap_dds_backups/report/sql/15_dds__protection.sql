-- One row per instance: the scorecard.
with moment as (select as_of, today from "report"."dds__as_of"),
sums as (
    select
        instance_number,
        count(*) as backups_seen,
        sum(case when is_present then 1 else 0 end) as backups_present,
        max(case when is_present and presence = 'unproven' then 1 else 0 end) as has_unproven,
        min(case when backup_type = 'auto' then begin_time end) as first_auto_at,
        sum(case when is_restorable then 1 else 0 end) as restore_points,
        sum(case when is_full and is_completed and age_hours < 720 then 1 else 0 end) as completed_30d,
        sum(case when is_full and is_failed and age_hours < 720 then 1 else 0 end) as failed_30d,
        avg(case when backup_type = 'auto' and is_completed and completed_after < 7 then mib_per_s end) as recent_mib_per_s,
        avg(case when backup_type = 'auto' and is_completed and completed_after < 7 then duration_s end) as recent_duration_s,
        avg(case when backup_type = 'auto' and is_completed and completed_after between 30 and 59 then mib_per_s end)
            as former_mib_per_s,
        sum(case when backup_type = 'auto' and is_completed and completed_after between 30 and 59
            and mib_per_s is not null then 1 else 0 end) as former_runs,
        sum(case when is_restorable and not is_expired then coalesce(size_gib, 0) else 0 end) as held_gib,
        sum(case when is_restorable and backup_type = 'manual' then coalesce(size_gib, 0) else 0 end) as manual_gib,
        sum(case when is_restorable and backup_type = 'manual' then 1 else 0 end) as manual_count,
        sum(case when is_restorable and backup_type = 'manual'
            and age_hours > 90 * 24 then 1 else 0 end) as old_manual_count,
        sum(case when is_restorable and backup_type = 'manual'
            and age_hours > 90 * 24 then coalesce(size_gib, 0) else 0 end) as old_manual_gib,
        sum(case when is_restorable and is_encrypted is not null then 1 else 0 end) as encryption_known,
        sum(case when is_restorable and not is_encrypted then 1 else 0 end) as unencrypted,
        sum(case when backup_type = 'auto' and is_failed and completed_after = 0 then 1 else 0 end) as failed_in_a_row,
        -- The backups that the verdicts point at, by their number, which counts up with time.
        max(case when is_restorable then backup_number end) as newest_number,
        min(case when is_restorable then backup_number end) as oldest_number,
        max(case when backup_type = 'auto' and (is_completed or is_failed) then backup_number end) as ended_number,
        max(case when backup_type = 'auto' and is_completed then backup_number end) as completed_number,
        min(case when is_restorable and backup_type = 'manual' then backup_number end) as manual_number,
        max(case when is_restorable and not is_encrypted then backup_number end) as unencrypted_number
    from "report"."int_dds__backups" as backups
    group by instance_number
),
numbered as (
    select backups.*
    from "report"."int_dds__backups" as backups
    inner join sums on sums.instance_number = backups.instance_number
    where backups.is_full and backups.backup_number in (
        sums.newest_number, sums.oldest_number, sums.ended_number, sums.completed_number,
        sums.manual_number, sums.unencrypted_number
    )
),
-- The 14 full backups before the newest completed automated one; of these the completed automated ones count.
sizes as (
    select backups.instance_number, avg(backups.size_gib) as size_gib_avg14, count(*) as size_count14
    from "report"."int_dds__backups" as backups
    inner join sums on sums.instance_number = backups.instance_number
    where backups.is_completed and backups.backup_type = 'auto'
        and backups.backup_number between sums.completed_number - 14 and sums.completed_number - 1
    group by backups.instance_number
),
building as (
    select instance_number, backup_id, age_hours
    from (
        select
            instance_number, backup_id, age_hours,
            row_number() over (partition by instance_number order by begin_time, backup_id) as oldest_first
        from "report"."int_dds__backups" as backups
        where is_unfinished and is_present
    ) as unfinished
    where oldest_first = 1
),
schedules as (
    select
        instance_number,
        max(source) as schedule_source,
        count(*) as days_a_week,
        max(days_to_next) as longest_gap_days
    from "report"."dds__schedules"
    group by instance_number
),
week as (
    select days.instance_number, sum(days.missed) as missed_7d, sum(days.due) as due_7d
    from "report"."dds__instance_days" as days
    cross join moment
    where days.day > (moment.today + cast(-7 as integer))
    group by days.instance_number
),
ranges as (
    select windows.instance_id, max(windows.ends_at) as restorable_to
    from "report"."stg_dds__restore_windows" as windows
    cross join moment
    where windows.ends_at <= moment.as_of
    group by windows.instance_id
),
incrementals as (
    select incrementals.instance_id, max(incrementals.begin_time) as newest_incremental_at
    from "report"."stg_dds__incremental_backups" as incrementals
    cross join moment
    where incrementals.begin_time <= moment.as_of and incrementals.status = 'COMPLETED'
    group by incrementals.instance_id
)
select
    instances.instance_number,
    instances.instance_id,
    instances.instance_name,
    instances.project_id,
    instances.region,
    instances.instance_mode,
    instances.instance_status,
    instances.datastore_version,
    instances.tier,
    instances.is_exempt,
    instances.is_life_known,
    instances.is_live,
    instances.instance_age_hours,
    instances.keep_days,
    instances.is_policy_loaded,
    instances.is_listed,
    instances.min_retention_days,
    coalesce(listings.listing_state, 'none') as listing_state,
    listings.listed_at,
    listings.newest_sync_id,
    coalesce(sums.backups_seen, 0) as backups_seen,
    coalesce(sums.backups_present, 0) as backups_present,
    coalesce(sums.has_unproven, 0) as has_unproven,
    coalesce(sums.restore_points, 0) as restore_points,
    newest.begin_time as newest_at,
    newest.backup_id as newest_id,
    newest.age_hours as newest_age_hours,
    oldest.begin_time as oldest_at,
    oldest.backup_id as oldest_id,
    oldest.age_hours / 24.0 as reach_days,
    ((epoch(moment.as_of) - epoch(sums.first_auto_at)) / 3600.0) / 24.0 as auto_history_days,
    newest.restore_estimate_min,
    ranges.restorable_to,
    incrementals.newest_incremental_at,
    -- The objective, else the general limit, widened to what the schedule allows.
    coalesce(
        instances.objective_rpo_hours,
        greatest(26, coalesce(schedules.longest_gap_days, 1) * 24 + 2)
    ) as rpo_limit_hours,
    case
        when instances.objective_rpo_hours is not null then 'objective'
        when schedules.longest_gap_days * 24 + 2 > 26 then 'schedule'
        else 'default'
    end as rpo_limit_source,
    schedules.schedule_source,
    schedules.days_a_week,
    coalesce(schedules.longest_gap_days, 1) as longest_gap_days,
    week.missed_7d,
    week.due_7d,
    coalesce(sums.failed_in_a_row, 0) as failed_in_a_row,
    case when ended.is_failed then ended.backup_id end as last_failed_id,
    coalesce(sums.completed_30d, 0) as completed_30d,
    coalesce(sums.failed_30d, 0) as failed_30d,
    case when sizes.size_count14 >= 5 and sizes.size_gib_avg14 > 0 then completed.size_gib / sizes.size_gib_avg14 - 1 end as size_vs_avg14,
    completed.size_gib as last_size_gib,
    completed.backup_id as last_completed_id,
    sums.recent_mib_per_s,
    case when sums.former_runs >= 10 then sums.former_mib_per_s end as former_mib_per_s,
    case when sums.former_runs >= 10 and sums.former_mib_per_s > 0
        then sums.recent_mib_per_s / sums.former_mib_per_s - 1 end as speed_change,
    sums.recent_duration_s,
    building.age_hours as building_hours,
    building.backup_id as building_id,
    coalesce(sums.held_gib, 0) as held_gib,
    instances.disk_gib as free_gib,
    case
        when not instances.is_live then coalesce(sums.held_gib, 0)
        when instances.disk_gib is null then null
        else greatest(coalesce(sums.held_gib, 0) - instances.disk_gib, 0)
    end as billable_gib,
    coalesce(sums.manual_gib, 0) as manual_gib,
    coalesce(sums.manual_count, 0) as manual_count,
    manual.age_hours / 24.0 as oldest_manual_days,
    manual.backup_id as oldest_manual_id,
    coalesce(sums.old_manual_count, 0) as old_manual_count,
    coalesce(sums.old_manual_gib, 0) as old_manual_gib,
    coalesce(sums.encryption_known, 0) as encryption_known,
    coalesce(sums.unencrypted, 0) as unencrypted,
    unencrypted.backup_id as unencrypted_id
from "report"."dds__instances" as instances
cross join moment
left join sums on sums.instance_number = instances.instance_number
left join numbered as newest
    on newest.instance_number = sums.instance_number and newest.backup_number = sums.newest_number
left join numbered as oldest
    on oldest.instance_number = sums.instance_number and oldest.backup_number = sums.oldest_number
left join numbered as ended
    on ended.instance_number = sums.instance_number and ended.backup_number = sums.ended_number
left join numbered as completed
    on completed.instance_number = sums.instance_number and completed.backup_number = sums.completed_number
left join sizes on sizes.instance_number = sums.instance_number
left join building on building.instance_number = instances.instance_number
left join numbered as manual
    on manual.instance_number = sums.instance_number and manual.backup_number = sums.manual_number
left join numbered as unencrypted
    on unencrypted.instance_number = sums.instance_number and unencrypted.backup_number = sums.unencrypted_number
left join "report"."dds__listings" as listings on listings.project_id = instances.project_id
left join schedules on schedules.instance_number = instances.instance_number
left join week on week.instance_number = instances.instance_number
left join ranges on ranges.instance_id = instances.instance_id
left join incrementals on incrementals.instance_id = instances.instance_id
