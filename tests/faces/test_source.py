"""The Airbyte source on its command line: spec, check, discover, read, and what it says when."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tap_dds_backups.emulator import Emulator, Identity, Store, Throttle, estate, plain_store
from tests.faces.airbyte import (
    airbyte_config,
    assert_no_secrets,
    configured,
    read,
    run_source,
)

ROWS = 250
CONFIG = {
    "credentials": {"auth_type": "token", "auth_token": "t0k3n-that-nobody-issued"},
    "project_id": "0d6c6f1e2a5f4f0f9a7b2f8f0c3b5a10",
    "api_url": "http://127.0.0.1:9",
    "max_attempts": 1,
}


def account(rows: int = ROWS, **details: Any) -> Emulator:
    """Serve so many finished backups; the newest ended an hour ago."""
    return Emulator(plain_store(rows, until=time.time() - 3600), **details)


def with_credentials(**fields: object) -> dict[str, Any]:
    """The config with another sign-in."""
    return CONFIG | {"credentials": fields}


# -- spec and discover


def test_spec_is_a_form_that_explains_itself(tmp_path: Path) -> None:
    """Every field has a title, a description and its place; secrets are marked; nothing is barred."""
    (message,) = run_source(tmp_path, "spec").of_type("SPEC")
    form = message["spec"]["connectionSpecification"]
    assert form["$schema"].endswith("draft-07/schema#")
    assert message["spec"]["documentationUrl"].startswith("https://")
    branches = form["properties"]["credentials"]["oneOf"]
    for fields in (form["properties"], *(branch["properties"] for branch in branches)):
        assert sorted(field["order"] for field in fields.values()) == list(range(len(fields)))
        assert all(field["title"] and field["description"] for field in fields.values())
        patterned = [field for field in fields.values() if "pattern" in field]
        assert all(field["pattern_descriptor"] for field in patterned)
    kinds = [branch["properties"]["auth_type"]["const"] for branch in branches]
    assert kinds == ["access_key", "password", "token", "machine"]
    secret = {
        name
        for branch in branches
        for name, field in branch["properties"].items()
        if field.get("airbyte_secret")
    }
    assert secret == {"access_key", "secret_key", "security_token", "password", "auth_token"}
    assert form["additionalProperties"] is True


def test_discover_asks_nobody(tmp_path: Path) -> None:
    """The catalog needs no service: it comes with a config whose host refuses connections."""
    (message,) = run_source(tmp_path, "discover", CONFIG).of_type("CATALOG")
    streams = {stream["name"]: stream for stream in message["catalog"]["streams"]}
    backups = streams["backups"]
    assert backups["supported_sync_modes"] == ["full_refresh", "incremental"]
    assert backups["source_defined_cursor"] is True
    assert backups["default_cursor_field"] == ["begin_time"]
    assert backups["source_defined_primary_key"] == [["id"]]
    for stream in streams.values():
        assert stream["is_resumable"] == ("incremental" in stream["supported_sync_modes"])
        times = [
            field
            for field in stream["json_schema"]["properties"].values()
            if field.get("format") == "date-time"
        ]
        assert all(field["airbyte_type"] == "timestamp_with_timezone" for field in times)


@pytest.mark.parametrize(
    "words", [[], ["spek"], ["read"], ["check", "--state", "x"], ["spec", "--color"]]
)
def test_a_command_line_that_is_none_is_told_in_a_message(words: list[str], tmp_path: Path) -> None:
    """Not only on standard error, which Airbyte does not show."""
    verb, *more = words or ["--debug"]
    run = run_source(tmp_path, verb, None, *more)
    assert run.code == 2
    assert "usage: source-dds-backups" in run.errors[0]["message"]


@pytest.mark.parametrize(("verb", "more"), [("spec", "--debug"), ("--debug", "spec")])
def test_debug_is_understood_everywhere(verb: str, more: str, tmp_path: Path) -> None:
    """Before the command and behind it."""
    assert run_source(tmp_path, verb, None, more).of_type("SPEC")


# -- check


@pytest.mark.parametrize("sign_in", ["token", "password", "access_key", "temporary_key"])
def test_check_says_yes(sign_in: Any, tmp_path: Path) -> None:
    """Each sign-in succeeds where it should, at the price of one page a project."""
    with account() as emulator:
        run = run_source(tmp_path, "check", airbyte_config(emulator.config(sign_in)))
        assert run.connection_status == {"status": "SUCCEEDED"}
        assert len(emulator.seen("list")) == 1


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, "credentials|sign-in"),
        ([], "no JSON object"),
        ("{", "not JSON"),
        (with_credentials(auth_type="magic"), "auth_type"),
        (with_credentials(auth_type="password", username="u"), "password"),
        (CONFIG | {"project_id": "a/b"}, "project_id"),
        (CONFIG | {"page_size": 5000}, "page_size"),
        (CONFIG | {"api_url": "http://example.com"}, "api_url"),
        (CONFIG | {"start_date": "yesterday"}, "start_date"),
    ],
)
def test_a_mistake_in_the_config_fails_the_check(config: Any, named: str, tmp_path: Path) -> None:
    """The answer is FAILED and says what to change; the exit code is 0, as the platform expects."""
    run = run_source(tmp_path, "check", None, "--config", _file(tmp_path, config))
    assert run.code == 0
    assert run.connection_status["status"] == "FAILED"
    assert any(word in run.connection_status["message"] for word in named.split("|"))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """One round of corrections is enough."""
    config = CONFIG | {"page_size": 5000, "start_date": "yesterday"}
    message = run_source(tmp_path, "check", config).connection_status["message"]
    assert "page_size" in message
    assert "start_date" in message


def test_a_config_that_is_not_there_fails_the_check(tmp_path: Path) -> None:
    """The path is named."""
    run = run_source(tmp_path, "check", None, "--config", str(tmp_path / "absent.json"))
    assert "absent.json" in run.connection_status["message"]


def test_refused_credentials_fail_the_check(tmp_path: Path) -> None:
    """A token that the service does not know is the user's to solve."""
    with account() as emulator:
        config = CONFIG | {"api_url": emulator.url}
        run = run_source(tmp_path, "check", config)
    assert run.connection_status["status"] == "FAILED"
    assert "APIGW.0301" in run.connection_status["message"]


def test_each_wrong_project_is_named_by_the_check(tmp_path: Path) -> None:
    """Two of three are unknown: both stand in the one message."""
    with account() as emulator:
        config = airbyte_config(emulator.config("access_key"))
        known = config.pop("project_id")
        config["projects"] = [{"project_id": name} for name in (known, "nowhere", "elsewhere")]
        run = run_source(tmp_path, "check", config)
    assert run.connection_status["status"] == "FAILED"
    assert "nowhere" in run.connection_status["message"]
    assert "elsewhere" in run.connection_status["message"]
    assert known not in run.connection_status["message"]


@pytest.mark.parametrize(
    ("fault", "kind"), [("dds_500x*", "transient_error"), ("html_200x*", "system_error")]
)
def test_a_check_that_finds_no_answer_is_an_error(fault: str, kind: str, tmp_path: Path) -> None:
    """What no setting can solve is no FAILED: the platform tries again."""
    with account(faults=[fault]) as emulator:
        config = airbyte_config(emulator.config("token")) | {"max_attempts": 2}
        run = run_source(tmp_path, "check", config)
    assert run.code == 1
    assert not run.of_type("CONNECTION_STATUS")
    assert [error["failure_type"] for error in run.errors] == [kind]


# -- read


@pytest.mark.parametrize("sync_mode", ["full_refresh", "incremental"])
def test_a_read_writes_every_backup_once(sync_mode: str, tmp_path: Path) -> None:
    """All of them, oldest first, with an estimate before and a state behind."""
    with account() as emulator:
        config = airbyte_config(emulator.config("access_key"))
        run = read(tmp_path, config, catalog=configured("backups", sync_mode=sync_mode))
        ids = [record["id"] for record in run.records()]
        assert sorted(ids) == sorted(backup.id for backup in emulator.store.backups())
    begins = [record["begin_time"] for record in run.records()]
    assert begins == sorted(begins)
    assert run.traces("ESTIMATE") == [{"name": "backups", "type": "STREAM", "row_estimate": ROWS}]
    assert run.bookmarks == {config["project_id"]: begins[-1]}
    emitted = {message["record"]["emitted_at"] for message in run.of_type("RECORD")}
    assert all(abs(moment / 1000 - time.time()) < 120 for moment in emitted)


def test_a_second_read_goes_on_from_the_state(tmp_path: Path) -> None:
    """Only the look-back is read again, and what is new."""
    with account() as emulator:
        config = airbyte_config(emulator.config("access_key")) | {"lookback_seconds": 3600}
        first = read(tmp_path, config)
        instance = next(iter(emulator.store.instances.values()))
        new = emulator.store.start(instance, begin=time.time() - 600)
        new_begin = datetime.fromtimestamp(new.begin, UTC).isoformat()
        second = read(tmp_path, config, first.resume)
    assert new.id in {record["id"] for record in second.records()}
    assert len(second.records()) < 12
    (before,), (after,) = first.bookmarks.values(), second.bookmarks.values()
    assert after == new_begin > before


def test_a_full_refresh_resumes_inside_a_job(tmp_path: Path) -> None:
    """Airbyte gives a state only where an attempt is to go on: whatever the mode, it counts."""
    catalog = configured("backups", sync_mode="full_refresh")
    with account() as emulator:
        config = airbyte_config(emulator.config("access_key")) | {"lookback_seconds": 0}
        first = read(tmp_path, config, catalog=catalog)
        again = read(tmp_path, config, first.resume[-1:], catalog=catalog)
    assert len(first.records()) == ROWS
    assert len(again.records()) == 1


def test_a_stream_without_records_has_a_state_and_is_complete(tmp_path: Path) -> None:
    """Destinations wait for both."""
    with Emulator(Store()) as emulator:
        run = read(tmp_path, airbyte_config(emulator.config("token")))
    assert run.statuses() == ["STARTED", "RUNNING", "COMPLETE"]
    (state,) = run.states
    assert state["stream"]["stream_state"]["partitions"] == []
    assert state["sourceStats"]["recordCount"] == 0.0


def test_nothing_new_leaves_the_bookmark_as_it_came(tmp_path: Path) -> None:
    """An idle read hands back what it was given."""
    with account() as emulator:
        config = airbyte_config(emulator.config("token")) | {"lookback_seconds": 0}
        first = read(tmp_path, config)
        idle = read(tmp_path, config, first.resume)
    assert idle.bookmarks == first.bookmarks


@pytest.mark.parametrize(
    "state",
    [
        [],
        "{}",
        [{"type": "LEGACY", "data": {}}],
        [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "backups"}}}],
        [{"type": "STREAM", "stream": {"stream_descriptor": {"name": "gone"}, "stream_state": {}}}],
        [{"stream": {"stream_descriptor": {"name": "backups"}, "stream_state": {}}, "new": 1}],
    ],
)
def test_no_state_yet_reads_everything(state: Any, tmp_path: Path) -> None:
    """Each way in which a platform says that there is none, or one of another stream."""
    with account(30) as emulator:
        run = read(tmp_path, airbyte_config(emulator.config("token")), state)
    assert run.code == 0
    assert len(run.records()) == 30


def test_a_state_message_as_it_was_written_is_understood(tmp_path: Path) -> None:
    """People keep the last line of an output."""
    with account(30) as emulator:
        config = airbyte_config(emulator.config("token")) | {"lookback_seconds": 0}
        written = read(tmp_path, config).of_type("STATE")[-1:]
        assert len(read(tmp_path, config, written).records()) == 1


@pytest.mark.parametrize(
    "state",
    [
        "{",
        '"state"',
        {"bookmarks": {}},
        [{"type": "GLOBAL", "global": {"shared_state": {"a": 1}}}],
        [{"type": "LEGACY", "data": {"backups": 1}}],
        [
            _blob := {
                "stream": {
                    "stream_descriptor": {"name": "backups"},
                    "stream_state": {"version": 99},
                }
            }
        ],
        [{"stream": {"stream_descriptor": {"name": "backups"}, "stream_state": []}}],
        [
            {
                "stream": {
                    "stream_descriptor": {"name": "backups"},
                    "stream_state": {
                        "partitions": [
                            {"context": {"project_id": "p"}, "replication_key_value": "noon"}
                        ]
                    },
                }
            }
        ],
    ],
)
def test_a_state_that_is_not_ours_is_refused(state: Any, tmp_path: Path) -> None:
    """Before any request, and as a matter for the user: history is never skipped by a guess."""
    run = read(tmp_path, CONFIG, state)
    assert run.code == 1
    assert [error["failure_type"] for error in run.errors] == ["config_error"]
    assert "state" in run.errors[0]["message"]


def test_every_stream_can_be_read_in_one_run(tmp_path: Path) -> None:
    """Each with records that fit its schema, a state of its own, and its own end."""
    with Emulator(estate(400, until=time.time() - 3600)) as emulator:
        config = airbyte_config(emulator.config("access_key"))
        catalog = configured(sync_mode="full_refresh")
        first = read(tmp_path, config, catalog=catalog)
        second = read(tmp_path, config, first.resume, catalog=catalog)
    for run in (first, second):
        for chosen in catalog["streams"]:
            name, schema = chosen["stream"]["name"], chosen["stream"]["json_schema"]
            assert run.statuses(name)[-1] == "COMPLETE"
            records = run.records(name)
            assert records, name
            for record in records[:50]:
                Draft7Validator(schema).validate(record)
    assert {state["stream"]["stream_descriptor"]["name"] for state in first.resume} == {
        chosen["stream"]["name"] for chosen in catalog["streams"]
    }
    for name in ("backups", "incremental_backups"):
        assert len(second.records(name)) < len(first.records(name)), f"{name} goes on"


@pytest.mark.parametrize(
    ("stream", "mode", "named"),
    [("users", "full_refresh", "users"), ("backups", "sideways", "sideways")],
)
def test_what_the_catalog_cannot_have_does_not_stop_the_rest(
    stream: str, mode: str, named: str, tmp_path: Path
) -> None:
    """An unknown stream, or a mode that there is not: INCOMPLETE and told, the others are read."""
    catalog = configured(stream, sync_mode=mode)
    others = [] if stream == "backups" else configured("backups")["streams"]
    with account(30) as emulator:
        config = airbyte_config(emulator.config("token"))
        run = read(tmp_path, config, catalog={"streams": catalog["streams"] + others})
    assert run.code == 1
    (error,) = run.errors
    assert error["failure_type"] == "config_error"
    assert error["stream_descriptor"] == {"name": stream}
    assert named in error["message"]
    assert run.statuses(stream) == ["INCOMPLETE"]
    assert len(run.records()) == 30 * len(others)


@pytest.mark.parametrize("catalog", ["{", {}, [], {"streams": [1]}, {"streams": [{"stream": {}}]}])
def test_a_catalog_that_is_none_is_refused(catalog: Any, tmp_path: Path) -> None:
    """One error, no status of any stream."""
    run = read(tmp_path, CONFIG, catalog=catalog)
    assert run.code == 1
    assert [error["failure_type"] for error in run.errors] == ["config_error"]


def test_unknown_keys_are_ignored_everywhere(tmp_path: Path) -> None:
    """The protocol grows: config, catalog and state may hold more than we know."""
    with account(30) as emulator:
        config = airbyte_config(emulator.config("token")) | {"__injected": {"x": 1}}
        config["credentials"]["later"] = True
        catalog = configured("backups") | {"more": 1}
        catalog["streams"][0] |= {"sync_id": 9, "minimum_generation_id": 9, "later": {}}
        first = read(tmp_path, config, catalog=catalog)
        resume = [first.resume[0] | {"id": 3, "later": None}]
        resume[0]["stream"]["stream_state"]["later"] = "kept out of the way"
        assert read(tmp_path, config, resume, catalog=catalog).code == 0


def test_a_throttled_stream_says_until_when(tmp_path: Path) -> None:
    """RATE_LIMITED with the time of its end, told before the wait; then the stream runs again."""
    throttle = Throttle(2, 2.0, retry_after="seconds")
    with account(600, throttle=throttle) as emulator:
        run = read(tmp_path, airbyte_config(emulator.config("access_key")))
    limited = [each for each in run.traces("STREAM_STATUS") if "reasons" in each]
    assert limited
    for each in limited:
        (reason,) = each["reasons"]
        assert reason["type"] == "RATE_LIMITED"
        assert abs(reason["rate_limited"]["quota_reset"] / 1000 - time.time()) < 60
    assert run.code == 0
    assert len(run.records()) == 600


# -- secrets


def test_tokens_got_while_running_are_masked(tmp_path: Path) -> None:
    """IAM's tokens stand in no message, whatever the service repeats of them."""
    with account(faults=["dds_500@list:2"], identity=Identity(token_requests=2)) as emulator:
        run = read(tmp_path, airbyte_config(emulator.config("password")), None)
        issued = list(emulator.identity._tokens)
    assert issued
    assert_no_secrets(run, issued)


def test_a_secret_in_the_wrong_place_is_masked_too(tmp_path: Path) -> None:
    """A config of the tap given to the source by mistake."""
    config = {"auth_token": "MIIsecret-0123456789", "project_id": "MIIsecret-0123456789/"}
    run = run_source(tmp_path, "check", config)
    assert run.connection_status["status"] == "FAILED"
    assert_no_secrets(run, ["MIIsecret-0123456789"])


def _file(folder: Path, value: Any) -> str:
    path = folder / "given.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(path)
