{%- set relation = dds_relation('backup_policies') -%}
{%- set columns = dds_columns(relation) -%}
{%- set text = dbt.type_string() -%}

with loaded as {{ dds_inlined() }}(
    select
        {{ dds_column(columns, 'instance_id', text) }} as instance_id,
        {{ dds_column(columns, 'project_id', text) }} as project_id,
        {{ dds_column(columns, 'keep_days', 'bigint') }} as keep_days,
        {{ dds_column(columns, 'start_time', text) }} as start_time,
        replace({{ dds_column(columns, 'period', text) }}, ' ', '') as period,
        {{ dds_column(columns, 'enable_incremental_backup', 'boolean') }} as is_incremental_on,
        {{ dds_extracted_at(columns) }} as last_seen_at
    from {{ dds_from(relation) }}{{ dds_not_deleted(columns) }}
),

{{ dds_newest('loaded', 'instance_id') }}

select
    instance_id, project_id, keep_days, start_time, period, is_incremental_on, last_seen_at
from kept
where newest_first = 1
