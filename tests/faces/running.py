"""Run a console script as a user does and read what it says."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPTS = Path(sysconfig.get_path("scripts"))


@dataclass(frozen=True)
class Run:
    """What a run left: exit code, standard error, and standard output line by line."""

    code: int
    stderr: str
    stdout: bytes = field(repr=False)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Every line of standard output, each of which must be a JSON object."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    def records(self, stream: str = "backups") -> list[dict[str, Any]]:
        """The records of a stream, in the order in which they were written."""
        return [m["record"] for m in self.of_type("RECORD") if m["stream"] == stream]

    @property
    def state(self) -> dict[str, Any] | None:
        """The last STATE, or None."""
        states = self.of_type("STATE")
        return states[-1]["value"] if states else None

    def ids(self) -> list[str]:
        """The ids of the backups written."""
        return [record["id"] for record in self.records()]

    def assert_sound(self) -> None:
        """What holds of every run: no id twice, begin_time ascending, nothing but messages."""
        twice = [name for name, times in Counter(self.ids()).items() if times > 1]
        assert not twice, f"written twice: {twice[:3]}"
        begins = [record["begin_time"] for record in self.records()]
        assert begins == sorted(begins)


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without anything that a tap would read from it."""
    unwanted = ("TAP_DDS_BACKUPS_", "HUAWEICLOUD_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {k: v for k, v in os.environ.items() if not k.upper().startswith(unwanted)}
    return {**kept, **more}


def run_script(
    name: str,
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> Run:
    """Run an installed console script to its end."""
    done = subprocess.run(
        [SCRIPTS / name, *arguments],
        capture_output=True,
        check=False,
        env=dict(environ) if environ is not None else clean_environment(),
        timeout=seconds,
    )
    return Run(done.returncode, done.stderr.decode(), done.stdout)


def run_tap(
    folder: Path,
    config: Mapping[str, Any],
    *more: str,
    state: Mapping[str, Any] | None = None,
    catalog: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Run:
    """Run the tap with these files, written to `folder`."""
    arguments: list[str] = []
    for option, value in (("config", config), ("state", state), ("catalog", catalog)):
        if value is not None:
            path = folder / f"{option}.json"
            path.write_text(json.dumps(value))
            arguments += [f"--{option}", str(path)]
    return run_script("tap-dds-backups", [*arguments, *more], environ=environ)
