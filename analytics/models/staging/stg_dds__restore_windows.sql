{%- set relation = dds_relation('restore_windows') -%}
{%- set columns = dds_columns(relation) -%}

select
    {{ dds_column(columns, 'instance_id', dbt.type_string()) }} as instance_id,
    {{ dds_time(columns, 'start_time') }} as starts_at,
    {{ dds_time(columns, 'end_time') }} as ends_at,
    {{ dds_extracted_at(columns) }} as last_seen_at
from {{ dds_from(relation) }}{{ dds_not_deleted(columns) }}
