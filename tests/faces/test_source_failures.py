"""What goes wrong while the source reads, and what is left then: nothing lost, all of it told."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.api.readahead import QUICK_SECONDS
from tap_dds_backups.emulator import Emulator, Identity, Project, Store, plain_store
from tap_dds_backups.emulator.faults import Fault, PlacedFault
from tests.faces.airbyte import (
    SourceRun,
    airbyte_config,
    arguments,
    assert_no_secrets,
    assert_sound,
    collect,
    configured,
    read,
    run_source,
    secrets_of,
)
from tests.faces.running import SCRIPTS, clean_environment

ROWS = 600
KEPT_BY = 4  # pages answered before the trouble begins


def store_of(rows: int = ROWS, project: str = "") -> Store:
    """So many finished backups; the newest ended an hour ago."""
    chosen = Project(project) if project else None
    return plain_store(rows, until=time.time() - 3600, project=chosen)


def ids(run: SourceRun) -> list[str]:
    """The ids of the records of a run, in order."""
    return [record["id"] for record in run.records()]


def all_ids(store: Store) -> set[str]:
    """The ids of all backups that there are."""
    return {backup.id for backup in store.backups()}


def after(answers: int, happens: Callable[[], object]) -> PlacedFault:
    """Let something happen behind the nth answer of the list."""

    def effect(answer: Any, _: object) -> Any:
        happens()
        return answer

    return PlacedFault(Fault("change", "the list changes", effect), place=str(answers))


@pytest.mark.parametrize("answers", [1, 2, 4, 6])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_backups_deleted_while_paging_hide_no_others(
    answers: int, concurrency: int, tmp_path: Path
) -> None:
    """The newest 30 go and every later page slides: what survives is written nevertheless."""
    store = store_of()
    newest = sorted(store.backups(), key=lambda backup: backup.begin)[-30:]
    change = after(answers, lambda: [store.delete(backup.id) for backup in newest])
    with Emulator(store, faults=[change], latency=QUICK_SECONDS) as emulator:
        config = airbyte_config(emulator.config("token")) | {"concurrency": concurrency}
        run = read(tmp_path, config)
        assert run.code == 0
        assert set(ids(run)) >= all_ids(store)
        assert len(ids(run)) == len(set(ids(run)))


@pytest.mark.parametrize("answers", [1, 3, 5])
def test_backups_made_while_paging_hide_no_others(answers: int, tmp_path: Path) -> None:
    """New ones slide every page the other way: each old one is written once."""
    store = store_of()
    known = all_ids(store)
    instance = next(iter(store.instances.values()))
    change = after(
        answers, lambda: [store.start(instance, begin=time.time() - 90) for _ in range(30)]
    )
    with Emulator(store, faults=[change]) as emulator:
        run = read(tmp_path, airbyte_config(emulator.config("token")))
    assert set(ids(run)) >= known
    assert len(ids(run)) == len(set(ids(run)))


def test_a_token_that_dies_is_renewed(tmp_path: Path) -> None:
    """With a password the sync goes on under a new token, to its end."""
    with Emulator(store_of(), identity=Identity(token_requests=3)) as emulator:
        run = read(tmp_path, airbyte_config(emulator.config("password")))
        assert len(emulator.seen("sign-in")) > 1
        assert set(ids(run)) == all_ids(emulator.store)
        assert_no_secrets(run, list(emulator.identity._tokens))


def test_a_ready_token_that_dies_keeps_what_was_read(tmp_path: Path) -> None:
    """A token that cannot be renewed is the user's to solve; a new one goes on from the state."""
    with Emulator(store_of()) as emulator:
        dead, _ = emulator.identity.issue_token(
            emulator.store.project.id, now=time.time(), requests=KEPT_BY
        )
        config = airbyte_config(emulator.config("token") | {"auth_token": dead})
        config |= {"concurrency": 1, "lookback_seconds": 0}
        broken = read(tmp_path, config)
        assert [error["failure_type"] for error in broken.errors] == ["config_error"]
        config["credentials"]["auth_token"] = emulator.config("token")["auth_token"]
        resumed = read(tmp_path, config, broken.resume)
        assert_resumed(broken, resumed, emulator.store)


def test_an_endless_outage_keeps_its_checkpoint(tmp_path: Path) -> None:
    """One transient error, INCOMPLETE, and a state from which the rest follows."""
    with Emulator(store_of(), faults=[f"gateway_500@list:{KEPT_BY + 1}x*"]) as emulator:
        config = airbyte_config(emulator.config("access_key"))
        config |= {"concurrency": 1, "lookback_seconds": 0, "max_attempts": 2}
        broken = read(tmp_path, config)
        emulator.faults.add("slow")
    assert [error["failure_type"] for error in broken.errors] == ["transient_error"]
    assert broken.errors[0]["stream_descriptor"] == {"name": "backups"}
    with Emulator(emulator.store) as healthy:
        config |= {"api_url": healthy.url}
        config["credentials"] |= healthy.config("access_key")
        assert_resumed(broken, read(tmp_path, config, broken.resume), emulator.store)


def assert_resumed(broken: SourceRun, resumed: SourceRun, store: Store) -> None:
    """The second run brings what the first had not, and little more."""
    assert broken.code == 1
    assert broken.statuses()[-1] == "INCOMPLETE"
    assert len(ids(broken)) >= 200, "what was read before the trouble was written"
    assert resumed.code == 0
    assert set(ids(broken)) | set(ids(resumed)) == all_ids(store)
    assert len(set(ids(broken)) & set(ids(resumed))) <= 2


def test_backups_that_finish_late_are_written_again(tmp_path: Path) -> None:
    """Unfinished at first, however old they grow: their end and size follow, at little cost."""
    store = store_of()
    instance = next(iter(store.instances.values()))
    begin = time.time() - 3 * 86_400
    running = [store.start(instance, begin=begin + number) for number in range(3)]
    with Emulator(store) as emulator:
        config = airbyte_config(emulator.config("token")) | {"lookback_seconds": 60}
        first = read(tmp_path, config)
        for backup in running:
            store.finish(backup.id, end=time.time() - 5, size=4_711)
        second = read(tmp_path, config, first.resume)
        idle = read(tmp_path, config, second.resume)
    late = {backup.id for backup in running}
    finished = {record["id"] for record in second.records() if record["size"] == 4_711}
    assert finished == late
    assert len(idle.records()) <= 2


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_bad_project_among_three_stops_no_other(place: int, tmp_path: Path) -> None:
    """It is named and the stream INCOMPLETE; the others are read and keep their bookmarks."""
    known, unknown = ["a" * 32, "b" * 32], "c" * 32
    stores = [store_of(150, project=project_id) for project_id in known]
    with Emulator(stores) as emulator:
        config = airbyte_config(emulator.config("access_key"))
        del config["project_id"]
        names = list(known)
        names.insert(place, unknown)
        config["projects"] = [{"project_id": name} for name in names]
        run = read(tmp_path, config)
    assert run.code == 1
    (error,) = run.errors
    assert unknown in error["message"]
    assert error["failure_type"] == "config_error"
    assert run.statuses()[-1] == "INCOMPLETE"
    assert set(ids(run)) == all_ids(stores[0]) | all_ids(stores[1])
    assert set(run.bookmarks) == set(known)
    assert len(run.records()) == 300
    assert [each["row_estimate"] for each in run.traces("ESTIMATE")] == [150, 300]


@pytest.mark.parametrize("fault", ["token_echo_400", "log_forgery_400", "long_error_400"])
@pytest.mark.parametrize("sign_in", ["token", "password", "temporary_key"])
@pytest.mark.parametrize("verb", ["check", "read"])
def test_an_error_that_quotes_credentials_is_told_without_them(
    fault: str, sign_in: Any, verb: str, tmp_path: Path
) -> None:
    """Whatever the service repeats of what it was sent."""
    with Emulator(store_of(50), faults=[f"{fault}x*"]) as emulator:
        config = airbyte_config(emulator.config(sign_in))
        files = {"catalog": configured("backups")} if verb == "read" else {}
        run = run_source(tmp_path, verb, config, **files)
        assert_no_secrets(run, list(emulator.identity._tokens))
    assert run.errors or run.connection_status["status"] == "FAILED"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_between_two_messages(number: signal.Signals, tmp_path: Path) -> None:
    """State and statuses come before the end, and a second run loses nothing."""
    with Emulator(store_of(3_000), latency=0.05) as emulator:
        config = airbyte_config(emulator.config("access_key"))
        config |= {"lookback_seconds": 0, "concurrency": 1}
        stopped = stopped_after(5, number, tmp_path, config)
        emulator.latency = 0.0
        resumed = read(tmp_path, config, stopped.resume)
    assert stopped.code == 128 + number
    assert stopped.statuses()[-1] == "INCOMPLETE"
    assert 0 < len(ids(stopped)) < 3_000
    assert set(ids(stopped)) | set(ids(resumed)) == all_ids(emulator.store)
    assert len(ids(stopped)) + len(ids(resumed)) <= 3_000 + 100


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, -15), (signal.SIGINT, 130)])
def test_a_check_may_be_stopped_by_whoever_has_its_answer(
    number: signal.Signals, code: int, tmp_path: Path
) -> None:
    """PyAirbyte terminates each command once it has the message: that is no failure to tell."""
    with Emulator(store_of(10), latency=30) as emulator:
        words = arguments(tmp_path, "check", config=airbyte_config(emulator.config("token")))
        with subprocess.Popen(
            [SCRIPTS / "source-dds-backups", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
        ) as process:
            while not emulator.seen("list"):
                time.sleep(0.01)
            process.send_signal(number)
            _, stderr = process.communicate(timeout=20)
    assert process.returncode == code
    assert stderr == b""


def stopped_after(
    states: int, number: signal.Signals, folder: Path, config: dict[str, Any]
) -> SourceRun:
    """Read until so many states have come, then send the signal."""
    words = arguments(folder, "read", config=config, catalog=configured("backups"))
    with subprocess.Popen(
        [SCRIPTS / "source-dds-backups", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        seen: list[bytes] = []
        while sum(line.startswith(b'{"type":"STATE"') for line in seen) < states:
            seen.append(process.stdout.readline())
        process.send_signal(number)
        rest, stderr = process.stdout.read(), process.stderr.read()
    run = SourceRun(process.returncode, stderr.decode(), b"".join(seen) + rest)
    collect(run)
    assert_sound(run, "read")
    assert_no_secrets(run, secrets_of(config))
    return run


def test_a_reader_that_goes_away_ends_the_run(tmp_path: Path) -> None:
    """Quietly, without a traceback that nobody asked for."""
    with Emulator(store_of(2_000)) as emulator:
        config = airbyte_config(emulator.config("token"))
        words = arguments(tmp_path, "read", config=config, catalog=configured("backups"))
        reader, writer = os.pipe()
        with subprocess.Popen(
            [SCRIPTS / "source-dds-backups", *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=clean_environment(),
        ) as process:
            os.close(writer)
            os.read(reader, 10)
            os.close(reader)
            _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr == b""
