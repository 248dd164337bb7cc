"""Meltano installs the tap from meta.yml and runs it, without asking its Hub for anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.peers.account import account, expected, summary_of, time_passes
from tests.peers.environments import environment
from tests.project.distribution import build
from tests.project.readme import PROJECT_ID, commands
from tests.project.tree import ROOT

pytestmark = pytest.mark.peers

LOADER = {
    "name": "target-jsonl",
    "namespace": "target_jsonl",
    "variant": "andyh1203",
    "pip_url": "target-jsonl==0.1.4",
    "settings": [
        {"name": "destination_path", "value": "output"},
        {"name": "do_timestamp_file", "kind": "boolean", "value": False},
    ],
}
STATE_ID = "dev:tap-dds-backups-to-target-jsonl"


class Project(NamedTuple):
    """A Meltano project with a target in it; `wheels` is where the tap is installed from."""

    folder: Path
    environ: dict[str, str]

    def run(self, script: str, *, settings: dict[str, Any] | None = None) -> str:
        """Run commands in the project, settings of the tap in the environment; return stdout."""
        given = {f"TAP_DDS_BACKUPS_{k.upper()}": str(v) for k, v in (settings or {}).items()}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environ | given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def records(self) -> list[dict[str, Any]]:
        """Return what the target has written since it was last asked."""
        path = self.folder / "output" / "backups.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.unlink()
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a new project that installs the tap's wheel, as if it were published."""
    folder = tmp_path_factory.mktemp("meltano")
    wheels = build(tmp_path_factory.mktemp("wheels")).wheel.parent
    meltano = environment("meltano", ["meltano==4.4.1"])
    environ = {
        **{name: os.environ[name] for name in os.environ if not name.startswith("TAP_DDS_BACKUPS")},
        "PATH": f"{meltano / 'bin'}:{os.environ['PATH']}",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "NO_COLOR": "1",
        # Both installers that Meltano may use; what else is asked for comes from the index.
        "PIP_FIND_LINKS": f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}",
        "UV_FIND_LINKS": ",".join(filter(None, [str(wheels), os.environ.get("UV_FIND_LINKS")])),
    }
    project = Project(folder / "project", environ)
    Project(folder, environ).run("meltano init project --no-usage-stats")
    (project.folder / "target-jsonl.yml").write_text(yaml.safe_dump(LOADER))
    shutil.copy(ROOT / "meta.yml", project.folder)
    project.run("meltano add --from-ref target-jsonl.yml target-jsonl")
    return project


def test_the_readme_takes_a_person_from_nothing_to_data(project: Project) -> None:
    """README's commands: add, configure, select, test, run; a second run goes on from the state."""
    with account() as emulator:
        settings = emulator.config("access_key")
        script = commands()["meltano"].replace(PROJECT_ID, settings.pop("project_id"))
        project.run(script, settings=settings)
        first = project.records()
        assert summary_of(first) == expected(emulator.store)

        selected = project.run("meltano select tap-dds-backups --list --all", settings=settings)
        chosen = [line.split() for line in selected.splitlines()]
        assert ["[automatic", "]", "backups.id"] in chosen
        assert ["[automatic", "]", "backups.begin_time"] in chosen

        time_passes(emulator.store)
        project.run("meltano run tap-dds-backups target-jsonl", settings=settings)
        second = project.records()
        assert len(second) < len(first)
        union = {record["id"]: record for record in [*first, *second]}
        assert summary_of(list(union.values())) == expected(emulator.store)


def test_history_is_read_again_on_demand(project: Project) -> None:
    """`meltano run --full-refresh` reads everything though the state says where to go on."""
    with account() as emulator:
        settings = emulator.config("password") | {"region": "eu-west-101"}
        refresh = "meltano run --full-refresh --state-id-suffix again tap-dds-backups target-jsonl"
        for _ in range(2):
            project.run(refresh, settings=settings)
            assert summary_of(project.records()) == expected(emulator.store)


def test_credentials_are_kept_out_of_what_meltano_shows(project: Project) -> None:
    """Meltano prints settings with the credentials hidden, because meta.yml says which they are."""
    secrets = {name: f"canary-{name}" for name in ("secret_key", "password", "auth_token")}
    shown = project.run("meltano config list tap-dds-backups", settings=secrets)
    assert "canary" not in shown


def test_state_holds_the_bookmark_of_the_project(project: Project) -> None:
    """Meltano keeps the state by partition, and shows it to whoever asks."""
    state = json.loads(project.run(f"meltano state get {STATE_ID}"))
    (partition,) = state["singer_state"]["bookmarks"]["backups"]["partitions"]
    assert partition["replication_key"] == "begin_time"
