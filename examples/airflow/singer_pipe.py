"""One project: the tap piped into a target, and the state that the target confirmed kept in a file.

Needs the standard library alone, so that it can be tested, and used, without Airflow.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

STATE = "state.json"
OVERLAY = "overlay.json"


class PipeFailed(RuntimeError):
    """The tap, the target or both ended with an error; their own words are in the task's log."""


def load_project(
    folder: Path, overlay: Mapping[str, Any], *, tap: Sequence[str], target: Sequence[str]
) -> None:
    """Read one project into the target and keep its state in `folder`, where both commands run.

    `tap` is the command with the settings that all projects share; the overlay goes on top.
    Raises PipeFailed; what the target had confirmed until then is in the state. Raises
    BlockingIOError while another run reads the same project.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "lock"):
        _replace(folder / OVERLAY, json.dumps(overlay).encode())
        state = ["--state", STATE] if (folder / STATE).exists() else []
        _pipe([*tap, "--config", OVERLAY, *state], target, folder)


def _pipe(tap: Sequence[str], target: Sequence[str], folder: Path) -> None:
    with subprocess.Popen(tap, cwd=folder, stdout=subprocess.PIPE) as reading:
        # Our end is closed at once: with it open, the tap would not see that the target ended.
        with cast("IO[bytes]", reading.stdout) as messages:
            loading = subprocess.Popen(target, cwd=folder, stdin=messages, stdout=subprocess.PIPE)
        with loading:
            _keep_states(reading, loading, folder / STATE)
    ends = {"tap": reading.returncode, "target": loading.returncode}
    if any(ends.values()):
        raise PipeFailed(f"exit codes {ends}")


def _keep_states(
    reading: subprocess.Popen[bytes], loading: subprocess.Popen[bytes], state: Path
) -> None:
    """Keep each state that the target writes out, also when this task is told to stop."""
    lines = loading.stdout or ()
    try:
        _keep(lines, state)
    except BaseException:
        reading.terminate()  # it ends at a message boundary; the target stores what it has got
        _keep(lines, state)
        raise


def _keep(lines: Iterable[bytes], state: Path) -> None:
    for line in _states(lines):
        _replace(state, line)


def _states(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the whole lines with bookmarks: half a line, or a target's chatter, is no state."""
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if line.endswith(b"\n") and isinstance(value, dict) and "bookmarks" in value:
            yield line


def _replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another: a reader sees the old one or the new one, whole."""
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
