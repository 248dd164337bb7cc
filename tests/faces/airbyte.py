"""Run the Airbyte source as the platform does, and hold each run against the protocol."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tap_dds_backups.airbyte.catalog import catalog as discovered
from tests.faces.running import Run, clean_environment, run_script

# Where set, each run leaves its messages there, for the check by Airbyte's own models.
COLLECTED = "AIRBYTE_MESSAGES_COLLECTED"
TYPES = {"SPEC", "CONNECTION_STATUS", "CATALOG", "RECORD", "STATE", "LOG", "TRACE"}
LEVELS = {"FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"}
FAILURES = {"config_error", "transient_error", "system_error"}
SECRETS = ("auth_token", "password", "access_key", "secret_key", "security_token")

Message = dict[str, Any]


@dataclass(frozen=True)
class SourceRun(Run):
    """What a run of the source left."""

    def records(self, stream: str = "backups") -> list[Message]:
        """The records of a stream, in the order in which they were written."""
        found = (message["record"] for message in self.of_type("RECORD"))
        return [record["data"] for record in found if record["stream"] == stream]

    def traces(self, kind: str) -> list[Message]:
        """What TRACE messages of one kind hold."""
        traces = (message["trace"] for message in self.of_type("TRACE"))
        return [trace[kind.lower()] for trace in traces if trace["type"] == kind]

    @property
    def errors(self) -> list[Message]:
        """The errors told, each with its failure_type."""
        return self.traces("ERROR")

    def statuses(self, stream: str = "backups") -> list[str]:
        """The statuses of a stream, in order."""
        told = self.traces("STREAM_STATUS")
        return [each["status"] for each in told if each["stream_descriptor"]["name"] == stream]

    @property
    def states(self) -> list[Message]:
        """Every state message, as it is given back in a state file."""
        return [message["state"] for message in self.of_type("STATE")]

    @property
    def resume(self) -> list[Message]:
        """A state file's content: the last state of each stream."""
        return list({_name(state["stream"]): state for state in self.states}.values())

    @property
    def bookmarks(self) -> dict[str, str]:
        """The bookmark of each project after this run."""
        blob = self.states[-1]["stream"]["stream_state"]
        return {
            entry["context"]["project_id"]: entry["replication_key_value"]
            for entry in blob["partitions"]
        }

    @property
    def connection_status(self) -> Message:
        """The one answer to `check`."""
        (message,) = self.of_type("CONNECTION_STATUS")
        status: Message = message["connectionStatus"]
        return status

    def logged(self) -> str:
        """All log lines."""
        return "\n".join(message["log"]["message"] for message in self.of_type("LOG"))


def _name(holder: Message) -> str:
    return str(holder["stream_descriptor"]["name"])


def airbyte_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the tap as the source wants them: the sign-in in a part of its own."""
    parts = {
        "token": ("auth_token",),
        "password": ("username", "password", "domain_name"),
        "access_key": ("access_key", "secret_key", "security_token"),
    }
    for kind, names in parts.items():
        held = {name: config[name] for name in names if name in config}
        if held:
            rest = {name: value for name, value in config.items() if name not in held}
            return {**rest, "credentials": {"auth_type": kind, **held}}
    return dict(config)


def configured(*names: str, sync_mode: str = "incremental") -> dict[str, Any]:
    """A configured catalog of these streams (all that are discovered, where none is named)."""
    streams = {stream["name"]: stream for stream in discovered()["catalog"]["streams"]}
    chosen = [streams.get(name, {"name": name, "json_schema": {}}) for name in names or streams]
    mode = {"sync_mode": sync_mode, "destination_sync_mode": "append_dedup", "generation_id": 7}
    return {"streams": [{"stream": stream, **mode} for stream in chosen]}


def arguments(folder: Path, verb: str, **files: Any) -> list[str]:
    """The command line for these files, which are written to `folder`; None stands for no file."""
    words = [verb]
    for option, value in files.items():
        if value is not None:
            path = folder / f"{option}.json"
            path.write_text(value if isinstance(value, str) else json.dumps(value))
            words += [f"--{option}", str(path)]
    return words


def run_source(
    folder: Path,
    verb: str,
    config: Mapping[str, Any] | None = None,
    *more: str,
    environ: Mapping[str, str] | None = None,
    **files: Any,
) -> SourceRun:
    """Run one command and check all that holds of every run."""
    words = arguments(folder, verb, config=config, **files)
    done = run_script("source-dds-backups", [*words, *more], environ=environ or clean_environment())
    run = SourceRun(done.code, done.stderr, done.stdout)
    collect(run)
    assert_sound(run, verb)
    assert_no_secrets(run, secrets_of(config or {}))
    return run


def read(folder: Path, config: Mapping[str, Any], state: Any = None, **files: Any) -> SourceRun:
    """Run `read` over a catalog of the stream `backups`, if no other is given."""
    files = {"catalog": configured("backups")} | files
    return run_source(folder, "read", config, state=state, **files)


def collect(run: Run) -> None:
    """Leave the messages for the check by Airbyte's own models, where that is wanted."""
    if folder := os.environ.get(COLLECTED):
        Path(folder, f"{uuid.uuid4().hex}.jsonl").write_bytes(run.stdout)


def secrets_of(config: Mapping[str, Any]) -> list[str]:
    """The secrets of a config of the source."""
    credentials = config.get("credentials")
    held = credentials if isinstance(credentials, dict) else {}
    return [str(held[name]) for name in SECRETS if held.get(name)]


def assert_no_secrets(run: Run, secrets: Sequence[str]) -> None:
    """No secret stands anywhere in what a run wrote."""
    for secret in secrets:
        assert secret not in run.stdout.decode()
        assert secret not in run.stderr


def assert_sound(run: SourceRun, verb: str) -> None:
    """What the protocol asks of every run."""
    assert run.stdout.endswith(b"\n") or not run.stdout, "the last line was cut"
    for message in run.messages:
        assert message["type"] in TYPES
        assert message["type"] != "LOG" or message["log"]["level"] in LEVELS
    assert all(error["failure_type"] in FAILURES and error["message"] for error in run.errors)
    assert bool(run.errors) == (run.code != 0), "an exit code other than 0 means an error told"
    if verb == "read":
        streams = {_name(each) for each in run.traces("STREAM_STATUS")}
        for stream in streams:
            assert_stream_sound(run, stream)
        ends = {run.statuses(stream)[-1] for stream in streams}
        assert ends <= {"COMPLETE", "INCOMPLETE"}
        assert (run.code == 0) == ("INCOMPLETE" not in ends and not run.errors)


def assert_stream_sound(run: SourceRun, stream: str) -> None:
    """Statuses, states and counts of one stream fit its records."""
    statuses = run.statuses(stream)
    if statuses == ["INCOMPLETE"]:
        assert not run.records(stream), "refused before it began"
        return
    assert statuses[0] == "STARTED"
    assert set(statuses[1:-1]) <= {"RUNNING"}
    assert statuses[-1] == "INCOMPLETE" or "RUNNING" in statuses
    states = [state for state in run.states if _name(state["stream"]) == stream]
    counts = [state["sourceStats"]["recordCount"] for state in states]
    assert states, "at least one state for each stream"
    assert all(state["type"] == "STREAM" and state["stream"]["stream_state"] for state in states)
    assert all(isinstance(count, float) for count in counts)
    assert sum(counts) == len(run.records(stream))
    for before, after in pairwise(states):
        assert before["stream"] != after["stream"], "two equal states in a row"
    kinds = [kind for kind in _order(run, stream) if kind != "LOG"]
    last_record = max((n for n, kind in enumerate(kinds) if kind == "RECORD"), default=-1)
    assert "STATE" in kinds[last_record + 1 :], "a state covers the last record"
    assert kinds[-1] in {"COMPLETE", "INCOMPLETE"}
    if last_record >= 0:
        assert kinds.index("RUNNING") < kinds.index("RECORD")


def _order(run: SourceRun, stream: str) -> Iterator[str]:
    """What came for a stream, in order: RECORD, STATE, or the status."""
    for message in run.messages:
        match message:
            case {"type": "RECORD", "record": {"stream": name}} if name == stream:
                yield "RECORD"
            case {"type": "STATE", "state": {"stream": holder}} if _name(holder) == stream:
                yield "STATE"
            case {"trace": {"stream_status": told}} if _name(told) == stream:
                yield told["status"]
