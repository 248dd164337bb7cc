-- Keys of backups of which the loader left several rows: mostly none. Looked for once, since `stg_dds__backups`
-- is a view that many models read.
with keys as (
    select cast("id" as TEXT) as backup_id
    from "report_source"."backups" as loaded where 1 = 1
)
select backup_id
from keys
group by backup_id
having count(*) > 1
