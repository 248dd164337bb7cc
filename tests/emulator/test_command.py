"""The command `dds-backups-emulator`, as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.emulator.client import Reply, call

COMMAND = [sys.executable, "-m", "tap_dds_backups.emulator"]


class Running:
    """A running command and the settings that it printed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.configs: dict[str, dict[str, Any]] = json.loads(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def listed(self, query: str = "") -> Reply:
        """A list request with the printed token."""
        config = self.configs["token"]
        url = f"{config['api_url']}/v3/{config['project_id']}/backups{query}"
        return call(url, headers={"X-Auth-Token": config["auth_token"]})

    def admin(self, path: str, given: Any = None) -> Any:
        """A call on an admin path."""
        body = None if given is None else json.dumps(given).encode()
        method = "GET" if given is None else "POST"
        return call(f"{self.configs['token']['api_url']}/emulator/{path}", method, {}, body).json


@contextmanager
def emulator(*options: str) -> Iterator[Running]:
    """The command between its first line and SIGTERM; it must end with 0 and no word on stderr."""
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Running(process)
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=10)
        assert (process.returncode, errors) == (0, "")


def test_the_first_line_is_settings_that_work() -> None:
    """One line of JSON with all three sign-ins, then words for a person."""
    with emulator("--backups", "42") as running:
        assert set(running.configs) == {"token", "password", "access_key"}
        assert running.listed().json["total_count"] == 42


def test_sigint_ends_it_too() -> None:
    """Ctrl-C is no error."""
    process = subprocess.Popen([*COMMAND, "--backups", "0"], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_reader_that_goes_away_is_no_error() -> None:
    """A demo may read the first line and close the pipe."""
    process = subprocess.Popen(
        [*COMMAND, "--backups", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        process.send_signal(signal.SIGTERM)
        assert (process.wait(10), process.stderr.read()) == (0, "")


def test_options_reach_the_service() -> None:
    """Faults, rate limit, reading and seed are those of the command line."""
    options = ["--backups=5", "--faults", "html_502@list:1", "empty_500@list:2"]
    options += ["--rate-limit=3/minute", "--retry-after", "--reading=size a float"]
    with emulator(*options) as running:
        replies = [running.listed() for _ in range(4)]
    assert [reply.status for reply in replies] == [502, 500, 200, 429]
    assert isinstance(replies[2].json["backups"][0]["size"], float)
    assert 0 < int(replies[3].headers["retry-after"]) <= 60


def test_the_same_seed_and_end_give_the_same_answer() -> None:
    """Two processes answer byte for byte alike."""
    bodies = []
    for _ in range(2):
        with emulator("--backups=300", "--seed=7", "--until=2024-02-29 12:00:00") as running:
            bodies.append(running.listed("?offset=100").body)
    assert bodies[0] == bodies[1]
    assert b"2024-02-" in bodies[0]


def test_several_projects() -> None:
    """Password and access key read all projects, a token reads the first."""
    with emulator("--backups=300", "--projects=3") as running:
        projects = running.configs["access_key"]["projects"]
        assert running.configs["password"]["projects"] == projects
        assert len({project["project_id"] for project in projects}) == 3
        assert running.configs["token"]["project_id"] == projects[0]["project_id"]
        held = running.admin("backups")["projects"]
        assert {key: len(rows) for key, rows in held.items()} == {
            project["project_id"]: 300 for project in projects
        }


def test_another_process_can_push_it_along() -> None:
    """Running backups finish, new ones start, faults come; all of it can be read back."""
    with emulator("--backups=300") as running:
        changes = running.admin("advance", {"start": 3})
        (changed,) = changes.values()
        assert (len(changed["started"]), len(changed["finished"])) == (3, 2)
        (held,) = running.admin("backups")["projects"].values()
        assert len(held) == 303
        assert set(changed["started"]) < {row["id"] for row in held}
        running.admin("faults", {"faults": ["html_502"]})
        assert running.listed().status == 502
        running.admin("expire-tokens", {})
        assert running.listed().status == 401
        statuses = [seen["status"] for seen in running.admin("requests")["requests"]]
        assert statuses == [502, 401]


@pytest.mark.parametrize(
    ("path", "given"),
    [("nowhere", None), ("advance", {"begin": 1}), ("faults", {"faults": ["no such"]})],
)
def test_admin_mistakes_are_told(path: str, given: Any) -> None:
    """A wrong path, field or fault is an error with a text, and the service goes on."""
    with emulator("--backups=1") as running:
        assert running.admin(path, given)["error_code"] == "EMULATOR"
        assert running.listed().status == 200


def test_it_can_keep_changing_by_itself() -> None:
    """With --changing a backup starts every so many seconds."""
    with emulator("--backups=3", "--changing=0.05") as running:
        counts = {running.listed().json["total_count"] for _ in range(200) if _wait()}
        assert max(counts) > 3


def _wait() -> bool:
    signal.sigtimedwait([], 0.002)
    return True


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--faults", "nonsense"], "no fault"),
        (["--rate-limit", "many"], "60/minute"),
        (["--reading", "tea leaves"], "no such reading"),
        (["--until", "yesterday"], "yyyy-mm-dd"),
        (["--backups", "-1"], "number of backups"),
    ],
)
def test_wrong_options_are_refused(options: list[str], reason: str) -> None:
    """Each with a word that helps."""
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr


def test_a_port_in_use_is_told() -> None:
    """No traceback where the port is taken."""
    with emulator("--backups=0") as running:
        port = running.configs["token"]["api_url"].rpartition(":")[2]
        done = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr == "dds-backups-emulator: cannot listen: Address already in use\n"


def test_the_faults_can_be_listed() -> None:
    """A person finds their names and what they mean."""
    done = subprocess.run([*COMMAND, "--list-faults"], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) >= 40
    assert "gzip_bomb" in done.stdout
