"""What README.md says is so: its commands run, its record is one, its links lead somewhere."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

import tap_dds_backups
from tap_dds_backups.emulator import Emulator, plain_store
from tap_dds_backups.schema import BACKUPS
from tests.project.readme import PROJECT_ID, bash, commands
from tests.project.tree import ROOT, pyproject

README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ENDED = 1_700_000_000.0
ROWS = 300


def test_it_is_short() -> None:
    """README stays within what a person reads."""
    assert len(README.splitlines()) <= 200


def test_every_command_has_a_test_that_runs_it() -> None:
    """Each block of commands is labelled, and a test somewhere runs the block of that label."""
    assert set(re.findall(r"^```(\w+)", README, re.MULTILINE)) <= {"sh", "json"}
    assert len(re.findall(r"^```sh \w+$", README, re.MULTILINE)) == README.count("```sh")
    tests = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    untested = [label for label in commands() if f'commands()["{label}"]' not in tests]
    assert untested == []


def test_the_sample_record_is_a_record() -> None:
    """The record that README shows has every property of the schema, in its order, and fits it."""
    (record,) = (json.loads(line) for line in README.splitlines() if line.startswith('{"id"'))
    assert list(record) == list(BACKUPS.schema["properties"])
    Draft7Validator(BACKUPS.schema).validate(record)
    assert record["project_id"] == PROJECT_ID


def test_links_lead_somewhere() -> None:
    """Every file that README points at exists."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_make_lists_every_target_and_readme_names_only_those() -> None:
    """Bare `make` tells each target that there is, with a line on what it does."""
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    listed = bash("make --no-print-directory", ROOT)
    assert {line.split()[1] for line in listed.splitlines()} == targets
    for line in commands()["make"].splitlines():
        assert set(line.split()) <= {"make"} | targets, line


def test_the_demo_shows_a_first_run_and_a_second_that_goes_on(tmp_path: Path) -> None:
    """What `make demo` runs: everything, then what is new and changed; the page is written."""
    told = bash(f"{sys.executable} {ROOT / 'demo.py'}", tmp_path)
    first, second = (int(n) for n in re.findall(r"(\d+) backups read", told))
    assert 0 < second < first
    assert "New in the warehouse: 3." in told
    assert "Changed their status: 0." not in told
    for name in ("backups.duckdb", "report.html"):
        assert (tmp_path / "output" / "demo" / name).stat().st_size > 0
    assert "demo.py" in MAKEFILE


def lines(path: Path, of_type: str) -> list[dict[str, Any]]:
    """Return the messages of one type in a file."""
    parsed = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [message for message in parsed if message["type"] == of_type]


def test_the_taps_commands_do_what_they_say(tmp_path: Path) -> None:
    """Discover, a first run, its last STATE kept, a second run that goes on from it."""
    with Emulator(plain_store(ROWS, until=ENDED)) as emulator:
        (tmp_path / "config.json").write_text(json.dumps(emulator.config("access_key")))
        bash(commands()["tap"], tmp_path)
    assert len(lines(tmp_path / "first.jsonl", "RECORD")) == ROWS
    assert 0 < len(lines(tmp_path / "second.jsonl", "RECORD")) < ROWS
    assert lines(tmp_path / "second.jsonl", "STATE")[-1]["value"] == json.loads(
        (tmp_path / "state.json").read_text()
    )


def test_the_sources_commands_do_what_they_say(tmp_path: Path) -> None:
    """The Airbyte source tells its specification."""
    (line,) = bash(commands()["airbyte"], tmp_path).splitlines()
    assert json.loads(line)["type"] == "SPEC"


@pytest.mark.parametrize("version", [tap_dds_backups.__version__])
def test_the_changelog_knows_this_version(version: str) -> None:
    """What is in the package is told in the changelog."""
    assert version in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "version" in pyproject()["project"]["dynamic"]
