{#- One control: a row per instance. `alarm` and `skip` are conditions and sentences in order; what none
    of them meets is ok. `applies` says to whom: live instances, or all of them. -#}
{%- macro dds_control(id, severity, observed, limit, evidence, skip, alarm, ok, applies='live', scope='instance') -%}
    select
        protection.instance_id,
        protection.instance_name,
        protection.project_id,
        '{{ id }}' as control_id,
        '{{ severity }}' as severity,
        '{{ scope }}' as scope,
        case
            {%- if applies == 'live' %}
            when not protection.is_live then 'skip'
            when protection.is_exempt then 'skip'
            {%- endif %}
            {%- for condition, sentence in skip %}
            when {{ condition }} then 'skip'
            {%- endfor %}
            {%- for condition, sentence in alarm %}
            when {{ condition }} then 'alarm'
            {%- endfor %}
            else 'ok'
        end as status,
        case
            {%- if applies == 'live' %}
            when not protection.is_live then 'the instance is gone'
            when protection.is_exempt then 'exempt by its objective'
            {%- endif %}
            {%- for condition, sentence in skip + alarm %}
            when {{ condition }} then {{ sentence }}
            {%- endfor %}
            else {{ ok }}
        end as reason,
        {{ evidence if evidence is not none else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as evidence_backup_id,
        {{ dds_double(observed if observed is not none else 'null') }} as observed,
        {{ dds_double(limit if limit is not none else 'null') }} as limit_value
    from protection
{%- endmacro -%}

{#- What a verdict says when the presence of backups is not proven. -#}
{%- macro dds_proof() -%}
  case
    when has_unproven = 0 then ''
    when listing_state = 'none' then ' (unproven: no full listing is loaded)'
    else ' (unproven since ' || cast(cast(listed_at as date) as {{ dbt.type_string() }}) || ', the newest full listing)'
  end
{%- endmacro -%}
