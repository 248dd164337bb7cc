-- The alarms themselves, worst first: a backup that failed is news, not a broken build.
{{ config(severity='warn', tags=['alert'], store_failures=true) }}
select severity, instance_name, control_id, reason, evidence_backup_id
from {{ ref('dds__controls') }}
where status = 'alarm' and severity in ('critical', 'high')
