select
    cast("id" as TEXT) as backup_id,
    cast("instance_id" as TEXT) as instance_id,
    upper(cast("status" as TEXT)) as status,
    make_timestamp(epoch_us("begin_time")) as begin_time,
    make_timestamp(epoch_us("end_time")) as end_time,
    cast("size" as bigint) as size_kb,
    coalesce(
    make_timestamp(epoch_us("_sdc_extracted_at")),
    cast(null as timestamp)
  ) as last_seen_at
from "report_source"."incremental_backups" as loaded where 1 = 1
