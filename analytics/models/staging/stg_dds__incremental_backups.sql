{%- set relation = dds_relation('incremental_backups') -%}
{%- set columns = dds_columns(relation) -%}
{%- set text = dbt.type_string() -%}

select
    {{ dds_column(columns, 'id', text) }} as backup_id,
    {{ dds_column(columns, 'instance_id', text) }} as instance_id,
    upper({{ dds_column(columns, 'status', text) }}) as status,
    {{ dds_time(columns, 'begin_time') }} as begin_time,
    {{ dds_time(columns, 'end_time') }} as end_time,
    {{ dds_column(columns, 'size', 'bigint') }} as size_kb,
    {{ dds_extracted_at(columns) }} as last_seen_at
from {{ dds_from(relation) }}{{ dds_not_deleted(columns) }}
