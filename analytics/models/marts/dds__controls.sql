-- One row per instance and control: ok, alarm or skip, and why.
with protection as (
    select
        protection.*,
        {{ dds_proof() }} as proof,
        listings.is_newest_completed,
        listings.completed_age_hours,
        listings.listing_sync_id,
        listings.listing_total_count,
        listings.listing_records_written,
        listings.listing_rows_found
    from (select * from {{ ref('dds__protection') }}) as protection
    left join (
        select project_id as listed_project_id, is_newest_completed, completed_age_hours, listing_sync_id,
            listing_total_count, listing_records_written, listing_rows_found
        from {{ ref('dds__listings') }}
    ) as listings on listings.listed_project_id = protection.project_id
)

{{ dds_control('has_restore_point', 'critical',
    observed='restore_points', limit='1', evidence='newest_id',
    skip=[
        ("backups_present = 0 and backups_seen > 0 and not is_life_known",
         "'no backup of it is listed any more and instances are not loaded: it may be gone'"),
        ("restore_points = 0 and instance_age_hours < rpo_limit_hours",
         "'created ' || " ~ dds_span('instance_age_hours') ~ " || ' ago, limit ' || " ~ dds_span('rpo_limit_hours')),
    ],
    alarm=[
        ("restore_points = 0 and backups_seen > 0",
         "'no restorable backup among ' || " ~ dds_counted('backups_seen', 'backup') ~ " || ' seen' || proof"),
        ("restore_points = 0", "'no backup at all'"),
    ],
    ok=dds_counted('restore_points', 'restorable backup') ~ " || proof") }}

union all

{{ dds_control('recent_restore_point', 'critical',
    observed='newest_age_hours', limit='rpo_limit_hours', evidence='newest_id',
    skip=[("restore_points = 0", "'no restorable backup: see has_restore_point'")],
    alarm=[
        ("newest_age_hours > rpo_limit_hours",
         "'newest full backup is ' || " ~ dds_span('newest_age_hours') ~ " || ' old, limit ' || "
         ~ dds_span('rpo_limit_hours') ~ " || case when rpo_limit_source = 'schedule' then ' by its schedule' else '' end || proof"),
    ],
    ok="'newest full backup is ' || " ~ dds_span('newest_age_hours') ~ " || ' old, limit ' || "
       ~ dds_span('rpo_limit_hours') ~ " || case when rpo_limit_source = 'schedule' then ' by its schedule' else '' end || proof") }}

union all

{{ dds_control('failures_in_a_row', 'high',
    observed='failed_in_a_row', limit=var('dds_failures_in_a_row'), evidence='last_failed_id',
    skip=[("auto_history_days is null", "'no automated backup was seen'")],
    alarm=[
        ("failed_in_a_row >= " ~ var('dds_failures_in_a_row'),
         dds_counted('failed_in_a_row', 'failed automated backup') ~ " || ' in a row'"),
    ],
    ok=dds_counted('failed_in_a_row', 'failed automated backup') ~ " || ' in a row'") }}

union all

{{ dds_control('missed_schedule', 'high',
    observed='missed_7d', limit='0', evidence=none,
    skip=[
        ("keep_days = 0", "'automated backup is off'"),
        ("schedule_source is null", "'no schedule is known: needs backup_policies or four weeks of backups'"),
        ("coalesce(due_7d, 0) = 0", "'no automated backup was due in the last 7 days'"),
    ],
    alarm=[
        ("missed_7d > 0",
         dds_whole('missed_7d') ~ " || ' of ' || " ~ dds_counted('due_7d', 'automated backup')
         ~ " || ' due in the last 7 days never began' || case when schedule_source = 'observed' then ' (by the days observed)' else '' end"),
    ],
    ok="'all ' || " ~ dds_counted('due_7d', 'automated backup')
       ~ " || ' due in the last 7 days began' || case when schedule_source = 'observed' then ' (by the days observed)' else '' end") }}

union all

{{ dds_control('automated_policy_on', 'high',
    observed='keep_days', limit='1', evidence=none,
    skip=[("keep_days is null and not (is_listed and is_policy_loaded)", "'needs instances or backup_policies'")],
    alarm=[
        ("keep_days is null", "'no backup policy is known to the service'"),
        ("keep_days = 0", "'keep_days = 0: automated backup is off'"),
    ],
    ok="'automated backup is on, kept ' || " ~ dds_counted('keep_days', 'day')) }}

union all

{{ dds_control('retention_long_enough', 'medium',
    observed='case when keep_days < min_retention_days then keep_days else coalesce(reach_days, keep_days) end',
    limit='min_retention_days', evidence='oldest_id',
    skip=[
        ("keep_days is null", "'needs instances or backup_policies'"),
        ("keep_days = 0", "'automated backup is off: see automated_policy_on'"),
    ],
    alarm=[
        ("keep_days < min_retention_days",
         "'kept ' || " ~ dds_counted('keep_days', 'day') ~ " || ', limit ' || " ~ dds_whole('min_retention_days')),
        ("listing_state = 'recent' and restore_points > 0"
         ~ " and auto_history_days > min_retention_days + longest_gap_days + 1"
         ~ " and reach_days < min_retention_days - longest_gap_days - 1",
         "'kept ' || " ~ dds_counted('keep_days', 'day') ~ " || ', yet the oldest backup is ' || "
         ~ dds_counted('floor(reach_days)', 'day') ~ " || ' old, limit ' || " ~ dds_whole('min_retention_days')),
    ],
    ok="'kept ' || " ~ dds_counted('keep_days', 'day') ~ " || ', limit ' || " ~ dds_whole('min_retention_days')) }}

union all

{{ dds_control('sync_complete', 'high', scope='project', applies='all',
    observed='listing_rows_found', limit='coalesce(listing_records_written, listing_total_count)', evidence=none,
    skip=[("newest_sync_id is null", "'needs backup_syncs'")],
    alarm=[
        ("not is_newest_completed", "'the newest run did not read the project to its end'"),
        ("completed_age_hours > " ~ var('dds_sync_hours'),
         "'newest complete run is ' || " ~ dds_span('completed_age_hours') ~ " || ' old, limit "
         ~ var('dds_sync_hours') ~ " h'"),
        ("listing_rows_found < listing_records_written",
         dds_whole('listing_rows_found') ~ " || ' of ' || " ~ dds_counted('listing_records_written', 'row')
         ~ " || ' of the newest full listing are in the warehouse'"),
        ("listing_records_written < listing_total_count",
         dds_whole('listing_records_written') ~ " || ' of ' || " ~ dds_counted('listing_total_count', 'row')
         ~ " || ' that the service reported were read'"),
    ],
    ok="'newest run is complete, ' || " ~ dds_span('completed_age_hours') ~ " || ' old; ' || case when listing_sync_id is null"
       ~ " then 'no full listing yet' else 'all ' || " ~ dds_counted('listing_records_written', 'row')
       ~ " || ' of the newest full listing are here' end") }}

union all

{{ dds_control('size_drop', 'medium',
    observed='size_vs_avg14', limit='-' ~ var('dds_size_drop'), evidence='last_completed_id',
    skip=[("size_vs_avg14 is null", "'fewer than 6 completed automated backups'")],
    alarm=[
        ("size_vs_avg14 < -" ~ var('dds_size_drop'),
         "'newest automated backup is ' || " ~ dds_whole('-size_vs_avg14 * 100')
         ~ " || ' % smaller than the 14 before it, limit " ~ (var('dds_size_drop') * 100) | round | int ~ " %'"),
    ],
    ok="'newest automated backup is ' || " ~ dds_whole('abs(size_vs_avg14) * 100')
       ~ " || ' % ' || case when size_vs_avg14 < 0 then 'smaller' else 'larger' end || ' than those before it'") }}

union all

{{ dds_control('slowdown', 'low',
    observed='speed_change', limit='-' ~ var('dds_slowdown'), evidence='last_completed_id',
    skip=[("speed_change is null", "'fewer than 40 completed automated backups'")],
    alarm=[
        ("speed_change < -" ~ var('dds_slowdown'),
         "'backups run ' || " ~ dds_whole('-speed_change * 100') ~ " || ' % slower: ' || " ~ dds_whole('former_mib_per_s')
         ~ " || ' MiB/s then, ' || " ~ dds_whole('recent_mib_per_s') ~ " || ' MiB/s now'"),
    ],
    ok=dds_whole('recent_mib_per_s') ~ " || ' MiB/s, ' || " ~ dds_whole('former_mib_per_s') ~ " || ' MiB/s a month before'") }}

union all

{{ dds_control('stuck_building', 'medium',
    observed='coalesce(building_hours, 0)', limit=var('dds_stuck_hours'), evidence='building_id',
    skip=[],
    alarm=[
        ("building_hours > " ~ var('dds_stuck_hours'),
         "'a backup has been running for ' || " ~ dds_span('building_hours') ~ " || ', limit "
         ~ var('dds_stuck_hours') ~ " h' || proof"),
    ],
    ok="'no backup is stuck'") }}

union all

{{ dds_control('orphan_backups', 'cost', applies='all',
    observed='case when is_live then 0 else held_gib end', limit='0', evidence='newest_id',
    skip=[("not is_life_known", "'needs instances'")],
    alarm=[
        ("not is_live and restore_points > 0",
         dds_counted('restore_points', 'backup') ~ " || ', ' || " ~ dds_whole('held_gib')
         ~ " || ' GiB, held for an instance that is gone' || proof"),
    ],
    ok="case when is_live then 'the instance is there' else 'nothing is held' end") }}

union all

{{ dds_control('old_manual_backups', 'cost', applies='all',
    observed='coalesce(oldest_manual_days, 0)', limit=var('dds_manual_days'), evidence='oldest_manual_id',
    skip=[],
    alarm=[
        ("old_manual_count > 0",
         dds_counted('old_manual_count', 'manual backup') ~ " || ', ' || " ~ dds_whole('old_manual_gib')
         ~ " || ' GiB, older than " ~ var('dds_manual_days') ~ " days; the oldest ' || "
         ~ dds_counted('floor(oldest_manual_days)', 'day') ~ " || proof"),
    ],
    ok=dds_counted('manual_count', 'manual backup') ~ " || ', none older than " ~ var('dds_manual_days') ~ " days'") }}

union all

{{ dds_control('encrypted', 'info',
    observed='unencrypted', limit='0', evidence='unencrypted_id',
    skip=[("encryption_known = 0", "'the service does not say'")],
    alarm=[
        ("unencrypted > 0",
         dds_whole('unencrypted') ~ " || ' of ' || " ~ dds_counted('encryption_known', 'restorable backup')
         ~ " || ' not encrypted' || proof"),
    ],
    ok="'all ' || " ~ dds_counted('encryption_known', 'restorable backup') ~ " || ' encrypted'") }}
