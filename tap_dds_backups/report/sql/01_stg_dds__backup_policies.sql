with loaded as not materialized (
    select
        cast("instance_id" as TEXT) as instance_id,
        cast("project_id" as TEXT) as project_id,
        cast("keep_days" as bigint) as keep_days,
        cast("start_time" as TEXT) as start_time,
        replace(cast("period" as TEXT), ' ', '') as period,
        cast("enable_incremental_backup" as boolean) as is_incremental_on,
        coalesce(
    make_timestamp(epoch_us("_sdc_extracted_at")),
    cast(null as timestamp)
  ) as last_seen_at
    from "report_source"."backup_policies" as loaded where 1 = 1
),
repeated as (
    select instance_id as repeated_key
    from loaded
    group by instance_id
    having count(*) > 1
),
kept as (
    select loaded.*, 1 as newest_first
    from loaded
    left join repeated on repeated.repeated_key = loaded.instance_id
    where repeated.repeated_key is null and loaded.instance_id is not null
    union all
    select loaded.*,
        row_number() over (partition by loaded.instance_id order by loaded.last_seen_at desc)
    from loaded
    inner join repeated on repeated.repeated_key = loaded.instance_id
)
select
    instance_id, project_id, keep_days, start_time, period, is_incremental_on, last_seen_at
from kept
where newest_first = 1
