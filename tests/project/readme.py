"""The commands that README.md tells people to type, and how its reader runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.project.tree import ROOT

FENCED = re.compile(r"^```sh (\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROJECT_ID = "0d6c6f1e2a5f4f0f9a7b2f8f0c3b5a10"  # the one in its examples


def commands() -> dict[str, str]:
    """Return the commands by the label of their block; blocks of one label are joined."""
    found: dict[str, str] = {}
    for label, script in FENCED.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        found[label] = found.get(label, "") + script
    return found


def bash(script: str, folder: Path) -> str:
    """Run commands as a reader does, the project's own first on PATH."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
