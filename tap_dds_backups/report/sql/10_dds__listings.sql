-- Per project: what its runs prove. A full listing shows what exists; a backup it did not show is gone.
with moment as (select as_of from "report"."dds__as_of"),
projects as (
    select project_id
    from (
        select project_id from "report"."stg_dds__backups"
        union all select project_id from "report"."stg_dds__instances"
        union all select project_id from "report"."stg_dds__backup_syncs"
    ) as all_lists
    group by project_id
),
syncs as (
    select
        syncs.*,
        row_number() over (
            partition by syncs.project_id order by syncs.started_at desc, syncs.sync_id desc
        ) as run_newest_first,
        row_number() over (
            partition by syncs.project_id, coalesce(syncs.is_completed, false)
            order by syncs.started_at desc, syncs.sync_id desc
        ) as same_end_newest_first,
        row_number() over (
            partition by syncs.project_id,
                case when syncs.is_completed and syncs.is_full_listing then 1 else 0 end
            order by syncs.started_at desc, syncs.sync_id desc
        ) as same_kind_newest_first
    from "report"."stg_dds__backup_syncs" as syncs
    cross join moment
    where syncs.started_at <= moment.as_of
),
listings as (
    select * from syncs
    where is_completed and is_full_listing and same_kind_newest_first = 1
),
counted as (
    select
        listings.project_id,
        sum(case when backups.last_seen_at >= listings.started_at
            and backups.begin_time <= coalesce(listings.window_end, listings.finished_at)
            then 1 else 0 end) as rows_found
    from listings
    left join "report"."stg_dds__backups" as backups on backups.project_id = listings.project_id
    group by listings.project_id
)
select
    projects.project_id,
    newest.sync_id as newest_sync_id,
    coalesce(newest.is_completed, false) as is_newest_completed,
    completed.finished_at as completed_at,
    ((epoch(moment.as_of) - epoch(completed.finished_at)) / 3600.0) as completed_age_hours,
    listings.sync_id as listing_sync_id,
    listings.started_at as listed_at,
    case
        when listings.started_at is null then 'none'
        when ((epoch(moment.as_of) - epoch(listings.started_at)) / 3600.0) > 8 * 24 then 'old'
        else 'recent'
    end as listing_state,
    listings.total_count as listing_total_count,
    listings.records_written as listing_records_written,
    counted.rows_found as listing_rows_found
from projects
cross join moment
left join syncs as newest
    on newest.project_id = projects.project_id and newest.run_newest_first = 1
left join syncs as completed
    on completed.project_id = projects.project_id
    and completed.is_completed and completed.same_end_newest_first = 1
left join listings on listings.project_id = projects.project_id
left join counted on counted.project_id = projects.project_id
where projects.project_id is not null
