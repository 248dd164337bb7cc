{%- set relation = dds_relation('instances') -%}
{%- set columns = dds_columns(relation) -%}
{%- set text = dbt.type_string() -%}

with loaded as {{ dds_inlined() }}(
    select
        {{ dds_column(columns, 'id', text) }} as instance_id,
        {{ dds_column(columns, 'name', text) }} as instance_name,
        {{ dds_column(columns, 'project_id', text) }} as project_id,
        {{ dds_column(columns, 'region', text) }} as region,
        {{ dds_column(columns, 'status', text) }} as status,
        {{ dds_column(columns, 'mode', text) }} as instance_mode,
        {{ dds_nested(columns, 'datastore', 'version', text) }} as datastore_version,
        {{ dds_time(columns, 'created') }} as created_at,
        {{ dds_nested(columns, 'backup_strategy', 'keep_days', 'bigint') }} as keep_days,
        {{ dds_nested(columns, 'backup_strategy', 'start_time', text) }} as start_time,
        {{ dds_double(dds_column(columns, 'disk_size_gb', 'numeric(18, 3)')) }} as disk_gib,
        {{ dds_double(dds_column(columns, 'disk_used_gb', 'numeric(18, 3)')) }} as disk_used_gib,
        {{ dds_column(columns, 'enterprise_project_id', text) }} as enterprise_project_id,
        {{ dds_extracted_at(columns) }} as last_seen_at
    from {{ dds_from(relation) }}{{ dds_not_deleted(columns) }}
),

{{ dds_newest('loaded', 'instance_id') }}

select
    instance_id, instance_name, project_id, region, status, instance_mode, datastore_version,
    created_at, keep_days, start_time, disk_gib, disk_used_gib, enterprise_project_id, last_seen_at
from kept
where newest_first = 1
