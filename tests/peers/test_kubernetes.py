"""Kubernetes' own schemas accept the example, and nothing that is wrong in it; a real target loads it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_dds_backups.emulator import Emulator, Project, plain_store
from tests.peers.environments import environment
from tests.project.manifest import COMMANDS, FOLDER, JOB, PROJECTS, Pods, resources

pytestmark = pytest.mark.peers

# It carries the schemas of each version, and reads them from its own folder.
REQUIREMENTS = ["kubernetes-validate==1.37.0"]
VERSIONS = ["1.29", "1.31", "1.33", "1.35", "1.37"]
Change = Callable[[dict[str, Any]], object]


def validate(version: str, *files: Path) -> tuple[int, str]:
    """Check files strictly, unknown keys refused; return the exit code and what was said."""
    command = environment("kubernetes-validate", REQUIREMENTS) / "bin" / "kubernetes-validate"
    done = subprocess.run(
        [str(command), "--strict", "--kubernetes-version", version, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schemas_accept_every_resource(version: str, tmp_path: Path) -> None:
    """The files as they are, and the Job that `kubectl create job --from` makes of the CronJob."""
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "now"}, "spec": JOB}
    (tmp_path / "job.yaml").write_text(yaml.safe_dump(job))
    files = [FOLDER / "settings.yaml", FOLDER / "job.yaml", tmp_path / "job.yaml"]
    code, said = validate(version, *files)
    assert code == 0, said
    assert said.count(f"against version {version}") == said.count("passed") == 6
    assert "WARN" not in said


def pod(job: dict[str, Any]) -> dict[str, Any]:
    """Return the pod's part of a Job."""
    spec: dict[str, Any] = job["template"]["spec"]
    return spec


BROKEN: dict[str, Change] = {
    "unknown key of the job": lambda job: job.update(parallel=2),
    "key in the wrong place": lambda job: pod(job).update(backoffLimitPerIndex=1),
    "unknown key of the container": lambda job: pod(job)["containers"][0].update(arg=[]),
    "text for a number": lambda job: job.update(completions="3"),
    "number for a text": lambda job: pod(job)["containers"][0]["env"][0].update(value=3),
    "no template": lambda job: job.pop("template"),
    "rule without its action": lambda job: job["podFailurePolicy"]["rules"][0].pop("action"),
    "volume without a name": lambda job: pod(job)["volumes"][0].pop("name"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_schemas_refuse_a_broken_one(name: str, tmp_path: Path) -> None:
    """A mistake that is easily made is seen."""
    resource = json.loads(json.dumps(resources("job.yaml")["CronJob", "dds-backups"]))
    BROKEN[name](resource["spec"]["jobTemplate"]["spec"])
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(resource))
    code, said = validate(VERSIONS[-1], tmp_path / "broken.yaml")
    assert (code, said.startswith("ERROR")) == (1, True), said


def test_pods_load_with_the_target_that_the_manifest_names(tmp_path: Path) -> None:
    """Every index twice, into target-jsonl: all rows once, then those of the look-back."""
    target = environment("target-jsonl", ["target-jsonl==0.1.4"]) / "bin"
    path = f"{target}:{COMMANDS}:{os.environ['PATH']}"
    until = time.time() - 3600
    stores = [
        plain_store(20, seed=n, until=until, every=86_400, project=Project(each))
        for n, each in enumerate(PROJECTS)
    ]
    with Emulator(stores) as emulator:
        pods = Pods(tmp_path, emulator)
        for rows in (20, 2):
            for index, store in enumerate(stores):
                code, log = pods.run(index, PATH=path)
                assert code == 0, log
                wanted = sorted(backup.id for backup in store.backups()[-rows:])
                assert taken(pods.state(index).parent) == wanted


def taken(folder: Path) -> list[str]:
    """Return the ids that the target has written to a project's folder, and remove the files."""
    ids = []
    for path in folder.glob("backups-*.jsonl"):
        ids += [json.loads(line)["id"] for line in path.read_text().splitlines()]
        path.unlink()
    return sorted(ids)
