{#- Times are UTC without a zone in every model. A cast of a time with zone to one without takes the
    session's zone, on DuckDB and on PostgreSQL: hence `at time zone 'UTC'`, always. -#}

{%- macro dds_timestamp_type() -%}
  {{ return(adapter.dispatch('dds_timestamp_type', 'dds_backups')()) }}
{%- endmacro -%}
{%- macro default__dds_timestamp_type() -%}timestamp{%- endmacro -%}
{%- macro snowflake__dds_timestamp_type() -%}timestamp_ntz{%- endmacro -%}
{%- macro bigquery__dds_timestamp_type() -%}datetime{%- endmacro -%}

{%- macro dds_double(expression) -%}
  {{ return(adapter.dispatch('dds_double', 'dds_backups')(expression)) }}
{%- endmacro -%}
{%- macro default__dds_double(expression) -%}cast({{ expression }} as double precision){%- endmacro -%}
{%- macro bigquery__dds_double(expression) -%}cast({{ expression }} as float64){%- endmacro -%}

{#- A time column of a loader as UTC without a zone; one that carries no zone is UTC. -#}
{%- macro dds_time(columns, name) -%}
  {%- if name not in columns -%} cast(null as {{ dds_timestamp_type() }})
  {%- else -%}
    {%- set column = columns[name] -%}
    {%- set type = column.dtype | lower -%}
    {%- if type in ('timestamp with time zone', 'timestamptz', 'timestamp_tz', 'timestamp_ltz')
        or (target.type == 'bigquery' and type == 'timestamp') -%}
      {{ dds_without_zone(column.quoted) }}
    {%- elif type.startswith('timestamp') or type == 'datetime' -%}
      cast({{ column.quoted }} as {{ dds_timestamp_type() }})
    {%- else -%}
      {{ dds_time_of_text(column.quoted) }}
    {%- endif -%}
  {%- endif -%}
{%- endmacro -%}

{%- macro dds_without_zone(expression) -%}
  {{ return(adapter.dispatch('dds_without_zone', 'dds_backups')(expression)) }}
{%- endmacro -%}
{%- macro default__dds_without_zone(expression) -%}({{ expression }} at time zone 'UTC'){%- endmacro -%}
{#- Both kinds of time count microseconds from the same moment: no calendar is needed. -#}
{%- macro duckdb__dds_without_zone(expression) -%}make_timestamp(epoch_us({{ expression }})){%- endmacro -%}
{%- macro snowflake__dds_without_zone(expression) -%}
  cast(convert_timezone('UTC', {{ expression }}) as timestamp_ntz)
{%- endmacro -%}
{%- macro bigquery__dds_without_zone(expression) -%}datetime({{ expression }}, 'UTC'){%- endmacro -%}

{%- macro dds_time_of_text(expression) -%}
  {{ return(adapter.dispatch('dds_time_of_text', 'dds_backups')(expression)) }}
{%- endmacro -%}
{%- macro default__dds_time_of_text(expression) -%}
  case
    when {{ expression }} like '%Z' or {{ expression }} like '%+__:__' or {{ expression }} like '%T%-__:__'
      then (cast({{ expression }} as timestamp with time zone) at time zone 'UTC')
    else cast({{ expression }} as timestamp)
  end
{%- endmacro -%}
{%- macro snowflake__dds_time_of_text(expression) -%}
  cast(convert_timezone('UTC', to_timestamp_tz({{ expression }})) as timestamp_ntz)
{%- endmacro -%}
{%- macro bigquery__dds_time_of_text(expression) -%}
  datetime(cast({{ expression }} as timestamp), 'UTC')
{%- endmacro -%}

{#- Seconds from one time to another. -#}
{%- macro dds_seconds(earlier, later) -%}
  {{ return(adapter.dispatch('dds_seconds', 'dds_backups')(earlier, later)) }}
{%- endmacro -%}
{%- macro default__dds_seconds(earlier, later) -%}
  cast(extract(epoch from ({{ later }} - {{ earlier }})) as double precision)
{%- endmacro -%}
{%- macro duckdb__dds_seconds(earlier, later) -%}(epoch({{ later }}) - epoch({{ earlier }})){%- endmacro -%}
{%- macro snowflake__dds_seconds(earlier, later) -%}
  cast(datediff(second, {{ earlier }}, {{ later }}) as double precision)
{%- endmacro -%}
{%- macro redshift__dds_seconds(earlier, later) -%}
  cast(datediff(second, {{ earlier }}, {{ later }}) as double precision)
{%- endmacro -%}
{%- macro bigquery__dds_seconds(earlier, later) -%}
  cast(datetime_diff({{ later }}, {{ earlier }}, second) as float64)
{%- endmacro -%}

{%- macro dds_hours(earlier, later) -%}({{ dds_seconds(earlier, later) }} / 3600.0){%- endmacro -%}

{#- A time so many whole seconds later. -#}
{%- macro dds_add_seconds(time, seconds) -%}
  {{ return(adapter.dispatch('dds_add_seconds', 'dds_backups')(time, seconds)) }}
{%- endmacro -%}
{%- macro default__dds_add_seconds(time, seconds) -%}
  ({{ time }} + ({{ seconds }}) * interval '1 second')
{%- endmacro -%}
{%- macro snowflake__dds_add_seconds(time, seconds) -%}
  dateadd(second, {{ seconds }}, {{ time }})
{%- endmacro -%}
{%- macro redshift__dds_add_seconds(time, seconds) -%}
  dateadd(second, {{ seconds }}, {{ time }})
{%- endmacro -%}
{%- macro bigquery__dds_add_seconds(time, seconds) -%}
  datetime_add({{ time }}, interval cast({{ seconds }} as int64) second)
{%- endmacro -%}

{#- A date so many days later. -#}
{%- macro dds_add_days(day, days) -%}
  {{ return(adapter.dispatch('dds_add_days', 'dds_backups')(day, days)) }}
{%- endmacro -%}
{%- macro default__dds_add_days(day, days) -%}({{ day }} + cast({{ days }} as integer)){%- endmacro -%}
{%- macro snowflake__dds_add_days(day, days) -%}dateadd(day, {{ days }}, {{ day }}){%- endmacro -%}
{%- macro bigquery__dds_add_days(day, days) -%}
  date_add({{ day }}, interval cast({{ days }} as int64) day)
{%- endmacro -%}

{#- The date of a UTC time in a zone. -#}
{%- macro dds_local_day(time, zone) -%}
  {{ return(adapter.dispatch('dds_local_day', 'dds_backups')(time, zone)) }}
{%- endmacro -%}
{%- macro default__dds_local_day(time, zone) -%}
  cast((({{ time }}) at time zone 'UTC') at time zone {{ zone }} as date)
{%- endmacro -%}
{#- A zone costs a look into its calendar for every row: UTC, mostly asked for, needs none. -#}
{%- macro duckdb__dds_local_day(time, zone) -%}
  case when {{ zone }} = 'UTC' then cast({{ time }} as date)
    else cast(make_timestamptz(epoch_us({{ time }})) at time zone {{ zone }} as date) end
{%- endmacro -%}
{%- macro snowflake__dds_local_day(time, zone) -%}
  cast(convert_timezone('UTC', {{ zone }}, {{ time }}) as date)
{%- endmacro -%}
{%- macro bigquery__dds_local_day(time, zone) -%}
  date(timestamp({{ time }}, 'UTC'), {{ zone }})
{%- endmacro -%}

{#- The UTC time at which a date begins in a zone. -#}
{%- macro dds_day_start(day, zone) -%}
  {{ return(adapter.dispatch('dds_day_start', 'dds_backups')(day, zone)) }}
{%- endmacro -%}
{%- macro default__dds_day_start(day, zone) -%}
  ((cast({{ day }} as timestamp) at time zone {{ zone }}) at time zone 'UTC')
{%- endmacro -%}
{%- macro snowflake__dds_day_start(day, zone) -%}
  convert_timezone({{ zone }}, 'UTC', cast({{ day }} as timestamp_ntz))
{%- endmacro -%}
{%- macro bigquery__dds_day_start(day, zone) -%}
  datetime(timestamp(cast({{ day }} as datetime), {{ zone }}), 'UTC')
{%- endmacro -%}

{#- 1 = Monday, as the policy's `period` counts. -#}
{%- macro dds_weekday(day) -%}
  {{ return(adapter.dispatch('dds_weekday', 'dds_backups')(day)) }}
{%- endmacro -%}
{%- macro default__dds_weekday(day) -%}cast(extract(isodow from {{ day }}) as integer){%- endmacro -%}
{%- macro snowflake__dds_weekday(day) -%}dayofweekiso({{ day }}){%- endmacro -%}
{%- macro redshift__dds_weekday(day) -%}(mod(cast(extract(dow from {{ day }}) as integer) + 6, 7) + 1){%- endmacro -%}
{%- macro bigquery__dds_weekday(day) -%}(mod(extract(dayofweek from {{ day }}) + 5, 7) + 1){%- endmacro -%}
