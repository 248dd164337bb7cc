"""What the SDK offers behaves, and the quick way of writing records equals the ordinary one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.emulator import Emulator
from tests.faces.running import Run, clean_environment, run_script, run_tap

PLAIN = "backups"


def catalog(tmp_path: Path, *deselected: str) -> dict[str, Any]:
    """The discovered catalog, with some properties deselected."""
    found: dict[str, Any] = json.loads(run_script("tap-dds-backups", ["--discover"]).stdout)
    for entry in found["streams"]:
        for item in entry["metadata"]:
            path = item["breadcrumb"]
            item["metadata"]["selected"] = not (path and path[-1] in deselected)
    return found


def same(plain: Run, other: Run, change: Any) -> None:
    """`other` holds the records of `plain` with `change` applied to each."""
    assert other.code == 0, other.stderr
    assert other.records() == [change(record) for record in plain.records()]


def without(name: str) -> Any:
    """A change that drops one property."""
    return lambda record: {key: value for key, value in record.items() if key != name}


def took_the_quick_path(run: Run) -> bool:
    """Only there is no blank after a record's colons, unless a text in it is not ASCII."""
    return b'"record": {"id":"' in run.stdout


def test_ordinary_path_writes_the_same(tmp_path: Path, service: Emulator) -> None:
    """A map that changes nothing takes the SDK's own path: the messages are the same."""
    config = service.config("token")
    plain = run_tap(tmp_path, config)
    mapped = run_tap(tmp_path, {**config, "stream_maps": {PLAIN: {"name": "name"}}})
    assert took_the_quick_path(plain)
    assert not took_the_quick_path(mapped)
    same(plain, mapped, dict)
    schemas = [run.of_type("SCHEMA")[0]["schema"]["properties"].keys() for run in (plain, mapped)]
    assert schemas[0] == schemas[1]
    for run in (plain, mapped):
        assert all(
            message["time_extracted"].endswith("+00:00") for message in run.of_type("RECORD")
        )


def test_discovered_catalog_takes_the_quick_path(tmp_path: Path, service: Emulator) -> None:
    """With a catalog that selects everything the records are those without a catalog."""
    config = service.config("token")
    plain, chosen = run_tap(tmp_path, config), run_tap(tmp_path, config, catalog=catalog(tmp_path))
    assert took_the_quick_path(chosen)
    same(plain, chosen, dict)


def test_deselected_property(tmp_path: Path, service: Emulator) -> None:
    """A property that the catalog deselects is in no record."""
    plain = run_tap(tmp_path, service.config("token"))
    chosen = run_tap(tmp_path, service.config("token"), catalog=catalog(tmp_path, "description"))
    same(plain, chosen, without("description"))


def test_flattening(tmp_path: Path, service: Emulator) -> None:
    """The nested datastore becomes two columns."""
    config = {**service.config("token"), "flattening_enabled": True, "flattening_max_depth": 1}
    run = run_tap(tmp_path, config)
    assert run.code == 0, run.stderr
    assert {record["datastore__type"] for record in run.records()} == {"DDS-Community"}
    assert "datastore" not in run.records()[0]


def test_stream_map(tmp_path: Path, service: Emulator) -> None:
    """A stream map renames the stream and adds a property."""
    maps = {PLAIN: {"__alias__": "dds", "size_mib": "size / 1024", "__else__": None, "id": "id"}}
    run = run_tap(tmp_path, {**service.config("token"), "stream_maps": maps})
    assert run.code == 0, run.stderr
    assert len(run.records("dds")) == 250
    assert run.records("dds")[0].keys() == {"id", "size_mib"}


def test_record_count_metric(tmp_path: Path, service: Emulator) -> None:
    """The SDK's metric counts what was written."""
    run = run_tap(tmp_path, service.config("token"))
    assert '"metric":"record_count","value":250' in run.stderr


def test_test_ends_quietly_after_one_record(tmp_path: Path, service: Emulator) -> None:
    """`--test` writes one record, logs no error and exits 0."""
    run = run_tap(tmp_path, service.config("token"), "--test")
    assert (run.code, len(run.records())) == (0, 1)
    assert "ERROR" not in run.stderr


def test_config_from_the_environment(service: Emulator) -> None:
    """`--config ENV` reads TAP_DDS_BACKUPS_* variables."""
    config = service.config("token")
    environ = {f"TAP_DDS_BACKUPS_{name.upper()}": value for name, value in config.items()}
    environ["TAP_DDS_BACKUPS_PAGE_SIZE"] = "50"
    run = run_script("tap-dds-backups", ["--config", "ENV"], environ=clean_environment(**environ))
    assert (run.code, len(run.ids())) == (0, 250), run.stderr
    assert {seen.query["limit"] for seen in service.seen("list")} == {"50"}


@pytest.mark.parametrize("form", [[], ["--format", "json"], ["--format", "markdown"]])
def test_about_needs_no_settings(form: list[str]) -> None:
    """`--about` tells settings and capabilities in three forms; BATCH is not among them."""
    run = run_script("tap-dds-backups", ["--about", *form])
    text = run.stdout.decode()
    assert run.code == 0
    assert "lookback_seconds" in text
    assert "stream-maps" in text
    assert "batch" not in text


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_answers_without_settings(option: str) -> None:
    """Version and help need neither settings nor network."""
    run = run_script("tap-dds-backups", [option])
    assert run.code == 0
    assert b"tap-dds-backups" in run.stdout


def test_discovery_needs_nothing() -> None:
    """`--discover` needs no settings and no network, and says how the stream replicates."""
    run = run_script("tap-dds-backups", ["--discover"])
    entry = next(e for e in json.loads(run.stdout)["streams"] if e["stream"] == PLAIN)
    assert entry["replication_method"] == "INCREMENTAL"
    assert entry["key_properties"] == ["id"]
    assert all("description" in prop for prop in entry["schema"]["properties"].values())
