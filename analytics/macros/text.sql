{#- Numbers in sentences. Rounded half up by hand: engines differ in what `round` does with a half. -#}

{%- macro dds_whole(number) -%}
  cast(cast(floor(({{ number }}) + 0.5) as bigint) as {{ dbt.type_string() }})
{%- endmacro -%}

{#- `3 backups`, `1 backup` -#}
{%- macro dds_counted(number, noun, plural=none) -%}
  {{ dds_whole(number) }} || case when ({{ number }}) = 1 then ' {{ noun }}' else ' {{ plural or noun ~ "s" }}' end
{%- endmacro -%}

{#- Hours up to two days, days beyond: `26 h`, `131 h`, `12 days`. -#}
{%- macro dds_span(hours) -%}
  case when ({{ hours }}) < 240 then {{ dds_whole(hours) }} || ' h'
    else {{ dds_whole('(' ~ hours ~ ') / 24.0') }} || ' days' end
{%- endmacro -%}

{#- Seconds after midnight of `hh:mm...`; null where the text is none. -#}
{%- macro dds_seconds_of_day(text) -%}
  case
    when substring({{ text }}, 1, 1) in ('0', '1', '2') and substring({{ text }}, 3, 1) = ':'
      {% for position in (2, 4, 5) -%}
      and substring({{ text }}, {{ position }}, 1) in ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
      {% endfor -%}
    then cast(substring({{ text }}, 1, 2) as integer) * 3600 + cast(substring({{ text }}, 4, 2) as integer) * 60
  end
{%- endmacro -%}

{#- A setting that may be asked for when the SQL runs rather than when it is compiled (the report). -#}
{%- macro dds_setting(name, type) -%}
  {%- if var('dds_settings_from_session', false) -%} cast(getvariable('{{ name }}') as {{ type }})
  {%- elif var(name) is none -%} cast(null as {{ type }})
  {%- else -%} cast('{{ var(name) }}' as {{ type }})
  {%- endif -%}
{%- endmacro -%}
