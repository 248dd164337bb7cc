"""PyAirbyte reads the source into DuckDB, goes on from our state, and asks nobody but us."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.emulator import Emulator
from tests.faces.airbyte import airbyte_config
from tests.peers.account import COMMANDS, Summary, account, expected, rfc_3339, time_passes
from tests.peers.environments import environment
from tests.project.tree import ROOT

pytestmark = pytest.mark.peers

HERE = Path(__file__).parent
SOURCE = COMMANDS / "source-dds-backups"
PYAIRBYTE = ["airbyte==0.71.3"]
DOCS = (ROOT / "docs" / "airbyte.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"^```python (\w+)\n(.*?)^```$", DOCS, re.DOTALL | re.MULTILINE))


def environ(folder: Path) -> dict[str, str]:
    """Offline, without telemetry, its files below `folder`; the source on PATH."""
    places = ("PROJECT_DIR", "CACHE_ROOT", "INSTALL_DIR", "TEMP_DIR")
    for place in places:
        (folder / place).mkdir(exist_ok=True)
    return {
        **os.environ,
        **{f"AIRBYTE_{place}": str(folder / place) for place in places},
        "AIRBYTE_OFFLINE_MODE": "1",
        "DO_NOT_TRACK": "1",
        "NO_COLOR": "1",
        "PATH": f"{COMMANDS}:{os.environ['PATH']}",
    }


def run_python(*arguments: str | Path, folder: Path) -> str:
    """Run PyAirbyte's Python there; it may connect to this machine only, and tries nothing else."""
    refused = folder / "refused.txt"
    guard = {"PYTHONPATH": str(HERE / "loopback_only"), "CONNECTIONS_REFUSED": str(refused)}
    python = environment("pyairbyte", PYAIRBYTE) / "bin" / "python"
    done = subprocess.run(
        [python, *arguments],
        cwd=folder,
        env=environ(folder) | guard,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert not refused.exists(), refused.read_text()
    return done.stdout


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Emulator]:
    """A living account, its settings in config.json."""
    with account() as emulator:
        config = airbyte_config(emulator.config("access_key"))
        (tmp_path / "config.json").write_text(json.dumps(config))
        yield emulator


def load(folder: Path, *options: str) -> dict[str, Any]:
    """Load once; return what was read and what is held."""
    run_python(HERE / "pyairbyte_load.py", SOURCE, *options, folder=folder)
    told: dict[str, Any] = json.loads((folder / "told.json").read_text())
    return told


def summary(held: list[Any]) -> Summary:
    """What DuckDB holds, as the account tells it."""
    rows, ids, oldest, newest, *counts = held
    first, last = (rfc_3339(datetime.fromisoformat(time).timestamp()) for time in (oldest, newest))
    return Summary(rows, ids, first, last, *map(int, counts))


def test_a_cache_holds_what_the_service_holds(service: Emulator, tmp_path: Path) -> None:
    """First all, then only what changed by our own state, then all again; times are real times."""
    first = load(tmp_path)
    assert first["read"] == expected(service.store).rows
    assert summary(first["held"]) == expected(service.store)
    for column in ("begin_time", "end_time"):
        assert first["types"][column].startswith("TIMESTAMP"), first["types"]
    assert first["types"]["size"] == "BIGINT"
    time_passes(service.store)
    second = load(tmp_path)
    assert 0 < second["read"] < first["read"]
    assert summary(second["held"]) == expected(service.store)
    again = load(tmp_path, "--again")
    assert again["read"] == expected(service.store).rows
    assert summary(again["held"]) == expected(service.store)


def test_the_pages_examples_run(service: Emulator, tmp_path: Path) -> None:
    """Each as it stands in docs/airbyte.md, one after another in one folder."""
    assert list(EXAMPLES) == ["look", "load", "again"]
    assert DOCS.count("import airbyte") == len(EXAMPLES)
    rows = expected(service.store).rows
    for name, code in EXAMPLES.items():
        (tmp_path / f"{name}.py").write_text(code)
        told = run_python(f"{name}.py", folder=tmp_path)
        if name == "look":
            assert told.count("COMPLETED") + told.count("BUILDING") == 3
        else:
            counts = [int(number) for number in re.findall(r"^(\d+) records$", told, re.MULTILINE)]
            assert counts[0] == rows
            assert len(counts) == (2 if name == "load" else 1)
            assert all(count < rows for count in counts[1:])


def test_pyairbytes_own_checks_pass(service: Emulator, tmp_path: Path) -> None:
    """`pyab validate` with the executable: spec, then check."""
    del service
    tool = environment("pyairbyte", PYAIRBYTE) / "bin" / "pyab"
    options = [f"--connector={SOURCE}", "--config=config.json"]
    run_python(tool, "validate", *options, folder=tmp_path)


def test_pyairbyte_installs_the_source_by_its_metadata(service: Emulator, tmp_path: Path) -> None:
    """`airbyte.validate` installs the project into an environment that it makes, and reads."""
    del service
    copy = tmp_path / "source"
    ignored = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "tests", "output")
    shutil.copytree(ROOT, copy, ignore=ignored)
    python = environment("pyairbyte", PYAIRBYTE) / "bin" / "python"
    start = "from airbyte.validate import run; run()"
    options: list[str | Path] = [
        "--connector-dir",
        copy,
        "--sample-config",
        tmp_path / "config.json",
    ]
    work = tmp_path / "INSTALL_DIR"
    done = subprocess.run(
        [python, "-c", start, *options],
        cwd=environ(tmp_path)["AIRBYTE_INSTALL_DIR"],
        env=environ(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    assert (work / ".venv-source-dds-backups" / "bin" / "source-dds-backups").exists()
    assert "Trying to read from stream backups" in done.stdout
