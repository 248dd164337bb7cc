"""Airflow runs the example DAG: one task for each project, with a state of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tap_dds_backups.emulator import Backup, Emulator, Store, plain_store
from tests.peers.account import TAP
from tests.peers.environments import environment
from tests.project.tree import ROOT

pytestmark = pytest.mark.peers

DAGS = ROOT / "examples" / "airflow"
REQUIREMENTS = ["apache-airflow==3.3.2"]
BUDGET = 6_000  # requests a minute
ROWS = 20
# Without retries, which wait for minutes. The outcome is the last line.
DRIVER = """
from dds_backups_dag import this
for task in this.tasks:
    (task.partial_kwargs if task.is_mapped else vars(task)).update(retries=0)
run = this.test()
print(*(f"{each.task_id}[{each.map_index}]={each.state}" for each in run.get_task_instances()))
"""


class Airflow(NamedTuple):
    """Where Airflow and the projects live, and which other hosts were asked for."""

    folder: Path
    environ: dict[str, str]

    def python(self, *command: str) -> str:
        """Run Airflow's Python; return what it printed."""
        done = subprocess.run(
            [str(environment("airflow", REQUIREMENTS) / "bin" / "python"), *command],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self) -> dict[str, str]:
        """Run the DAG to its end; return the outcome of each task."""
        outcome = self.python("-c", DRIVER).splitlines()[-1]
        return dict(word.rsplit("=", 1) for word in outcome.split())

    def file(self, project: str, name: str) -> Path:
        """Return a file of a project."""
        return self.folder / "projects" / project / name

    def loaded(self, project: str) -> list[str]:
        """Return the ids that the target has written for a project since it was last asked."""
        found = []
        for path in self.file(project, "").glob("backups-*.jsonl"):
            found += [json.loads(line)["id"] for line in path.read_text().splitlines()]
            path.unlink()
        return sorted(found)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Return an account of three projects, a backup a day in each."""
    until = time.time() - 3600
    stores = [plain_store(ROWS, seed=n, until=until, every=86_400) for n in range(3)]
    with Emulator(stores) as emulator:
        yield emulator


@pytest.fixture
def airflow(tmp_path: Path, emulator: Emulator) -> Airflow:
    """Return a new Airflow with a database of its own and the example's two files of settings."""
    base = emulator.config("access_key") | {"requests_per_minute": BUDGET}
    del base["project_id"]
    (tmp_path / "base.json").write_text(json.dumps(base))
    (tmp_path / "projects.json").write_text(
        json.dumps([{"project_id": each, "region": "eu-west-101"} for each in emulator.stores])
    )
    (tmp_path / "refused.txt").touch()
    target = environment("target-jsonl", ["target-jsonl==0.1.4"]) / "bin" / "target-jsonl"
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": f"{ROOT / 'tests' / 'peers' / 'loopback_only'}:{DAGS}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CONNECTIONS_REFUSED": str(tmp_path / "refused.txt"),
        "DDS_BACKUPS_HOME": str(tmp_path),
        "DDS_BACKUPS_TAP": str(TAP),
        "DDS_BACKUPS_TARGET": str(target),
    }
    airflow = Airflow(tmp_path, environ)
    airflow.python("-m", "airflow", "db", "migrate")
    return airflow


def test_each_project_is_a_task_with_a_state_of_its_own(
    airflow: Airflow, emulator: Emulator
) -> None:
    """All rows, then the last day and what is new; a project that is gone fails alone."""
    good = {"overlays[-1]": "success"} | {f"load[{n}]": "success" for n in range(3)}
    assert airflow.run() == good
    for project, store in emulator.stores.items():
        assert airflow.loaded(project) == ids_of(store.backups())
        overlay = json.loads(airflow.file(project, "overlay.json").read_text())
        assert overlay["requests_per_minute"] == BUDGET // 2

    for store in emulator.stores.values():
        something_happens(store)
    assert airflow.run() == good
    for project, store in emulator.stores.items():
        assert airflow.loaded(project) == ids_of(store.backups()[-3:])

    first, gone, last = emulator.stores
    states = {each: airflow.file(each, "state.json").read_text() for each in emulator.stores}
    del emulator.stores[gone]
    for store in emulator.stores.values():
        something_happens(store)
    assert airflow.run() == good | {"load[1]": "failed"}
    assert airflow.file(gone, "state.json").read_text() == states[gone]
    for project in (first, last):
        assert airflow.file(project, "state.json").read_text() != states[project]
        assert airflow.loaded(project) == ids_of(emulator.stores[project].backups()[-2:])

    assert (airflow.folder / "refused.txt").read_text() == ""
    secret = emulator.identity.access_key.secret_key.encode()
    assert secret not in (airflow.folder / "airflow" / "airflow.db").read_bytes()


def something_happens(store: Store) -> None:
    """A backup begins and ends."""
    now = time.time()
    backup = store.start(next(iter(store.instances.values())), begin=now - 20)
    store.finish(backup.id, end=now - 10, size=1)


def ids_of(backups: list[Backup]) -> list[str]:
    """Return the ids of backups, sorted."""
    return sorted(backup.id for backup in backups)
