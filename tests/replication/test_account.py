"""Records of the sibling streams, from rows as the service writes them."""

from __future__ import annotations

import pytest

from tap_dds_backups.replication.account import (
    days_back,
    instance_record,
    policy_record,
    window_records,
)

ROW = {
    "id": "i1",
    "name": "orders",
    "db_user_name": "rwuser",
    "datastore": {"type": "DDS-Community", "version": "4.2"},
    "backup_strategy": {"start_time": "01:00-02:00", "keep_days": 7},
    "created": "2019-01-17T07:05:52",
    "groups": [
        {"type": "mongos", "nodes": [{"private_ip": "192.168.0.1"}]},
        {"type": "shard", "volume": {"size": "20", "used": "1.5"}},
        {"type": "shard", "volume": {"size": "20", "used": "0.25"}},
    ],
    "tags": [{"key": "team", "value": "shop"}],
}


def test_instance() -> None:
    """Sizes are summed over the groups that have a disk; times become UTC; tags stay."""
    record = instance_record(ROW)
    assert (record["disk_size_gb"], record["disk_used_gb"]) == (40.0, 1.75)
    assert record["created"] == "2019-01-17T07:05:52+00:00"
    assert record["backup_strategy"] == {"start_time": "01:00-02:00", "keep_days": 7}
    assert record["tags"] == [{"key": "team", "value": "shop"}]


def test_no_address_and_no_user_name() -> None:
    """What tells how to reach a database is not passed on."""
    assert "rwuser" not in str(instance_record(ROW))
    assert "192.168" not in str(instance_record(ROW))


@pytest.mark.parametrize("groups", [None, [], [{"volume": None}], [{"volume": {"size": "?"}}], "x"])
def test_instance_without_disks(groups: object) -> None:
    """Where no group tells its disk the sizes are null, not zero."""
    record = instance_record({**ROW, "groups": groups})
    assert (record["disk_size_gb"], record["disk_used_gb"]) == (None, None)


def test_policy_that_is_off() -> None:
    """With keep_days 0 nothing else comes: the rest is null."""
    record = policy_record(ROW, {"keep_days": 0})
    assert record == {
        "instance_id": "i1",
        "instance_name": "orders",
        "keep_days": 0,
        "start_time": None,
        "period": None,
        "enable_incremental_backup": None,
    }


def test_windows() -> None:
    """Milliseconds become whole seconds, and each range a row."""
    rows = window_records(ROW, "2026-01-02", [(1_767_312_000_999, 1_767_315_600_000)])
    assert rows[0]["start_time"] == "2026-01-02T00:00:00+00:00"
    assert rows[0]["end_time"] == "2026-01-02T01:00:00+00:00"


def test_days_back() -> None:
    """Today is among them, oldest first, in UTC."""
    assert days_back(1_767_312_000.0, 3) == ["2025-12-31", "2026-01-01", "2026-01-02"]
