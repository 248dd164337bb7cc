"""A program as a process of its own: what it is given, and how it ended."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faces.running import SCRIPTS, clean_environment

SECONDS = 120  # one that takes longer hangs
TAP: tuple[str | Path, ...] = (SCRIPTS / "tap-dds-backups",)
MAIN = "from tap_dds_backups.__main__ import main\nraise SystemExit(main())"


def changed_tap(change: str, *options: str) -> tuple[str | Path, ...]:
    """The tap as a program, after some Python that changes it; `options` are those of Python."""
    return (sys.executable, *options, "-c", f"{change}\n{MAIN}")


@dataclass(frozen=True)
class Done:
    """How a process ended and what it wrote."""

    code: int
    output: bytes
    said: str

    @property
    def messages(self) -> Iterator[dict[str, Any]]:
        """Its whole lines; only SIGKILL may leave half a one."""
        whole = self.output[: self.output.rfind(b"\n") + 1]
        assert whole == self.output or self.code == -signal.SIGKILL, "half a line"
        return map(json.loads, whole.splitlines())


@dataclass
class Process:
    """A process to be, which other threads may already send signals to."""

    program: Sequence[str | Path]
    environ: Mapping[str, str] = field(default_factory=clean_environment)
    _running: subprocess.Popen[bytes] | None = None
    _started: threading.Event = field(default_factory=threading.Event)

    def run(self, folder: Path, **files: Mapping[str, Any] | None) -> Done:
        """Run to the end, with each file as the option of its name."""
        command = [*self.program]
        for name, value in files.items():
            if value is not None:
                path = folder / f"{name}.json"
                path.write_text(json.dumps(value))
                command += [f"--{name}", path]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, stdout=pipe, stderr=pipe, env=clean_environment()
        ) as running:
            self._running = running
            self._started.set()
            output, said = running.communicate(timeout=SECONDS)
        return Done(running.returncode, output, said.decode())

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self._started.wait(SECONDS)
        assert self._running is not None
        self._running.send_signal(number)


def full_table_catalog(program: Sequence[str | Path] = TAP) -> dict[str, Any]:
    """The tap's own catalog, with the backups to be read anew as a whole."""
    quiet = subprocess.DEVNULL
    told = subprocess.check_output([*program, "--discover"], env=clean_environment(), stderr=quiet)
    catalog: dict[str, Any] = json.loads(told)
    for stream in catalog["streams"]:
        if stream["tap_stream_id"] == "backups":
            stream["replication_method"] = "FULL_TABLE"
    return catalog
