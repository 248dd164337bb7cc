"""Whatever the service does, both faces write the same records, bookmarks and verdict."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.emulator import Emulator, estate
from tests.faces.airbyte import airbyte_config, read
from tests.faces.running import run_tap as run_tap_script
from tests.faces.twins import Outcome, World, outcome, run_source, run_tap

QUICK = 50


def assert_agreed(seed: int) -> tuple[Outcome, Outcome]:
    """Two runs of each face over a service of its own, changes and faults between and within."""
    tap_world, source_world = World(seed), World(seed)
    tap_state: Any = {}
    source_state: Any = []
    runs = []
    for _ in range(2):
        by_tap = run_tap(tap_world, tap_state)
        by_source = run_source(source_world, source_state)
        assert by_tap == by_source, f"seed {seed}"
        assert tap_world.requests == source_world.requests, f"seed {seed}"
        tap_state, source_state = by_tap.state, by_source.state
        for world in (tap_world, source_world):
            world.clock.sleep(4_000)
            world.change()
        runs.append(by_source)
    return runs[0], runs[1]


def test_both_faces_agree_in_fifty_worlds() -> None:
    """And the worlds are worth it: some fail, most succeed, second runs go on from states."""
    runs = [assert_agreed(seed) for seed in range(QUICK)]
    verdicts = [run.succeeded for pair in runs for run in pair]
    assert 0.05 < verdicts.count(False) / len(verdicts) < 0.6
    assert sum(len(first.records) > 50 for first, _ in runs) > QUICK / 4
    assert sum(0 < len(second.records) < len(first.records) for first, second in runs) > QUICK / 5


@pytest.mark.parametrize("seed", [0, 3])
def test_both_scripts_agree(seed: int, tmp_path: Path) -> None:
    """Once where all is well, once where the service stops answering."""
    assert_scripts_agree(seed, tmp_path)


def assert_scripts_agree(seed: int, folder: Path) -> None:
    """The installed commands over sockets, against one service that stands still between."""
    faults = [[], ["dds_500@list:2"], ["row_dropped@list:2"], ["dds_403@list:2x*"]][seed % 4]
    store = estate(150 + 10 * seed, seed=seed, until=time.time())
    outcomes = []
    for face in ("tap", "source"):
        with Emulator(store, faults=faults) as emulator:
            config = emulator.config("access_key") | {"concurrency": 1, "page_size": 100 - seed}
            if face == "tap":
                run = run_tap_script(folder, config)
                states = [each["value"].get("bookmarks", {}) for each in run.of_type("STATE")]
                told = [each.get("backups", {}).get("partitions", []) for each in states]
            else:
                run = read(folder, airbyte_config(config))
                told = [each["stream"]["stream_state"]["partitions"] for each in run.states]
            assert run.code in (0, 1)
            outcomes.append(outcome(run.records(), told, ok=run.code == 0))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].succeeded == (seed % 4 != 3)
