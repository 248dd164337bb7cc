{%- set relation = dds_relation('backups') -%}
{%- set columns = dds_columns(relation) -%}
{%- set text = dbt.type_string() -%}

with loaded as {{ dds_inlined() }}(
    select
        {{ dds_column(columns, 'id', text) }} as backup_id,
        {{ dds_column(columns, 'name', text) }} as backup_name,
        {{ dds_column(columns, 'project_id', text) }} as project_id,
        {{ dds_column(columns, 'region', text) }} as region,
        {{ dds_column(columns, 'instance_id', text) }} as instance_id,
        {{ dds_column(columns, 'instance_name', text) }} as instance_name,
        {{ dds_column(columns, 'instance_mode', text) }} as instance_mode,
        {{ dds_nested(columns, 'datastore', 'type', text) }} as datastore_type,
        {{ dds_nested(columns, 'datastore', 'version', text) }} as datastore_version,
        lower({{ dds_column(columns, 'type', text) }}) as backup_type,
        upper({{ dds_column(columns, 'status', text) }}) as status,
        {{ dds_time(columns, 'begin_time') }} as begin_time,
        {{ dds_time(columns, 'end_time') }} as end_time,
        {{ dds_column(columns, 'size', 'bigint') }} as size_kb,
        {{ dds_column(columns, 'description', text) }} as description,
        {{ dds_column(columns, 'backup_method', text) }} as backup_method,
        {{ dds_column(columns, 'kms_enable', 'boolean') }} as is_encrypted,
        {{ dds_column(columns, 'deletable', 'boolean') }} as is_deletable,
        {{ dds_extracted_at(columns) }} as last_seen_at
    from {{ dds_from(relation) }}{{ dds_not_deleted(columns) }}
),

{{ dds_newest('loaded', 'backup_id', ref('int_dds__repeated_backups')) }}

select
    backup_id, backup_name, project_id, region, instance_id, instance_name, instance_mode,
    datastore_type, datastore_version, backup_type, status, begin_time, end_time, size_kb,
    description, backup_method, is_encrypted, is_deletable, last_seen_at
from kept
where newest_first = 1 and begin_time is not null
