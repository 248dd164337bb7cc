-- One row: the moment that every other model speaks about.
with seen as (
    select max(last_seen_at) as newest_seen_at, min(begin_time) as first_begin_time,
        count(*) as backups_seen
    from "report"."stg_dds__backups"
),
newest as (
    select max(last_seen_at) as extracted_at
    from (
        select newest_seen_at as last_seen_at from seen
        union all select last_seen_at from "report"."stg_dds__instances"
        union all select last_seen_at from "report"."stg_dds__backup_policies"
        union all select last_seen_at from "report"."stg_dds__backup_syncs"
    ) as extractions
),
moment as (
    select
        coalesce(cast(getvariable('dds_as_of') as timestamp), newest.extracted_at) as as_of,
        newest.extracted_at as data_extracted_at,
        coalesce(cast(getvariable('dds_time_zone') as TEXT), 'UTC') as time_zone,
        seen.first_begin_time,
        seen.backups_seen
    from newest cross join seen
)
select
    as_of,
    data_extracted_at,
    time_zone,
    case when time_zone = 'UTC' then cast(as_of as date)
    else cast(make_timestamptz(epoch_us(as_of)) at time zone time_zone as date) end as today,
    first_begin_time,
    backups_seen
from moment
