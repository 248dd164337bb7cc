-- The scorecard measures its newest completed automated backup as `dds__backups` measures every one.
select protection.instance_id, protection.size_vs_avg14, backups.size_vs_avg14 as in_backups
from {{ ref('dds__protection') }} as protection
inner join {{ ref('dds__backups') }} as backups on backups.backup_id = protection.last_completed_id
where abs(coalesce(protection.size_vs_avg14, 9) - coalesce(backups.size_vs_avg14, 9)) > 0.000001
