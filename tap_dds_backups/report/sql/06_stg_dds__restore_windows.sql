select
    cast("instance_id" as TEXT) as instance_id,
    ("start_time" at time zone 'UTC') as starts_at,
    ("end_time" at time zone 'UTC') as ends_at,
    coalesce(
    ("_sdc_extracted_at" at time zone 'UTC'),
    cast(null as timestamp)
  ) as last_seen_at
from "report_source"."restore_windows" as loaded where 1 = 1
