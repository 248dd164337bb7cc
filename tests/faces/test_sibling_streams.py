"""The streams beside `backups`, through the console script."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.emulator import Emulator, Query, estate
from tests.faces.running import Run, run_script, run_tap

SIBLINGS = {
    "backup_policies",
    "backup_syncs",
    "incremental_backups",
    "instances",
    "restore_windows",
}


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    """A company's estate."""
    with Emulator(estate(400, seed=5, until=time.time() - 60)) as emulator:
        yield emulator


def catalog(*streams: str, method: str = "") -> dict[str, Any]:
    """The discovered catalog with just these streams selected."""
    found: dict[str, Any] = json.loads(run_script("tap-dds-backups", ["--discover"]).stdout)
    for entry in found["streams"]:
        if method:
            entry["replication_method"] = method
        for item in entry["metadata"]:
            item["metadata"]["selected"] = entry["stream"] in streams
    return found


def run(tmp_path: Path, account: Emulator, *streams: str, state: Any = None, **more: Any) -> Run:
    """Run the tap for these streams."""
    config = {**account.config("access_key"), **more}
    done = run_tap(tmp_path, config, catalog=catalog(*streams), state=state)
    assert done.code == 0, done.stderr
    return done


def test_off_by_default(tmp_path: Path, account: Emulator) -> None:
    """Without a catalog only `backups` is read: no call that needs another right is made."""
    before = len(account.requests)
    done = run_tap(tmp_path, account.config("access_key"))
    assert {message["stream"] for message in done.of_type("SCHEMA")} == {"backups"}
    assert {seen.name for seen in account.requests[before:]} == {"list"}


def test_everything_at_once(tmp_path: Path, account: Emulator) -> None:
    """All streams in one run: the instances are listed once, and each record fits its schema."""
    before = len(account.requests)
    done = run(tmp_path, account, "backups", *SIBLINGS)
    schemas = {message["stream"]: message["schema"] for message in done.of_type("SCHEMA")}
    assert schemas.keys() == {"backups", *SIBLINGS}
    for stream, schema in schemas.items():
        records = done.records(stream)
        assert records, stream
        assert {name for record in records for name in record} == schema["properties"].keys()
    assert [seen.name for seen in account.requests[before:]].count("instances") == 1
    instances = set(account.store.instances)
    assert {record["id"] for record in done.records("instances")} == instances
    assert {record["instance_id"] for record in done.records("backup_policies")} == instances


def test_incremental_backups_go_on_from_their_bookmarks(tmp_path: Path, account: Emulator) -> None:
    """Each instance has a bookmark of its own, and the second run reads an hour again."""
    first = run(tmp_path, account, "incremental_backups")
    written = first.records("incremental_backups")
    assert {record["type"] for record in written} == {"Incremental"}
    second = run(tmp_path, account, "incremental_backups", state=first.state)
    again = second.records("incremental_backups")
    assert 0 < len(again) < len(written) / 4
    assert second.state == first.state


def test_instance_that_is_gone_leaves_the_state(tmp_path: Path, account: Emulator) -> None:
    """What is remembered of an instance that is gone is dropped."""
    first = run(tmp_path, account, "incremental_backups")
    state = first.state
    assert state is not None
    partitions = state["bookmarks"]["incremental_backups"]["partitions"]
    gone = json.loads(json.dumps(partitions[0]))
    gone["context"]["instance_id"] = "f" * 32 + "in02"
    partitions.append(gone)
    second = run(tmp_path, account, "incremental_backups", state=state)
    assert second.state is not None
    kept = second.state["bookmarks"]["incremental_backups"]["partitions"]
    assert gone["context"] not in [entry["context"] for entry in kept]
    assert len(kept) == len(partitions) - 1


def test_sync_row_of_a_first_and_a_second_run(tmp_path: Path, account: Emulator) -> None:
    """The first run lists everything, the second goes on from a bookmark, and the rows say so."""
    first = run(tmp_path, account, "backups", "backup_syncs")
    second = run(tmp_path, account, "backups", "backup_syncs", state=first.state)
    (one,), (two,) = first.records("backup_syncs"), second.records("backup_syncs")
    listed = len(account.store.visible(Query(), now=time.time()))
    assert (one["is_full_listing"], one["completed"], one["total_count"]) == (True, True, listed)
    assert one["records_written"] == len(first.ids())
    assert (two["is_full_listing"], two["completed"]) == (False, True)
    assert one["sync_id"] != two["sync_id"]
    extracted = [message["time_extracted"] for message in first.of_type("RECORD")]
    assert one["started_at"] <= min(extracted)


@pytest.mark.parametrize("more", [{"start_date": "2020-01-01"}, {"mode": "ReplicaSet"}])
def test_bounded_run_is_no_full_listing(
    tmp_path: Path, account: Emulator, more: dict[str, str]
) -> None:
    """A run with a bound or filter says nothing about what else exists."""
    done = run(tmp_path, account, "backups", "backup_syncs", **more)
    assert done.records("backup_syncs")[0]["is_full_listing"] is False


def test_failed_project_has_its_row(tmp_path: Path, account: Emulator) -> None:
    """A project that could not be read is in `backup_syncs` too, not completed."""
    config = account.config("access_key")
    good = config.pop("project_id")
    config["projects"] = [{"project_id": good}, {"project_id": "0" * 32}]
    done = run_tap(tmp_path, config, catalog=catalog("backups", "backup_syncs"))
    assert done.code == 1
    rows = {row["project_id"]: row["completed"] for row in done.records("backup_syncs")}
    assert rows == {good: True, "0" * 32: False}
