select
    cast("id" as TEXT) as backup_id,
    cast("instance_id" as TEXT) as instance_id,
    upper(cast("status" as TEXT)) as status,
    ("begin_time" at time zone 'UTC') as begin_time,
    ("end_time" at time zone 'UTC') as end_time,
    cast("size" as bigint) as size_kb,
    coalesce(
    ("_sdc_extracted_at" at time zone 'UTC'),
    cast(null as timestamp)
  ) as last_seen_at
from "report_source"."incremental_backups" as loaded where 1 = 1
