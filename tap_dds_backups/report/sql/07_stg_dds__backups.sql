with loaded as not materialized (
    select
        cast("id" as TEXT) as backup_id,
        cast("name" as TEXT) as backup_name,
        cast("project_id" as TEXT) as project_id,
        cast("region" as TEXT) as region,
        cast("instance_id" as TEXT) as instance_id,
        cast("instance_name" as TEXT) as instance_name,
        cast("instance_mode" as TEXT) as instance_mode,
        cast("datastore__type" as TEXT) as datastore_type,
        cast("datastore__version" as TEXT) as datastore_version,
        lower(cast("type" as TEXT)) as backup_type,
        upper(cast("status" as TEXT)) as status,
        make_timestamp(epoch_us("begin_time")) as begin_time,
        make_timestamp(epoch_us("end_time")) as end_time,
        cast("size" as bigint) as size_kb,
        cast("description" as TEXT) as description,
        cast("backup_method" as TEXT) as backup_method,
        cast("kms_enable" as boolean) as is_encrypted,
        cast("deletable" as boolean) as is_deletable,
        coalesce(
    make_timestamp(epoch_us("_sdc_extracted_at")),
    cast(null as timestamp)
  ) as last_seen_at
    from "report_source"."backups" as loaded where 1 = 1
),
repeated as (
    select backup_id as repeated_key from "report"."int_dds__repeated_backups"
),
kept as (
    select loaded.*, 1 as newest_first
    from loaded
    left join repeated on repeated.repeated_key = loaded.backup_id
    where repeated.repeated_key is null and loaded.backup_id is not null
    union all
    select loaded.*,
        row_number() over (partition by loaded.backup_id order by loaded.last_seen_at desc)
    from loaded
    inner join repeated on repeated.repeated_key = loaded.backup_id
)
select
    backup_id, backup_name, project_id, region, instance_id, instance_name, instance_mode,
    datastore_type, datastore_version, backup_type, status, begin_time, end_time, size_kb,
    description, backup_method, is_encrypted, is_deletable, last_seen_at
from kept
where newest_first = 1 and begin_time is not null
