"""The command of the Kubernetes example, taken from its manifest and run: states, failures, stops."""

from __future__ import annotations

import fcntl
import json
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tap_dds_backups.emulator import Emulator, Project, plain_store
from tests.project.manifest import CONTAINER, JOB, OVERLAYS, POD, PROJECTS, SETTINGS, Pods

ROWS = 250
USUAL_LIMIT = 60  # calls a minute of a user
# It writes the ids to a file and each state that it gets back, or WORDS; it ends with CODE.
STORING = """
import json, os, sys
with open("rows.txt", "a") as rows:
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "RECORD": rows.write(message["record"]["id"] + "\\n")
        if message["type"] == "STATE": print(os.environ.get("WORDS") or json.dumps(message["value"]))
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Return an account that has the manifest's projects, a backup a day in each."""
    until = time.time() - 3600
    stores = [
        plain_store(ROWS, seed=n, until=until, every=86_400, project=Project(each))
        for n, each in enumerate(PROJECTS)
    ]
    with Emulator(stores) as emulator:
        yield emulator


@pytest.fixture
def pods(tmp_path: Path, emulator: Emulator) -> Pods:
    """Return the Job's pods, with a target of a few lines unless told otherwise."""
    target = tmp_path / "target.py"
    target.write_text(STORING)
    return Pods(tmp_path, emulator, target=f"{sys.executable} {target}")


def loaded(pods: Pods, index: int) -> list[str]:
    """Return the ids that the target has got since it was last asked."""
    rows = pods.state(index).with_name("rows.txt")
    ids = rows.read_text().split()
    rows.unlink()
    return ids


def test_each_index_reads_a_project_with_a_state_of_its_own(pods: Pods, emulator: Emulator) -> None:
    """Two indexes, twice: all rows, then the last day; the third project is untouched."""
    for index in (0, 1):
        assert pods.run(index)[0] == 0
        store = emulator.stores[PROJECTS[index]]
        assert loaded(pods, index) == [backup.id for backup in store.backups()]
    states = [pods.state(index).read_text() for index in (0, 1)]
    assert [PROJECTS[index] in states[index] for index in (0, 1)] == [True, True]
    for index in (0, 1):
        assert pods.run(index)[0] == 0
        assert len(loaded(pods, index)) == 2
    assert [pods.state(index).read_text() for index in (0, 1)] == states
    assert not pods.state(2).parent.exists()


def test_a_project_that_fails_keeps_what_it_got(pods: Pods, emulator: Emulator) -> None:
    """The tap's failure is the pod's; the next run goes on from the last confirmed state."""
    emulator.faults.add("dds_403@list:3")
    code, log = pods.run(0)
    assert (code, log.count("the tap ended with 1")) == (1, 1)
    first = loaded(pods, 0)
    assert 0 < len(first) < ROWS
    assert pods.run(0)[0] == 0
    assert len({*first, *loaded(pods, 0)}) == ROWS


@pytest.mark.parametrize("target", ["false", "no-such-target", "head --lines 1"])
def test_a_target_that_fails_fails_the_pod(pods: Pods, target: str) -> None:
    """An error of the target, or its early end, is the pod's, and no state is kept."""
    code, log = pods.run(0, TARGET=target)
    assert code == 1, log
    assert not pods.state(0).exists()


def test_a_target_that_fails_late_fails_the_pod(pods: Pods) -> None:
    """The tap has ended well, the target has stored everything, and then ends with an error."""
    code, log = pods.run(0, CODE="3")
    assert (code, "the target ended with 3" in log) == (1, True)
    assert pods.state(0).exists()


def test_chatter_is_no_state(pods: Pods) -> None:
    """A target's other lines leave the state as it was."""
    assert pods.run(0)[0] == 0
    before = pods.state(0).read_text()
    assert pods.run(0, WORDS="loading ...")[0] == 0
    assert pods.state(0).read_text() == before


def test_a_pod_that_is_told_to_stop_keeps_what_was_stored(pods: Pods, emulator: Emulator) -> None:
    """SIGTERM ends the tap at a message, the target stores, the state follows: then the pod ends."""
    emulator.latency = 1.0
    rows = pods.state(0).with_name("rows.txt")
    with pods.start(0) as pod:
        while not (len(emulator.seen("list")) >= 3 and rows.exists()):
            assert pod.poll() is None
            time.sleep(0.02)
        pod.send_signal(signal.SIGTERM)
        log = pod.communicate(timeout=30)[1]
    assert pod.returncode == 1
    assert "the tap ended with 143" in log
    assert "the target ended with 0" in log
    emulator.latency = 0.0
    first = loaded(pods, 0)
    assert pods.run(0)[0] == 0
    assert len({*first, *loaded(pods, 0)}) == ROWS


def test_a_project_is_read_by_one_pod_at_a_time(pods: Pods, emulator: Emulator) -> None:
    """Another pod of the same project ends at once and asks for nothing."""
    folder = pods.state(0).parent
    folder.mkdir(parents=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, log = pods.run(0)
    assert (code, "another pod reads it" in log) == (75, True)
    assert emulator.requests == []


def test_more_overlays_than_completions_are_noticed(pods: Pods) -> None:
    """A project that no index would read ends the Job, by the code that its policy names."""
    code, log = pods.run(0, PROJECTS="2")
    (_, policy) = JOB["podFailurePolicy"]["rules"]
    assert policy["action"] == "FailJob"
    assert policy["onExitCodes"]["values"] == [code]
    assert policy["onExitCodes"]["containerName"] == CONTAINER["name"]
    assert "there are 3 overlays" in log


def test_the_manifest_agrees_with_itself() -> None:
    """What a schema cannot say: numbers that are equal, names that exist, a limit that is shared."""
    environ = {each["name"]: each["value"] for each in CONTAINER["env"]}
    assert JOB["completions"] == len(OVERLAYS) == int(environ["PROJECTS"])
    assert sorted(OVERLAYS) == [f"{project}.json" for project in PROJECTS]
    assert JOB["maxFailedIndexes"] < JOB["completions"]
    assert POD["restartPolicy"] == "Never"  # a podFailurePolicy needs it
    volumes = {each["name"] for each in POD["volumes"]}
    assert volumes == {each["name"] for each in CONTAINER["volumeMounts"]}
    base = json.loads(SETTINGS["ConfigMap", "dds-backups"]["data"]["base.json"])
    assert base["requests_per_minute"] * JOB["parallelism"] == USUAL_LIMIT
