"""The tap as its users run it: one command, an HTTP service, messages on standard output."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tap_dds_backups.emulator import Emulator, Query, advance, estate, plain_store
from tests.faces.running import Run, run_tap


def listed(service: Emulator) -> set[str]:
    """The ids that the service shows now."""
    return {row["id"] for row in service.store.visible(Query(), now=time.time())}


def catalog_with(**root: object) -> dict[str, object]:
    """A catalog that selects `backups`, with more metadata for the stream."""
    schema = {"properties": {"id": {"type": "string"}, "begin_time": {"type": "string"}}}
    metadata = [{"breadcrumb": [], "metadata": {"selected": True, **root}}]
    entry = {
        "tap_stream_id": "backups",
        "stream": "backups",
        "schema": schema,
        "metadata": metadata,
    }
    return {"streams": [entry]}


@pytest.mark.parametrize(
    ("backups", "most"), [(0, 1), (1, 1), (99, 1), (100, 2), (101, 3), (1_000, 12)]
)
def test_requests_needed(tmp_path: Path, backups: int, most: int) -> None:
    """A quiet list costs no more requests than promised, and is written whole, in order."""
    with Emulator(plain_store(backups, until=time.time())) as service:
        run = run_tap(tmp_path, service.config("token"))
        assert run.code == 0, run.stderr
        run.assert_sound()
        assert set(run.ids()) == listed(service)
        assert len(service.seen("list")) <= most


@pytest.mark.parametrize("sign_in", ["token", "password", "access_key", "temporary_key"])
def test_signs_in(tmp_path: Path, service: Emulator, sign_in: str) -> None:
    """Each sign-in reads the same list; a password costs one request for the token."""
    run = run_tap(tmp_path, service.config(sign_in))  # type: ignore[arg-type]  # parametrized
    assert run.code == 0, run.stderr
    assert set(run.ids()) == listed(service)
    assert len(service.seen("sign-in")) == (sign_in == "password")


def test_second_run_is_incremental(tmp_path: Path) -> None:
    """The second run writes what is new or changed within the look-back, and nothing is stale."""
    with Emulator(estate(600, seed=3, until=time.time() - 60)) as service:
        first = run_tap(tmp_path, service.config("token"))
        advance(service.store, now=time.time() - 5, start=3, fail=1)
        second = run_tap(tmp_path, service.config("token"), state=first.state)
    for run in (first, second):
        assert run.code == 0, run.stderr
        run.assert_sound()
    assert len(second.ids()) < len(first.ids()) / 2
    warehouse = {record["id"]: record for run in (first, second) for record in run.records()}
    shown = {row["id"]: row["status"] for row in service.store.visible(Query(), now=time.time())}
    assert {name: record["status"] for name, record in warehouse.items()} == shown


def test_every_state_is_safe(tmp_path: Path, service: Emulator) -> None:
    """A run cut right after any STATE loses nothing that the next run does not write."""
    run = run_tap(tmp_path, service.config("token"))
    states = run.of_type("STATE")
    assert len(states) >= 3
    for state in states:
        before = run.stdout[: run.stdout.index(b'"STATE"') if state is states[0] else None]
        kept = _written_before(run, state["value"])
        resumed = run_tap(tmp_path, service.config("token"), state=state["value"])
        assert set(kept) | set(resumed.ids()) == listed(service), before[:0]


def _written_before(run: Run, value: object) -> list[str]:
    kept: list[str] = []
    for message in run.messages:
        if message["type"] == "RECORD":
            kept.append(message["record"]["id"])
        elif message["type"] == "STATE" and message["value"] == value:
            break
    return kept


def test_full_table_leaves_bookmarks_alone(tmp_path: Path, service: Emulator) -> None:
    """FULL_TABLE reads everything, STATE stays as it came, and nothing tells a target to delete."""
    first = run_tap(tmp_path, service.config("token"))
    catalog = catalog_with(**{"forced-replication-method": "FULL_TABLE"})
    run = run_tap(tmp_path, service.config("token"), state=first.state, catalog=catalog)
    assert run.code == 0, run.stderr
    assert set(run.ids()) == listed(service)
    assert run.state == first.state
    assert not run.of_type("ACTIVATE_VERSION")


@pytest.mark.parametrize(("more", "activates"), [({}, 1), ({"mode": "ReplicaSet"}, 0)])
def test_activate_version_comes_last(
    tmp_path: Path, service: Emulator, more: dict[str, str], activates: int
) -> None:
    """ACTIVATE_VERSION is written only after a whole listing without filters, and last."""
    catalog = catalog_with(**{"forced-replication-method": "FULL_TABLE"})
    config = {**service.config("token"), "emit_activate_version_messages": True, **more}
    run = run_tap(tmp_path, config, catalog=catalog)
    assert run.code == 0, run.stderr
    kinds = [message["type"] for message in run.messages]
    assert kinds.count("ACTIVATE_VERSION") == activates
    if activates:
        assert "RECORD" not in kinds[kinds.index("ACTIVATE_VERSION") :]
        versions = {message["version"] for message in run.of_type("RECORD")}
        assert versions == {run.of_type("ACTIVATE_VERSION")[0]["version"]}


def test_nothing_found_leaves_state_as_it_came(tmp_path: Path, service: Emulator) -> None:
    """A window without backups changes no bookmark and is no error."""
    first = run_tap(tmp_path, service.config("token"))
    later = {**service.config("token"), "lookback_seconds": 0}
    for row in service.store.visible(Query(), now=time.time()):
        service.store.delete(row["id"])
    run = run_tap(tmp_path, later, state=first.state)
    assert (run.code, run.ids(), run.state) == (0, [], first.state)


def test_one_bad_project_does_not_stop_the_others(tmp_path: Path, service: Emulator) -> None:
    """The others are read, the bad one is named, and the exit says that it is not all."""
    key = service.config("access_key")
    good = key.pop("project_id")
    key["projects"] = [{"project_id": "0" * 32}, {"project_id": good}]
    run = run_tap(tmp_path, key)
    assert run.code == 1
    assert set(run.ids()) == listed(service)
    assert f"project {'0' * 32}:" in run.stderr
    assert "Traceback" not in run.stderr
