"""The Kubernetes example, and its container's command run here as a pod would run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tap_dds_backups.emulator import Emulator
from tests.project.tree import ROOT

COMMANDS = Path(sys.executable).parent
FOLDER = ROOT / "examples" / "kubernetes"


def resources(name: str) -> dict[tuple[str, str], Any]:
    """Return the resources of a file by their kind and name."""
    documents = yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8"))
    return {(each["kind"], each["metadata"]["name"]): each for each in documents}


JOB = resources("job.yaml")["CronJob", "dds-backups"]["spec"]["jobTemplate"]["spec"]
POD = JOB["template"]["spec"]
(CONTAINER,) = POD["containers"]
SETTINGS = resources("settings.yaml")
OVERLAYS = SETTINGS["ConfigMap", "dds-backups-projects"]["data"]
PROJECTS: list[str] = [json.loads(OVERLAYS[name])["project_id"] for name in sorted(OVERLAYS)]


class Pods:
    """The pods of one Job: their volumes are folders, and what they are told leads to an emulator."""

    def __init__(self, folder: Path, emulator: Emulator, *, target: str = "") -> None:
        self._target = target
        self.data: Path = folder / "data"
        self._folder = folder
        self._mounted = {
            each["name"]: each["mountPath"].lstrip("/") for each in CONTAINER["volumeMounts"]
        }
        for path in self._mounted.values():
            (folder / path).mkdir(parents=True, exist_ok=True)
        for volume in POD["volumes"]:
            self._fill(volume)
        sign_in = emulator.config("access_key")
        base = {"api_url": sign_in.pop("api_url"), "iam_url": sign_in.pop("iam_url")}
        del sign_in["project_id"]
        self._change(
            "config/shared/base.json", base | {"requests_per_minute": 6_000, "concurrency": 1}
        )
        self._change("config/secret/sign-in.json", sign_in)

    def start(self, index: int, **environ: str) -> subprocess.Popen[str]:
        """Start the pod of an index."""
        told = {each["name"]: each["value"] for each in CONTAINER["env"]}
        told |= {name: f"{self._folder}{told[name]}" for name in ("CONFIG", "DATA")}
        told |= {"TARGET": self._target} if self._target else {}
        told |= {"PATH": f"{COMMANDS}:{os.environ['PATH']}", "TMPDIR": str(self._folder / "tmp")}
        told["JOB_COMPLETION_INDEX"] = str(index)
        return subprocess.Popen(
            [*CONTAINER["command"], *CONTAINER["args"]],
            cwd=self._folder,
            env=told | environ,  # nothing else: a pod has no other variables
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, index: int, **environ: str) -> tuple[int, str]:
        """Run the pod of an index to its end; return its exit code and its log."""
        with self.start(index, **environ) as pod:
            log = pod.communicate(timeout=120)[1]
        return pod.returncode, log

    def state(self, index: int) -> Path:
        """Return the state of the project of an index."""
        return self.data / PROJECTS[index] / "state.json"

    def _fill(self, volume: Mapping[str, Any]) -> None:
        """Put the files where the kubelet puts them: in a hidden folder, behind links."""
        if "configMap" in volume:
            files = SETTINGS["ConfigMap", volume["configMap"]["name"]]["data"]
        elif "secret" in volume:
            files = SETTINGS["Secret", volume["secret"]["secretName"]]["stringData"]
        else:
            return
        folder = self._folder / self._mounted[volume["name"]]
        (folder / "..data").mkdir()
        for name, content in files.items():
            (folder / "..data" / name).write_text(content)
            (folder / name).symlink_to(f"..data/{name}")

    def _change(self, path: str, settings: Mapping[str, Any]) -> None:
        file = self._folder / path
        file.write_text(json.dumps(json.loads(file.read_text()) | settings))
