-- One row per instance and control: ok, alarm or skip, and why.
with protection as (
    select
        protection.*,
        case
    when has_unproven = 0 then ''
    when listing_state = 'none' then ' (unproven: no full listing is loaded)'
    else ' (unproven since ' || cast(cast(listed_at as date) as TEXT) || ', the newest full listing)'
  end as proof,
        listings.is_newest_completed,
        listings.completed_age_hours,
        listings.listing_sync_id,
        listings.listing_total_count,
        listings.listing_records_written,
        listings.listing_rows_found
    from (select * from "report"."dds__protection") as protection
    left join (
        select project_id as listed_project_id, is_newest_completed, completed_age_hours, listing_sync_id,
            listing_total_count, listing_records_written, listing_rows_found
        from "report"."dds__listings"
    ) as listings on listings.listed_project_id = protection.project_id
)
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'has_restore_point' as control_id,
        'critical' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when backups_present = 0 and backups_seen > 0 and not is_life_known then 'skip'
            when restore_points = 0 and instance_age_hours < rpo_limit_hours then 'skip'
            when restore_points = 0 and backups_seen > 0 then 'alarm'
            when restore_points = 0 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when backups_present = 0 and backups_seen > 0 and not is_life_known then 'no backup of it is listed any more and instances are not loaded: it may be gone'
            when restore_points = 0 and instance_age_hours < rpo_limit_hours then 'created ' || case when (instance_age_hours) < 240 then cast(cast(floor((instance_age_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((instance_age_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end || ' ago, limit ' || case when (rpo_limit_hours) < 240 then cast(cast(floor((rpo_limit_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((rpo_limit_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end
            when restore_points = 0 and backups_seen > 0 then 'no restorable backup among ' || cast(cast(floor((backups_seen) + 0.5) as bigint) as TEXT) || case when (backups_seen) = 1 then ' backup' else ' backups' end || ' seen' || proof
            when restore_points = 0 then 'no backup at all'
            else cast(cast(floor((restore_points) + 0.5) as bigint) as TEXT) || case when (restore_points) = 1 then ' restorable backup' else ' restorable backups' end || proof
        end as reason,
        newest_id as evidence_backup_id,
        cast(restore_points as double precision) as observed,
        cast(1 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'recent_restore_point' as control_id,
        'critical' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when restore_points = 0 then 'skip'
            when newest_age_hours > rpo_limit_hours then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when restore_points = 0 then 'no restorable backup: see has_restore_point'
            when newest_age_hours > rpo_limit_hours then 'newest full backup is ' || case when (newest_age_hours) < 240 then cast(cast(floor((newest_age_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((newest_age_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end || ' old, limit ' || case when (rpo_limit_hours) < 240 then cast(cast(floor((rpo_limit_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((rpo_limit_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end || case when rpo_limit_source = 'schedule' then ' by its schedule' else '' end || proof
            else 'newest full backup is ' || case when (newest_age_hours) < 240 then cast(cast(floor((newest_age_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((newest_age_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end || ' old, limit ' || case when (rpo_limit_hours) < 240 then cast(cast(floor((rpo_limit_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((rpo_limit_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end || case when rpo_limit_source = 'schedule' then ' by its schedule' else '' end || proof
        end as reason,
        newest_id as evidence_backup_id,
        cast(newest_age_hours as double precision) as observed,
        cast(rpo_limit_hours as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'failures_in_a_row' as control_id,
        'high' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when auto_history_days is null then 'skip'
            when failed_in_a_row >= 2 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when auto_history_days is null then 'no automated backup was seen'
            when failed_in_a_row >= 2 then cast(cast(floor((failed_in_a_row) + 0.5) as bigint) as TEXT) || case when (failed_in_a_row) = 1 then ' failed automated backup' else ' failed automated backups' end || ' in a row'
            else cast(cast(floor((failed_in_a_row) + 0.5) as bigint) as TEXT) || case when (failed_in_a_row) = 1 then ' failed automated backup' else ' failed automated backups' end || ' in a row'
        end as reason,
        last_failed_id as evidence_backup_id,
        cast(failed_in_a_row as double precision) as observed,
        cast(2 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'missed_schedule' as control_id,
        'high' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when keep_days = 0 then 'skip'
            when schedule_source is null then 'skip'
            when coalesce(due_7d, 0) = 0 then 'skip'
            when missed_7d > 0 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when keep_days = 0 then 'automated backup is off'
            when schedule_source is null then 'no schedule is known: needs backup_policies or four weeks of backups'
            when coalesce(due_7d, 0) = 0 then 'no automated backup was due in the last 7 days'
            when missed_7d > 0 then cast(cast(floor((missed_7d) + 0.5) as bigint) as TEXT) || ' of ' || cast(cast(floor((due_7d) + 0.5) as bigint) as TEXT) || case when (due_7d) = 1 then ' automated backup' else ' automated backups' end || ' due in the last 7 days never began' || case when schedule_source = 'observed' then ' (by the days observed)' else '' end
            else 'all ' || cast(cast(floor((due_7d) + 0.5) as bigint) as TEXT) || case when (due_7d) = 1 then ' automated backup' else ' automated backups' end || ' due in the last 7 days began' || case when schedule_source = 'observed' then ' (by the days observed)' else '' end
        end as reason,
        cast(null as TEXT) as evidence_backup_id,
        cast(missed_7d as double precision) as observed,
        cast(0 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'automated_policy_on' as control_id,
        'high' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when keep_days is null and not (is_listed and is_policy_loaded) then 'skip'
            when keep_days is null then 'alarm'
            when keep_days = 0 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when keep_days is null and not (is_listed and is_policy_loaded) then 'needs instances or backup_policies'
            when keep_days is null then 'no backup policy is known to the service'
            when keep_days = 0 then 'keep_days = 0: automated backup is off'
            else 'automated backup is on, kept ' || cast(cast(floor((keep_days) + 0.5) as bigint) as TEXT) || case when (keep_days) = 1 then ' day' else ' days' end
        end as reason,
        cast(null as TEXT) as evidence_backup_id,
        cast(keep_days as double precision) as observed,
        cast(1 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'retention_long_enough' as control_id,
        'medium' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when keep_days is null then 'skip'
            when keep_days = 0 then 'skip'
            when keep_days < min_retention_days then 'alarm'
            when listing_state = 'recent' and restore_points > 0 and auto_history_days > min_retention_days + longest_gap_days + 1 and reach_days < min_retention_days - longest_gap_days - 1 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when keep_days is null then 'needs instances or backup_policies'
            when keep_days = 0 then 'automated backup is off: see automated_policy_on'
            when keep_days < min_retention_days then 'kept ' || cast(cast(floor((keep_days) + 0.5) as bigint) as TEXT) || case when (keep_days) = 1 then ' day' else ' days' end || ', limit ' || cast(cast(floor((min_retention_days) + 0.5) as bigint) as TEXT)
            when listing_state = 'recent' and restore_points > 0 and auto_history_days > min_retention_days + longest_gap_days + 1 and reach_days < min_retention_days - longest_gap_days - 1 then 'kept ' || cast(cast(floor((keep_days) + 0.5) as bigint) as TEXT) || case when (keep_days) = 1 then ' day' else ' days' end || ', yet the oldest backup is ' || cast(cast(floor((floor(reach_days)) + 0.5) as bigint) as TEXT) || case when (floor(reach_days)) = 1 then ' day' else ' days' end || ' old, limit ' || cast(cast(floor((min_retention_days) + 0.5) as bigint) as TEXT)
            else 'kept ' || cast(cast(floor((keep_days) + 0.5) as bigint) as TEXT) || case when (keep_days) = 1 then ' day' else ' days' end || ', limit ' || cast(cast(floor((min_retention_days) + 0.5) as bigint) as TEXT)
        end as reason,
        oldest_id as evidence_backup_id,
        cast(case when keep_days < min_retention_days then keep_days else coalesce(reach_days, keep_days) end as double precision) as observed,
        cast(min_retention_days as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'sync_complete' as control_id,
        'high' as severity,
        'project' as scope,
        case
            when newest_sync_id is null then 'skip'
            when not is_newest_completed then 'alarm'
            when completed_age_hours > 26 then 'alarm'
            when listing_rows_found < listing_records_written then 'alarm'
            when listing_records_written < listing_total_count then 'alarm'
            else 'ok'
        end as status,
        case
            when newest_sync_id is null then 'needs backup_syncs'
            when not is_newest_completed then 'the newest run did not read the project to its end'
            when completed_age_hours > 26 then 'newest complete run is ' || case when (completed_age_hours) < 240 then cast(cast(floor((completed_age_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((completed_age_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end || ' old, limit 26 h'
            when listing_rows_found < listing_records_written then cast(cast(floor((listing_rows_found) + 0.5) as bigint) as TEXT) || ' of ' || cast(cast(floor((listing_records_written) + 0.5) as bigint) as TEXT) || case when (listing_records_written) = 1 then ' row' else ' rows' end || ' of the newest full listing are in the warehouse'
            when listing_records_written < listing_total_count then cast(cast(floor((listing_records_written) + 0.5) as bigint) as TEXT) || ' of ' || cast(cast(floor((listing_total_count) + 0.5) as bigint) as TEXT) || case when (listing_total_count) = 1 then ' row' else ' rows' end || ' that the service reported were read'
            else 'newest run is complete, ' || case when (completed_age_hours) < 240 then cast(cast(floor((completed_age_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((completed_age_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end || ' old; ' || case when listing_sync_id is null then 'no full listing yet' else 'all ' || cast(cast(floor((listing_records_written) + 0.5) as bigint) as TEXT) || case when (listing_records_written) = 1 then ' row' else ' rows' end || ' of the newest full listing are here' end
        end as reason,
        cast(null as TEXT) as evidence_backup_id,
        cast(listing_rows_found as double precision) as observed,
        cast(coalesce(listing_records_written, listing_total_count) as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'size_drop' as control_id,
        'medium' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when size_vs_avg14 is null then 'skip'
            when size_vs_avg14 < -0.5 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when size_vs_avg14 is null then 'fewer than 6 completed automated backups'
            when size_vs_avg14 < -0.5 then 'newest automated backup is ' || cast(cast(floor((-size_vs_avg14 * 100) + 0.5) as bigint) as TEXT) || ' % smaller than the 14 before it, limit 50 %'
            else 'newest automated backup is ' || cast(cast(floor((abs(size_vs_avg14) * 100) + 0.5) as bigint) as TEXT) || ' % ' || case when size_vs_avg14 < 0 then 'smaller' else 'larger' end || ' than those before it'
        end as reason,
        last_completed_id as evidence_backup_id,
        cast(size_vs_avg14 as double precision) as observed,
        cast(-0.5 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'slowdown' as control_id,
        'low' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when speed_change is null then 'skip'
            when speed_change < -0.3 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when speed_change is null then 'fewer than 40 completed automated backups'
            when speed_change < -0.3 then 'backups run ' || cast(cast(floor((-speed_change * 100) + 0.5) as bigint) as TEXT) || ' % slower: ' || cast(cast(floor((former_mib_per_s) + 0.5) as bigint) as TEXT) || ' MiB/s then, ' || cast(cast(floor((recent_mib_per_s) + 0.5) as bigint) as TEXT) || ' MiB/s now'
            else cast(cast(floor((recent_mib_per_s) + 0.5) as bigint) as TEXT) || ' MiB/s, ' || cast(cast(floor((former_mib_per_s) + 0.5) as bigint) as TEXT) || ' MiB/s a month before'
        end as reason,
        last_completed_id as evidence_backup_id,
        cast(speed_change as double precision) as observed,
        cast(-0.3 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'stuck_building' as control_id,
        'medium' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when building_hours > 24 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when building_hours > 24 then 'a backup has been running for ' || case when (building_hours) < 240 then cast(cast(floor((building_hours) + 0.5) as bigint) as TEXT) || ' h'
    else cast(cast(floor(((building_hours) / 24.0) + 0.5) as bigint) as TEXT) || ' days' end || ', limit 24 h' || proof
            else 'no backup is stuck'
        end as reason,
        building_id as evidence_backup_id,
        cast(coalesce(building_hours, 0) as double precision) as observed,
        cast(24 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'orphan_backups' as control_id,
        'cost' as severity,
        'instance' as scope,
        case
            when not is_life_known then 'skip'
            when not is_live and restore_points > 0 then 'alarm'
            else 'ok'
        end as status,
        case
            when not is_life_known then 'needs instances'
            when not is_live and restore_points > 0 then cast(cast(floor((restore_points) + 0.5) as bigint) as TEXT) || case when (restore_points) = 1 then ' backup' else ' backups' end || ', ' || cast(cast(floor((held_gib) + 0.5) as bigint) as TEXT) || ' GiB, held for an instance that is gone' || proof
            else case when is_live then 'the instance is there' else 'nothing is held' end
        end as reason,
        newest_id as evidence_backup_id,
        cast(case when is_live then 0 else held_gib end as double precision) as observed,
        cast(0 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'old_manual_backups' as control_id,
        'cost' as severity,
        'instance' as scope,
        case
            when old_manual_count > 0 then 'alarm'
            else 'ok'
        end as status,
        case
            when old_manual_count > 0 then cast(cast(floor((old_manual_count) + 0.5) as bigint) as TEXT) || case when (old_manual_count) = 1 then ' manual backup' else ' manual backups' end || ', ' || cast(cast(floor((old_manual_gib) + 0.5) as bigint) as TEXT) || ' GiB, older than 90 days; the oldest ' || cast(cast(floor((floor(oldest_manual_days)) + 0.5) as bigint) as TEXT) || case when (floor(oldest_manual_days)) = 1 then ' day' else ' days' end || proof
            else cast(cast(floor((manual_count) + 0.5) as bigint) as TEXT) || case when (manual_count) = 1 then ' manual backup' else ' manual backups' end || ', none older than 90 days'
        end as reason,
        oldest_manual_id as evidence_backup_id,
        cast(coalesce(oldest_manual_days, 0) as double precision) as observed,
        cast(90 as double precision) as limit_value
    from protection
union all
select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        'encrypted' as control_id,
        'info' as severity,
        'instance' as scope,
        case
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            when encryption_known = 0 then 'skip'
            when unencrypted > 0 then 'alarm'
            else 'ok'
        end as status,
        case
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            when encryption_known = 0 then 'the service does not say'
            when unencrypted > 0 then cast(cast(floor((unencrypted) + 0.5) as bigint) as TEXT) || ' of ' || cast(cast(floor((encryption_known) + 0.5) as bigint) as TEXT) || case when (encryption_known) = 1 then ' restorable backup' else ' restorable backups' end || ' not encrypted' || proof
            else 'all ' || cast(cast(floor((encryption_known) + 0.5) as bigint) as TEXT) || case when (encryption_known) = 1 then ' restorable backup' else ' restorable backups' end || ' encrypted'
        end as reason,
        unencrypted_id as evidence_backup_id,
        cast(unencrypted as double precision) as observed,
        cast(0 as double precision) as limit_value
    from protection
