-- Every instance meets every control exactly once.
with met as (
    select instance_id, control_id, count(*) as times
    from {{ ref('dds__controls') }}
    group by instance_id, control_id
),

controls as (select control_id from {{ ref('dds__controls') }} group by control_id)

select instances.instance_id, controls.control_id, met.times
from {{ ref('dds__instances') }} as instances
cross join controls
left join met on met.instance_id = instances.instance_id and met.control_id = controls.control_id
where coalesce(met.times, 0) <> 1
