-- Odd, but passed on as the service told it: an end before the begin, a completed backup of no size.
{{ config(severity='warn') }}
select backup_id, begin_time, end_time, status, size_kb
from {{ ref('dds__backups') }}
where end_time < begin_time or (is_completed and coalesce(size_kb, 0) <= 0)
