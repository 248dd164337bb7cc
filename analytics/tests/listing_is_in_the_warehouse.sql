-- Rows of the newest full listing are all here: a loader that loses one is found by the tap's own count.
-- After the last model, so that the answers are built all the same: depends_on {{ ref('dds__controls') }}
{{ config(severity='error', tags=['reconciliation']) }}
select project_id, listing_sync_id, listing_records_written, listing_total_count, listing_rows_found
from {{ ref('dds__listings') }}
where listing_rows_found < listing_records_written
    or listing_records_written < listing_total_count
