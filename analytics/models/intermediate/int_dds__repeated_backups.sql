-- Keys of backups of which the loader left several rows: mostly none. Looked for once, since `stg_dds__backups`
-- is a view that many models read.
{%- set columns = dds_columns(dds_relation('backups')) %}
with keys as (
    select {{ dds_column(columns, 'id', dbt.type_string()) }} as backup_id
    from {{ dds_from(dds_relation('backups')) }}{{ dds_not_deleted(columns) }}
)

select backup_id
from keys
group by backup_id
having count(*) > 1
