{#- Seeds stand for what a loader wrote: in the schema of that name, not below the target's. -#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
  {{ custom_schema_name or target.schema }}
{%- endmacro -%}
