"""Whatever is wrong is told in one clear line each, exit 1, nothing written, no secret shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.emulator import Emulator
from tests.faces.running import Run, clean_environment, run_script, run_tap

SECRET = "canary-7f3a9"
FINE = {
    "project_id": "0" * 32,
    "api_url": "http://127.0.0.1:9",
    "auth_token": SECRET,
}
TWO_SIGN_INS = {"access_key": SECRET, "secret_key": SECRET}

# What is added to FINE (None: taken away), and what the line must say.
SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "two sign-ins at once": (TWO_SIGN_INS, "sign-in"),
    "no sign-in": ({"auth_token": None}, "sign-in"),
    "half a sign-in": ({"auth_token": None, "access_key": SECRET}, "secret_key"),
    "unknown setting": ({"paswword": SECRET}, "password"),
    "start_date is no date": ({"start_date": "yesterday"}, "start_date"),
    "end before start": ({"start_date": "2026-02-01", "end_date": "2026-01-01"}, "end_date"),
    "region that is none": ({"api_url": None, "region": "Mars"}, "region"),
    "backup_type": ({"backup_type": "Partial"}, "backup_type"),
    "mode": ({"mode": "Cluster"}, "mode"),
    "http to another host": ({"api_url": "http://dds.example.com"}, "api_url"),
    "user in a URL": ({"api_url": f"https://me:{SECRET}@dds.example.com"}, "api_url"),
    "query in a URL": ({"api_url": f"https://dds.example.com/?token={SECRET}"}, "api_url"),
    "page_size 0": ({"page_size": 0}, "page_size"),
    "page_size 101": ({"page_size": 101}, "page_size"),
    "no project": ({"project_id": None}, "project_id"),
    "no host": ({"api_url": None}, "region"),
    "secret of another type": ({"auth_token": [SECRET]}, "auth_token"),
}


def refused(run: Run, *words: str) -> None:
    """The run wrote nothing, ended with 1, said each word, showed no secret and no traceback."""
    assert run.code == 1
    assert b"RECORD" not in run.stdout
    for word in words:
        assert word in run.stderr, run.stderr
    assert SECRET not in run.stderr + run.stdout.decode()
    assert "Traceback" not in run.stderr


def changed(settings: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """`settings` with `change` applied; None takes a setting away."""
    return {key: value for key, value in {**settings, **change}.items() if value is not None}


@pytest.mark.parametrize(("change", "word"), SETTINGS.values(), ids=SETTINGS)
def test_settings(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    """A wrong setting is named before any request."""
    refused(run_tap(tmp_path, changed(FINE, change)), word)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Several mistakes are told in one run, a line each."""
    config = {**FINE, "mode": "x", "page_size": 0, "start_date": "x", "colour": "x"}
    run = run_tap(tmp_path, {**config, **TWO_SIGN_INS, "api_url": "ftp://x"})
    refused(run, "mode", "page_size", "start_date", "colour", "sign-in", "api_url")


@pytest.mark.parametrize("option", ["--config", "--state", "--catalog"])
@pytest.mark.parametrize(
    "content", [None, "{", "[1]", "\xff"], ids=["missing", "cut", "list", "bytes"]
)
def test_files(tmp_path: Path, option: str, content: str | None) -> None:
    """A file that is missing, broken or no object is named with its option."""
    path = tmp_path / "given.json"
    if content is not None:
        path.write_bytes(content.encode("latin-1"))
    good = tmp_path / "config.json"
    good.write_text(json.dumps(FINE))
    arguments = [option, str(path)]
    if option != "--config":
        arguments += ["--config", str(good)]
    refused(run_script("tap-dds-backups", arguments), option, "given.json")


@pytest.mark.parametrize(
    "state",
    [
        {"type": "STATE", "value": {}},
        {"bookmarks": {"invoices": {}}},
        {"last_sync": "2026-01-01"},
        {"bookmarks": {"backups": {"replication_key_value": "soon"}}},
        {"bookmarks": {"backups": {"partitions": [{"version": 99, "context": {}}]}}},
        {"bookmarks": []},
    ],
)
def test_foreign_state(tmp_path: Path, state: dict[str, Any]) -> None:
    """A state that this tap did not write, or a newer one did, is refused, not guessed at."""
    refused(run_tap(tmp_path, FINE, state=state), "state")


@pytest.mark.parametrize(
    ("stream", "method"), [("invoices", "INCREMENTAL"), ("backups", "LOG_BASED")]
)
def test_catalog_for_something_else(tmp_path: Path, stream: str, method: str) -> None:
    """A selected stream or a replication method that this tap does not have is refused."""
    metadata = [{"breadcrumb": [], "metadata": {"selected": True}}]
    entry = {"tap_stream_id": stream, "stream": stream, "schema": {}, "metadata": metadata}
    catalog = {"streams": [{**entry, "replication_method": method}]}
    refused(run_tap(tmp_path, FINE, catalog=catalog), "catalog")


# Each with the service running: what is wrong, and what the line says.
AT_SIGN_IN: dict[str, tuple[str, dict[str, Any], str]] = {
    "wrong password": ("password", {"password": SECRET}, "password"),
    "expired token": ("token", {"auth_token": SECRET}, "auth_token"),
    "wrong secret key": ("access_key", {"secret_key": SECRET}, "secret_key"),
    "unknown project": ("access_key", {"project_id": "f" * 32}, "project"),
    "unreachable host": ("token", {"api_url": "http://127.0.0.1:9"}, "127.0.0.1"),
}


@pytest.mark.parametrize(("way", "change", "word"), AT_SIGN_IN.values(), ids=AT_SIGN_IN)
def test_at_the_service(
    tmp_path: Path, service: Emulator, way: Any, change: dict[str, Any], word: str
) -> None:
    """What only the service can know is named too."""
    config = {**service.config(way), **change, "max_attempts": 2}
    refused(run_tap(tmp_path, config), word)


def test_html_where_json_was_due(tmp_path: Path, service: Emulator) -> None:
    """A page of HTML with status 200 is an error that says so."""
    service.faults.add("html_200x*")
    refused(run_tap(tmp_path, service.config("token")), "HTML page instead of JSON")


def test_debug_shows_no_secret(tmp_path: Path, service: Emulator) -> None:
    """At the most talkative level credentials stay out of all output."""
    config = {**service.config("password"), "password": SECRET}
    environ = clean_environment(TAP_DDS_BACKUPS_LOGLEVEL="DEBUG", PYTHONWARNINGS="always")
    refused(run_tap(tmp_path, config, environ=environ), "password")
