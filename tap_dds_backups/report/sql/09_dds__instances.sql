-- One row per instance: those that are listed, and those known from their backups alone.
with moment as (select as_of from "report"."dds__as_of"),
latest as (
    select backups.instance_id, max(backups.begin_time) as begin_time
    from "report"."stg_dds__backups" as backups
    cross join moment
    where backups.instance_id is not null and backups.begin_time <= moment.as_of
    group by backups.instance_id
),
named as (
    select
        backups.instance_id,
        max(backups.instance_name) as instance_name,
        max(backups.project_id) as project_id,
        max(backups.region) as region,
        max(backups.instance_mode) as instance_mode,
        max(backups.datastore_version) as datastore_version
    from "report"."stg_dds__backups" as backups
    inner join latest
        on latest.instance_id = backups.instance_id and latest.begin_time = backups.begin_time
    group by backups.instance_id
),
-- A full table keeps rows of instances that are gone: they were not seen by the project's newest run.
runs as (
    select project_id, max(last_seen_at) as newest_seen_at
    from "report"."stg_dds__instances"
    group by project_id
),
policy_runs as (
    select project_id, count(*) as policies
    from "report"."stg_dds__backup_policies"
    group by project_id
),
ids as (
    select instance_id
    from (
        select instance_id from named
        union all select instance_id from "report"."stg_dds__instances"
    ) as both_lists
    group by instance_id
),
joined as (
    select
        ids.instance_id,
        coalesce(listed.instance_name, named.instance_name, ids.instance_id) as instance_name,
        coalesce(listed.project_id, named.project_id) as project_id,
        coalesce(listed.region, named.region) as region,
        coalesce(listed.instance_mode, named.instance_mode) as instance_mode,
        coalesce(listed.datastore_version, named.datastore_version) as datastore_version,
        listed.status as instance_status,
        listed.created_at,
        listed.disk_gib,
        listed.disk_used_gib,
        coalesce(policies.keep_days, listed.keep_days) as keep_days,
        coalesce(policies.start_time, listed.start_time) as start_time,
        policies.period,
        policies.is_incremental_on,
        case when listed.instance_id is not null then true else false end as is_listed,
        case
            when listed.last_seen_at >= (runs.newest_seen_at + (-3600) * interval '1 second') then true
            else false
        end as is_seen_by_newest_run
    from ids
    left join named on named.instance_id = ids.instance_id
    left join "report"."stg_dds__instances" as listed on listed.instance_id = ids.instance_id
    left join "report"."stg_dds__backup_policies" as policies on policies.instance_id = ids.instance_id
    left join runs on runs.project_id = listed.project_id
),
objectives as (
    select lower(name_pattern) as name_pattern, tier, rpo_hours, min_retention_days, exempt
    from "report"."dds_objectives"
),
matched as (
    select instance_id, tier, rpo_hours, min_retention_days, exempt
    from (
        select
            joined.instance_id,
            objectives.tier,
            objectives.rpo_hours,
            objectives.min_retention_days,
            objectives.exempt,
            row_number() over (
                partition by joined.instance_id
                order by length(objectives.name_pattern) desc, objectives.name_pattern
            ) as longest_first
        from joined
        inner join objectives on lower(joined.instance_name) like objectives.name_pattern
    ) as matches
    where longest_first = 1
)
select
    -- Models join on this number: faster than on the long id.
    row_number() over (order by joined.instance_id) as instance_number,
    joined.instance_id,
    joined.instance_name,
    joined.project_id,
    joined.region,
    joined.instance_mode,
    joined.datastore_version,
    joined.instance_status,
    joined.created_at,
    ((epoch(moment.as_of) - epoch(joined.created_at)) / 3600.0) as instance_age_hours,
    joined.disk_gib,
    joined.disk_used_gib,
    joined.keep_days,
    joined.start_time,
    joined.period,
    joined.is_incremental_on,
    case when runs.project_id is not null then true else false end as is_life_known,
    case when runs.project_id is null or joined.is_seen_by_newest_run then true else false end as is_live,
    joined.is_listed,
    case when policy_runs.policies > 0 then true else false end as is_policy_loaded,
    matched.tier,
    coalesce(matched.exempt, false) as is_exempt,
    matched.rpo_hours as objective_rpo_hours,
    coalesce(matched.min_retention_days, 7) as min_retention_days
from joined
cross join moment
left join runs on runs.project_id = joined.project_id
left join policy_runs on policy_runs.project_id = joined.project_id
left join matched on matched.instance_id = joined.instance_id
