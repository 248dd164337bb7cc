"""The pipe of the Airflow example, without Airflow: which states are kept, which ends are failures."""

from __future__ import annotations

import fcntl
import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.airflow.singer_pipe import PipeFailed, load_project
from tap_dds_backups.emulator import Emulator, plain_store
from tests.project.tree import ROOT

TAP = str(Path(sys.executable).parent / "tap-dds-backups")
ROWS = 250
OLD = '{"bookmarks": {"old": 1}}\n'
NEW = '{"bookmarks": {"new": 2}}'
# A target in a line: it writes out each state that it gets.
TARGET = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "STATE": print(json.dumps(message["value"]), flush=True)
"""


def python(script: str) -> list[str]:
    """Return the command that runs a script."""
    return [sys.executable, "-c", script]


def shell(script: str) -> list[str]:
    """Return the command that runs a line of shell, whatever arguments follow."""
    return ["bash", "-c", script, "bash"]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Return an account of one project."""
    with Emulator(plain_store(ROWS, until=time.time() - 3600, every=86_400)) as emulator:
        yield emulator


def load(folder: Path, emulator: Emulator) -> None:
    """Read the project as the DAG does, one page at a time."""
    config = emulator.config("access_key")
    overlay = {"project_id": config.pop("project_id"), "concurrency": 1, "max_attempts": 1}
    (folder / "base.json").write_text(json.dumps(config))
    tap = [TAP, "--config", str(folder / "base.json")]
    load_project(folder / "project", overlay, tap=tap, target=python(TARGET))


def bookmark(folder: Path) -> str:
    """Return the bookmark in the state that was kept."""
    state = json.loads((folder / "project" / "state.json").read_text())
    (partition,) = state["bookmarks"]["backups"]["partitions"]
    return str(partition["replication_key_value"])


def test_a_second_run_goes_on_from_what_the_target_confirmed(
    tmp_path: Path, emulator: Emulator
) -> None:
    """The state of the first run bounds what the second one asks for."""
    load(tmp_path, emulator)
    reached, before = bookmark(tmp_path), len(emulator.seen("list"))
    load(tmp_path, emulator)
    assert bookmark(tmp_path) == reached
    (request,) = emulator.seen("list")[before:]
    assert request.query["begin_time"] > "2000-01-01 00:00:00"


def test_a_run_that_fails_half_way_keeps_what_it_got(tmp_path: Path, emulator: Emulator) -> None:
    """The tap's failure fails the pipe, its confirmed pages are kept, and the next run ends it."""
    emulator.faults.add("html_502@list:3")
    with pytest.raises(PipeFailed, match="'tap': 1, 'target': 0"):
        load(tmp_path, emulator)
    reached = bookmark(tmp_path)
    load(tmp_path, emulator)
    assert bookmark(tmp_path) > reached


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("cat > /dev/null; exit 3", OLD),
        (f"cat > /dev/null; printf %s '{NEW}'; exit 3", OLD),
        ("exit 3", OLD),
        ("cat > /dev/null; echo 'loading ...'; echo 5; echo '{}'; exit 3", OLD),
        (f"echo '{NEW}'; cat > /dev/null; exit 3", f"{NEW}\n"),
    ],
)
def test_a_target_that_fails_fails_the_pipe(tmp_path: Path, target: str, kept: str) -> None:
    """Only a whole line with an object replaces the state; the target's end is the pipe's."""
    (tmp_path / "state.json").write_text(OLD)
    with pytest.raises(PipeFailed, match="'target': 3"):
        load_project(tmp_path, {}, tap=shell("echo; true"), target=shell(target))
    assert (tmp_path / "state.json").read_text() == kept


def test_a_tap_whose_target_is_gone_ends_too(tmp_path: Path) -> None:
    """The tap's output is not held open beside the target."""
    with pytest.raises(PipeFailed):
        load_project(tmp_path, {}, tap=shell("exec yes"), target=shell("exit 3"))


def test_a_target_that_is_not_there_ends_the_tap(tmp_path: Path) -> None:
    """A mistyped command leaves nothing running."""
    with pytest.raises(FileNotFoundError):
        load_project(tmp_path, {}, tap=shell("exec yes"), target=["no-such-target"])


def test_one_project_is_read_by_one_run_at_a_time(tmp_path: Path) -> None:
    """A second run ends at once and starts nothing."""
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BlockingIOError):
            load_project(tmp_path, {}, tap=shell("true"), target=shell("true"))
    assert not (tmp_path / "overlay.json").exists()


def test_a_task_that_is_stopped_ends_both_and_keeps_the_last_state(tmp_path: Path) -> None:
    """Told to stop, as Airflow does it, the tap ends, the target says what it has, and it is kept."""
    tap = "trap 'echo last; exit 143' TERM; echo first; for n in {1..400}; do sleep 0.05; done"
    target = 'while read -r word; do echo "{\\"bookmarks\\": \\"$word\\"}"; done'
    script = f"""
import signal, sys
from pathlib import Path
from examples.airflow.singer_pipe import load_project
def stop(*_): raise SystemExit(5)
signal.signal(signal.SIGTERM, stop)
load_project(Path({str(tmp_path)!r}), {{}}, tap={shell(tap)!r}, target={shell(target)!r})
"""
    state = tmp_path / "state.json"
    with subprocess.Popen(python(script), cwd=ROOT) as task:
        while not state.exists():
            assert task.poll() is None, shlex.join(python(script))
            time.sleep(0.02)
        task.send_signal(signal.SIGTERM)
        assert task.wait(timeout=30) == 5
    assert seen(state) == "last"


def seen(state: Path) -> Any:
    """Return what the target of the last test had seen."""
    return json.loads(state.read_text())["bookmarks"]
