"""The tap piped into the report, as the README shows it, on the emulator's estate."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TAP = [sys.executable, "-m", "tap_dds_backups"]
REPORT = [sys.executable, "-m", "tap_dds_backups.report.cli"]


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """The tap's settings for a running emulator that holds the made-up estate."""
    command = [sys.executable, "-m", "tap_dds_backups.emulator", "--backups", "900", "--seed", "3"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as emulator:
        assert emulator.stdout is not None
        path = tmp_path / "config.json"
        path.write_text(json.dumps(json.loads(emulator.stdout.readline())["token"]))
        yield path
        emulator.terminate()


def read(config: Path, *options: str) -> bytes:
    """What the tap writes."""
    command = [*TAP, "--config", str(config), *options]
    return subprocess.run(command, capture_output=True, check=True).stdout


def report(messages: bytes, page: Path) -> str:
    """What the report says on the terminal."""
    command = [*REPORT, "-o", str(page)]
    return subprocess.run(command, input=messages, capture_output=True, check=True).stdout.decode()


def everything(folder: Path) -> Path:
    """A catalog with every stream selected."""
    found = subprocess.run([*TAP, "--discover"], capture_output=True, check=True).stdout
    catalog = json.loads(found)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] == []:
                entry["metadata"]["selected"] = True
    path = folder / "catalog.json"
    path.write_text(json.dumps(catalog))
    return path


def test_planted_faults_of_the_emulator_are_found(config: Path, tmp_path: Path) -> None:
    """With every stream each fault is named and nothing is unproven; with `backups` alone most are."""
    page = tmp_path / "report.html"
    said = report(read(config, "--catalog", str(everything(tmp_path))), page)
    assert "unproven" not in said
    text = page.read_text()
    for finding in (
        "No backup at all",
        "failed automated backups in a row",
        "% slower",
        "% smaller than the 14 before it",
        "held for an instance that is gone",
        "A backup has been running for",
    ):
        assert finding in text
    assert "is unproven" in report(read(config), page)
    assert "% smaller than the 14 before it" in page.read_text()
