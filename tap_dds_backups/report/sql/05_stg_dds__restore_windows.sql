select
    cast("instance_id" as TEXT) as instance_id,
    make_timestamp(epoch_us("start_time")) as starts_at,
    make_timestamp(epoch_us("end_time")) as ends_at,
    coalesce(
    make_timestamp(epoch_us("_sdc_extracted_at")),
    cast(null as timestamp)
  ) as last_seen_at
from "report_source"."restore_windows" as loaded where 1 = 1
