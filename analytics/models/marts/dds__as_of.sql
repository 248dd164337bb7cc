-- One row: the moment that every other model speaks about.
{%- set now = dds_setting('dds_as_of', dds_timestamp_type()) -%}
{%- set zone = dds_setting('dds_time_zone', dbt.type_string()) %}

with seen as (
    select max(last_seen_at) as newest_seen_at, min(begin_time) as first_begin_time,
        count(*) as backups_seen
    from {{ ref('stg_dds__backups') }}
),

newest as (
    select max(last_seen_at) as extracted_at
    from (
        select newest_seen_at as last_seen_at from seen
        union all select last_seen_at from {{ ref('stg_dds__instances') }}
        union all select last_seen_at from {{ ref('stg_dds__backup_policies') }}
        union all select last_seen_at from {{ ref('stg_dds__backup_syncs') }}
    ) as extractions
),

moment as (
    select
        coalesce({{ now }}, newest.extracted_at) as as_of,
        newest.extracted_at as data_extracted_at,
        coalesce({{ zone }}, 'UTC') as time_zone,
        seen.first_begin_time,
        seen.backups_seen
    from newest cross join seen
)

select
    as_of,
    data_extracted_at,
    time_zone,
    {{ dds_local_day('as_of', 'time_zone') }} as today,
    first_begin_time,
    backups_seen
from moment
