with loaded as not materialized (
    select
        cast("id" as TEXT) as instance_id,
        cast("name" as TEXT) as instance_name,
        cast("project_id" as TEXT) as project_id,
        cast("region" as TEXT) as region,
        cast("status" as TEXT) as status,
        cast("mode" as TEXT) as instance_mode,
        cast("datastore__version" as TEXT) as datastore_version,
        make_timestamp(epoch_us("created")) as created_at,
        cast("backup_strategy__keep_days" as bigint) as keep_days,
        cast("backup_strategy__start_time" as TEXT) as start_time,
        cast(cast("disk_size_gb" as numeric(18, 3)) as double precision) as disk_gib,
        cast(cast("disk_used_gb" as numeric(18, 3)) as double precision) as disk_used_gib,
        cast("enterprise_project_id" as TEXT) as enterprise_project_id,
        coalesce(
    make_timestamp(epoch_us("_sdc_extracted_at")),
    cast(null as timestamp)
  ) as last_seen_at
    from "report_source"."instances" as loaded where 1 = 1
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
    instance_id, instance_name, project_id, region, status, instance_mode, datastore_version,
    created_at, keep_days, start_time, disk_gib, disk_used_gib, enterprise_project_id, last_seen_at
from kept
where newest_first = 1
