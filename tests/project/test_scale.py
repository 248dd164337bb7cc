"""What docs/scale.md says follows from its formulas, and the formulas from what the tap does."""

from __future__ import annotations

import json
import runpy
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tap_dds_backups.emulator import Backup, Emulator, Project, Store
from tap_dds_backups.emulator.nights import incrementals, night_rows
from tests.project.readme import FENCED, bash
from tests.project.tree import ROOT

PAGE = ROOT / "docs" / "scale.md"
BLOCKS = dict(FENCED.findall(PAGE.read_text(encoding="utf-8")))
SCALE = runpy.run_path(str(ROOT / "docs" / "scale.py"))
INSTANCES = 11
DAYS = 2


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Return an account whose instances have a full backup a day and one every five minutes."""
    now, random = time.time() - 60, Random(7)
    store = Store(seed=7)
    for number in range(INSTANCES):
        since = int(now - DAYS * 86_400)
        instance = store.add_instance(f"db-{number}", mode="ReplicaSet", incremental_since=since)
        store.put(night_rows(instance, random, nights=DAYS, until=now))
        store.put(incrementals(instance, random, since=since, until=now))
    with Emulator(store) as emulator:
        yield emulator


def calls(emulator: Emulator, folder: Path, *streams: str, state: str = "") -> Counter[str]:
    """Run the tap for some streams; return its calls, and leave its last state in state.json."""
    before = len(emulator.requests)
    catalog = json.loads(bash("tap-dds-backups --discover", folder))
    for stream in catalog["streams"]:
        for item in stream["metadata"]:
            item["metadata"]["selected"] = stream["stream"] in streams
    (folder / "catalog.json").write_text(json.dumps(catalog))
    (folder / "config.json").write_text(json.dumps(emulator.config("access_key")))
    out = bash(f"tap-dds-backups --config config.json --catalog catalog.json {state}", folder)
    messages = map(json.loads, out.splitlines())
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    (folder / "state.json").write_text(json.dumps(states[-1]))
    return Counter(seen.name for seen in emulator.requests[before:])


def account(**numbers: Any) -> Any:
    """Return the emulator's account as the formulas know it."""
    return SCALE["Account"](instances=INSTANCES, keep_days=DAYS, **numbers)


def test_the_page_is_what_the_formulas_say() -> None:
    """`python docs/scale.py --write` would change nothing."""
    text = PAGE.read_text(encoding="utf-8")
    assert SCALE["page"](text) == text
    assert [name for name in SCALE["TABLES"] if f"<!-- /{name} -->" not in text] == []


def test_a_first_and_a_later_run_make_the_calls_of_the_formulas(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Never more, and at most one less for each list that is read."""
    lists = INSTANCES + 1
    streams = ("backups", "incremental_backups")
    first = calls(emulator, tmp_path, *streams).total()
    assert SCALE["first"](account()) - lists <= first <= SCALE["first"](account())
    later = calls(emulator, tmp_path, *streams, state="--state state.json").total()
    assert SCALE["later"](account(), 0) == later == lists + 1


def test_streams_of_one_instance_make_the_calls_of_the_table(
    emulator: Emulator, tmp_path: Path
) -> None:
    """One call an instance for the policy, seven for the ranges, one for every 100 instances."""
    seen = calls(emulator, tmp_path, "instances", "backup_policies", "restore_windows")
    assert sorted(seen.values()) == [SCALE["instances"](account()), INSTANCES, 7 * INSTANCES]


@pytest.mark.parametrize("every", [1, 3, 7, 24])
@pytest.mark.parametrize("instances", [1, 100, 10_000])
def test_so_many_users_are_enough_and_one_less_is_not(every: int, instances: int) -> None:
    """With the users of the table the calls leave a fifth of each user's limit free."""
    one = SCALE["Account"](instances=instances)
    hours, users = one.hours(SCALE["later"](one, every)), SCALE["users"](one, every)
    assert hours / users <= every * 0.8
    assert users == 1 or hours / (users - 1) > every * 0.8


def test_the_calculator_runs() -> None:
    """The page's command prints a table for another account."""
    told = bash(BLOCKS["calculator"], ROOT)
    assert told.count("| --- |") == len(SCALE["TABLES"])
    assert "| `backup_policies` | 2,526 |" in told


def test_two_processes_share_the_limit_by_overlays(tmp_path: Path) -> None:
    """The page's commands read two projects, each with its half of the calls."""
    stores = [Store(Project(f"{n:032x}"), seed=n) for n in (1, 2)]
    for store in stores:
        instance = store.add_instance("db")
        store.put([Backup("a" * 32 + "br02", instance, "one", "Auto", 1_700_000_000)])
    with Emulator(stores) as emulator:
        base = emulator.config("access_key")
        del base["project_id"]
        (tmp_path / "base.json").write_text(json.dumps(base))
        for name, store in zip("ab", stores, strict=True):
            overlay = {"project_id": store.project.id, "requests_per_minute": 30}
            (tmp_path / f"{name}.json").write_text(json.dumps(overlay))
        bash(BLOCKS["overlays"], tmp_path)
    for name, store in zip("ab", stores, strict=True):
        (record,) = [
            message["record"]
            for message in map(json.loads, (tmp_path / f"{name}.jsonl").read_text().splitlines())
            if message["type"] == "RECORD"
        ]
        assert record["project_id"] == store.project.id
