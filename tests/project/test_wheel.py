"""What would be published works without this checkout and without development packages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

import tap_dds_backups
from tests.project.distribution import Distribution, build, pins
from tests.project.tree import PACKAGE, ROOT, committed, modules, pyproject

BACKUPS = 150


@pytest.fixture(scope="module")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Distribution:
    """Return the wheel and the source distribution, built anew."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(distribution: Distribution, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of commands of an environment with the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("clean")
    python = folder / "env" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    install: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "-qq",
        "--disable-pip-version-check",
    ]
    subprocess.run([*install, "-c", pins(folder), distribution.wheel], check=True)
    return python.parent


def run(*command: str | Path, folder: Path) -> str:
    """Run a command away from the checkout, without its Python path; return what it wrote."""
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def config(installed: Path, tmp_path: Path) -> Iterator[Path]:
    """Return settings for the local service of the installed wheel, which runs meanwhile."""
    command: list[str | Path] = [
        installed / "dds-backups-emulator",
        "--port",
        "0",
        "--backups",
        str(BACKUPS),
    ]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout
        path = tmp_path / "config.json"
        path.write_text(json.dumps(json.loads(service.stdout.readline())["access_key"]))
        yield path
        service.terminate()


def messages(output: str, of_type: str) -> list[dict[str, Any]]:
    """Return the Singer messages of one type."""
    parsed = [json.loads(line) for line in output.splitlines()]
    return [message for message in parsed if message["type"] == of_type]


def test_the_wheel_holds_the_package_and_nothing_else(distribution: Distribution) -> None:
    """Every file in version control that belongs to the package is in the wheel, and no other."""
    expected = {
        path.relative_to(ROOT).as_posix() for path in committed() if path.is_relative_to(PACKAGE)
    } | {
        f"tap_dds_backups/{path.relative_to(ROOT).as_posix()}"
        for path in committed()
        if path.is_relative_to(ROOT / "schemas")
    }
    with zipfile.ZipFile(distribution.wheel) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected


def test_the_source_distribution_holds_the_same(distribution: Distribution, tmp_path: Path) -> None:
    """A wheel built from the source distribution equals the one built from the checkout."""
    with tarfile.open(distribution.sdist) as sdist:
        sdist.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    command: list[str | Path] = [sys.executable, "-m", "build", "--no-isolation", "--wheel", source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (again,) = (source / "dist").glob("*.whl")
    with zipfile.ZipFile(again) as one, zipfile.ZipFile(distribution.wheel) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())


def test_packages_are_all_named() -> None:
    """Each folder of the package with Python in it is in the list of packages, and the schemas."""
    folders = {".".join(("tap_dds_backups", *path.parent.parts)) for path in modules()}
    listed = pyproject()["tool"]["setuptools"]["packages"]
    assert set(listed) == folders | {"tap_dds_backups.schemas"}


def test_every_package_that_is_asked_for_is_pinned_with_a_hash() -> None:
    """constraints.txt has what the project and its tests ask for, and no address."""
    project = pyproject()
    asked = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["report"],
        *project["dependency-groups"]["dev"],
    ]
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for name in (re.split(r"[^\w-]", line)[0] for line in asked):
        assert re.search(rf"^{name}==\S+ .*\\\n +--hash=sha256:", pinned, re.MULTILINE), name
    assert "://" not in pinned


def test_one_distribution_owns_the_backoff_folder() -> None:
    """`backoff` comes from python-backoff alone: two owners overwrite each other's files."""
    assert set(packages_distributions()["backoff"]) == {"python-backoff"}


def test_the_installed_wheel_discovers(installed: Path, tmp_path: Path) -> None:
    """Without settings and network, the catalog holds the schema of the checkout."""
    catalog = json.loads(run(installed / "tap-dds-backups", "--discover", folder=tmp_path))
    (stream,) = [stream for stream in catalog["streams"] if stream["tap_stream_id"] == "backups"]
    schema = json.loads((ROOT / "schemas" / "backups.json").read_text(encoding="utf-8"))
    assert list(stream["schema"]["properties"]) == list(schema["properties"])


def test_the_installed_wheel_syncs(installed: Path, config: Path, tmp_path: Path) -> None:
    """The whole list arrives, and the second run reads on from the first one's STATE."""
    tap = installed / "tap-dds-backups"
    first = run(tap, "--config", config, folder=tmp_path)
    assert len({record["record"]["id"] for record in messages(first, "RECORD")}) == BACKUPS
    state = tmp_path / "state.json"
    state.write_text(json.dumps(messages(first, "STATE")[-1]["value"]))
    second = run(tap, "--config", config, "--state", state, folder=tmp_path)
    assert len(messages(second, "RECORD")) < BACKUPS


@pytest.mark.parametrize("command", sorted(pyproject()["project"]["scripts"]))
def test_every_command_explains_itself(command: str, installed: Path, tmp_path: Path) -> None:
    """Each console script answers --help without development packages and without DuckDB."""
    assert "usage" in run(installed / command, "--help", folder=tmp_path).lower()


@pytest.mark.parametrize("command", ["tap-dds-backups"])
def test_version(command: str, installed: Path, tmp_path: Path) -> None:
    """--version tells the one version that the package has."""
    told = run(installed / command, "--version", folder=tmp_path)
    assert tap_dds_backups.__version__ in told
