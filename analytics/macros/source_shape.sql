{#- What a loader made of a stream: tables may be absent, nested values may be flattened, JSON or a
    struct, times may be text or have a zone. Everything is looked up when a model runs. -#}

{%- macro dds_relation(stream) -%}
  {%- if execute -%}{{ return(load_relation(source('dds', stream))) }}{%- endif -%}
  {{ return(none) }}
{%- endmacro -%}

{#- Columns of a relation by their lower-case name. -#}
{%- macro dds_columns(relation) -%}
  {%- set found = {} -%}
  {%- if relation is not none and execute -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
      {%- do found.update({column.name | lower: column}) -%}
    {%- endfor -%}
  {%- endif -%}
  {{ return(found) }}
{%- endmacro -%}

{#- The FROM clause of a staging model; one row that the caller's WHERE drops where nothing is loaded. -#}
{%- macro dds_from(relation) -%}
  {%- if relation is none -%} (select 1 as nothing) as nothing where 1 = 0
  {%- else -%} {{ relation }} as loaded where 1 = 1
  {%- endif -%}
{%- endmacro -%}

{#- A column, typed; null where the loader made none. -#}
{%- macro dds_column(columns, name, type) -%}
  {%- if name in columns -%} cast({{ columns[name].quoted }} as {{ type }})
  {%- else -%} cast(null as {{ type }})
  {%- endif -%}
{%- endmacro -%}

{#- A field of a nested value: flattened by two underscores (Singer) or one, else taken apart. -#}
{%- macro dds_nested(columns, name, field, type) -%}
  {%- if name ~ '__' ~ field in columns -%} {{ dds_column(columns, name ~ '__' ~ field, type) }}
  {%- elif name ~ '_' ~ field in columns -%} {{ dds_column(columns, name ~ '_' ~ field, type) }}
  {%- elif name in columns -%} cast({{ dds_inside(columns[name], field) }} as {{ type }})
  {%- else -%} cast(null as {{ type }})
  {%- endif -%}
{%- endmacro -%}

{%- macro dds_inside(column, field) -%}
  {{ return(adapter.dispatch('dds_inside', 'dds_backups')(column, field)) }}
{%- endmacro -%}

{%- macro default__dds_inside(column, field) -%}
  {%- if column.dtype | lower in ('json', 'jsonb') -%} {{ column.quoted }} ->> '{{ field }}'
  {%- else -%} cast({{ column.quoted }} as jsonb) ->> '{{ field }}'
  {%- endif -%}
{%- endmacro -%}

{%- macro duckdb__dds_inside(column, field) -%}
  {%- if (column.dtype | lower).startswith('struct') -%}
    {%- if '"' ~ field ~ '"' in column.dtype or field in column.dtype -%}
      struct_extract({{ column.quoted }}, '{{ field }}')
    {%- else -%} null {%- endif -%}
  {%- else -%} json_extract_string({{ column.quoted }}, '$.{{ field }}')
  {%- endif -%}
{%- endmacro -%}

{%- macro snowflake__dds_inside(column, field) -%}
  get_path({{ column.quoted }}, '{{ field }}')
{%- endmacro -%}

{%- macro bigquery__dds_inside(column, field) -%}
  {%- if (column.dtype | lower).startswith('struct') or (column.dtype | lower) == 'record' -%}
    {{ column.quoted }}.{{ field }}
  {%- else -%} json_value({{ column.quoted }}, '$.{{ field }}')
  {%- endif -%}
{%- endmacro -%}

{%- macro redshift__dds_inside(column, field) -%}
  {%- if column.dtype | lower == 'super' -%} {{ column.quoted }}.{{ field }}
  {%- else -%} json_extract_path_text({{ column.quoted }}, '{{ field }}')
  {%- endif -%}
{%- endmacro -%}

{#- When the row was last read from the service, under the names that loaders use. -#}
{%- macro dds_extracted_at(columns) -%}
  coalesce(
  {%- for name in ['_sdc_extracted_at', '_airbyte_extracted_at', '_sdc_received_at', '_sdc_batched_at']
      if name in columns %}
    {{ dds_time(columns, name) }},
  {%- endfor %}
    cast(null as {{ dds_timestamp_type() }})
  )
{%- endmacro -%}

{#- Rows that a loader keeps but marks as deleted. -#}
{%- macro dds_not_deleted(columns) -%}
  {%- if '_sdc_deleted_at' in columns %} and {{ columns['_sdc_deleted_at'].quoted }} is null{%- endif -%}
{%- endmacro -%}

{#- The newest row of each key, from a CTE. Only keys with several rows are ranked: a loader that
    upserts leaves none, and ranking all of them would cost more than every other model. `found` is a relation
    of these keys, where one is there. -#}
{%- macro dds_newest(loaded, key, found=none) -%}
repeated as (
    {%- if found is none %}
    select {{ key }} as repeated_key
    from {{ loaded }}
    group by {{ key }}
    having count(*) > 1
    {%- else %}
    select {{ key }} as repeated_key from {{ found }}
    {%- endif %}
),

kept as (
    select {{ loaded }}.*, 1 as newest_first
    from {{ loaded }}
    left join repeated on repeated.repeated_key = {{ loaded }}.{{ key }}
    where repeated.repeated_key is null and {{ loaded }}.{{ key }} is not null
    union all
    select {{ loaded }}.*,
        row_number() over (partition by {{ loaded }}.{{ key }} order by {{ loaded }}.last_seen_at desc)
    from {{ loaded }}
    inner join repeated on repeated.repeated_key = {{ loaded }}.{{ key }}
)
{%- endmacro -%}

{#- Says that a CTE of a wide table is read where it is used, by the columns used there. Engines that would
    write it down first otherwise, since it is used twice, understand this; others need not be told. -#}
{%- macro dds_inlined() -%}
  {{ return(adapter.dispatch('dds_inlined', 'dds_backups')()) }}
{%- endmacro -%}
{%- macro default__dds_inlined() -%}{%- endmacro -%}
{%- macro duckdb__dds_inlined() -%}not materialized {% endmacro -%}
{%- macro postgres__dds_inlined() -%}not materialized {% endmacro -%}
