{#- A size against the mean of those before it, minus 1; null where fewer than five were measured. -#}
{%- macro dds_size_change(size, mean, measured) -%}
case when {{ measured }} >= 5 and {{ mean }} > 0 then {{ size }} / {{ mean }} - 1 end
{%- endmacro -%}
