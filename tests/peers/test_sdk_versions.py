"""The Singer face works with the oldest and the newest SDK that pyproject.toml allows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.peers.environments import environment
from tests.project.tree import ROOT, pyproject

pytestmark = pytest.mark.peers

# A specifier that names a pre-release lets the installer choose pre-releases.
SDKS = {"oldest": "singer-sdk[testing]==0.54.9", "newest": "singer-sdk[testing]>=0.55.0b1,<0.56"}


def requirements(sdk: str) -> list[str]:
    """Return what the project and its tests ask for, with this SDK, and the checkout itself."""
    project = pyproject()
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    others = [line for line in asked if not line.startswith("singer-sdk")]
    return [*others, sdk, "--editable", str(ROOT)]


def test_the_range_is_the_one_that_is_tried() -> None:
    """The oldest version tried is the lower bound, the newest is below the upper one."""
    (of_project,) = {
        re.sub(r"\[.*\]", "", line)
        for line in pyproject()["project"]["dependencies"]
        if line.startswith("singer-sdk")
    }
    assert of_project == "singer-sdk>=0.54.9,<0.56"


@pytest.mark.parametrize("age", SDKS)
def test_the_faces_work_with(age: str) -> None:
    """The tests of the faces pass with this SDK, warnings counted as errors."""
    python = environment(f"singer-sdk-{age}", requirements(SDKS[age])) / "bin" / "python"
    command: list[str | Path] = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/faces",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
