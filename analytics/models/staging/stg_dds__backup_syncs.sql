{%- set relation = dds_relation('backup_syncs') -%}
{%- set columns = dds_columns(relation) -%}
{%- set text = dbt.type_string() -%}

with loaded as {{ dds_inlined() }}(
    select
        {{ dds_column(columns, 'sync_id', text) }} as sync_id,
        {{ dds_column(columns, 'project_id', text) }} as project_id,
        {{ dds_column(columns, 'region', text) }} as region,
        {{ dds_time(columns, 'started_at') }} as started_at,
        {{ dds_time(columns, 'finished_at') }} as finished_at,
        {{ dds_time(columns, 'window_begin') }} as window_begin,
        {{ dds_time(columns, 'window_end') }} as window_end,
        {{ dds_column(columns, 'is_full_listing', 'boolean') }} as is_full_listing,
        {{ dds_column(columns, 'total_count', 'bigint') }} as total_count,
        {{ dds_column(columns, 'records_written', 'bigint') }} as records_written,
        {{ dds_column(columns, 'completed', 'boolean') }} as is_completed,
        {{ dds_extracted_at(columns) }} as last_seen_at
    from {{ dds_from(relation) }}{{ dds_not_deleted(columns) }}
    {%- if 'stream' in columns %} and coalesce({{ columns['stream'].quoted }}, 'backups') = 'backups'{% endif %}
),

{{ dds_newest('loaded', 'sync_id') }}

select
    sync_id, project_id, region, started_at, finished_at, window_begin, window_end,
    is_full_listing, total_count, records_written, is_completed, last_seen_at
from kept
where newest_first = 1 and started_at is not null
