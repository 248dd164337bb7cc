"""README's ways to install the tap from a clone work, each with its own tool."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import tap_dds_backups
from tests.peers.environments import environment
from tests.project.readme import commands
from tests.project.tree import ROOT, committed

pytestmark = pytest.mark.peers

SCRIPTS = {"uv": commands()["uv"], "pipx": commands()["pipx"]}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a copy of what is in version control."""
    for path in committed():
        copy = tmp_path / "clone" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    return tmp_path / "clone"


@pytest.mark.parametrize("tool", SCRIPTS)
def test_a_tool_installs_the_clone(tool: str, clone: Path) -> None:
    """After the one command, the console scripts are there and tell their version."""
    tools = environment(tool, [tool]) / "bin"
    installed = clone.parent / "bin"
    environ = os.environ | {
        "PATH": f"{tools}:{installed}:{os.environ['PATH']}",
        "UV_TOOL_DIR": str(clone.parent / "tools"),
        "UV_TOOL_BIN_DIR": str(installed),
        "PIPX_HOME": str(clone.parent / "tools"),
        "PIPX_BIN_DIR": str(installed),
    }
    script = f"{SCRIPTS[tool]}\n{installed}/tap-dds-backups --version"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert tap_dds_backups.__version__ in done.stdout
