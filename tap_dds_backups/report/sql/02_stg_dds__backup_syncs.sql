with loaded as not materialized (
    select
        cast("sync_id" as TEXT) as sync_id,
        cast("project_id" as TEXT) as project_id,
        cast("region" as TEXT) as region,
        make_timestamp(epoch_us("started_at")) as started_at,
        make_timestamp(epoch_us("finished_at")) as finished_at,
        make_timestamp(epoch_us("window_begin")) as window_begin,
        make_timestamp(epoch_us("window_end")) as window_end,
        cast("is_full_listing" as boolean) as is_full_listing,
        cast("total_count" as bigint) as total_count,
        cast("records_written" as bigint) as records_written,
        cast("completed" as boolean) as is_completed,
        coalesce(
    make_timestamp(epoch_us("_sdc_extracted_at")),
    cast(null as timestamp)
  ) as last_seen_at
    from "report_source"."backup_syncs" as loaded where 1 = 1 and coalesce("stream", 'backups') = 'backups'
),
repeated as (
    select sync_id as repeated_key
    from loaded
    group by sync_id
    having count(*) > 1
),
kept as (
    select loaded.*, 1 as newest_first
    from loaded
    left join repeated on repeated.repeated_key = loaded.sync_id
    where repeated.repeated_key is null and loaded.sync_id is not null
    union all
    select loaded.*,
        row_number() over (partition by loaded.sync_id order by loaded.last_seen_at desc)
    from loaded
    inner join repeated on repeated.repeated_key = loaded.sync_id
)
select
    sync_id, project_id, region, started_at, finished_at, window_begin, window_end,
    is_full_listing, total_count, records_written, is_completed, last_seen_at
from kept
where newest_first = 1 and started_at is not null
