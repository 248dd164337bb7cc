"""The Singer face works with the oldest and the newest SDK that pyproject.toml allows."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.peers.environments import environment
from tests.project.tree import ROOT, pyproject

pytestmark = pytest.mark.peers

OLDEST = "0.54.9"
BELOW = "0.56"
# A specifier that names a pre-release lets the installer choose pre-releases.
SDKS = {"oldest": f"=={OLDEST}", "newest": f">=0.55.0b1,<{BELOW}"}
# With the version that is installed here, `make test` has run the same tests already.
ELSEWHERE = [age for age, versions in SDKS.items() if versions != f"=={version('singer-sdk')}"]


def requirements(versions: str) -> list[str]:
    """Return what the project and its tests ask for, with such an SDK, and the checkout itself."""
    project = pyproject()
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    others = [line for line in asked if not line.startswith("singer-sdk")]
    return [*others, f"singer-sdk[testing]{versions}", "--editable", str(ROOT)]


def test_the_range_is_the_one_that_is_tried() -> None:
    """The oldest version tried is the lower bound, the newest is below the upper one."""
    (of_project,) = {
        re.sub(r"\[.*\]", "", line)
        for line in pyproject()["project"]["dependencies"]
        if line.startswith("singer-sdk")
    }
    assert of_project == f"singer-sdk>={OLDEST},<{BELOW}"


@pytest.mark.parametrize("age", ELSEWHERE)
def test_the_singer_face_works_with(age: str) -> None:
    """The tests of the Singer face pass with this SDK, warnings counted as errors."""
    python = environment(f"singer-sdk-{age}", requirements(SDKS[age])) / "bin" / "python"
    tests = sorted((ROOT / "tests" / "faces").glob("test_tap_*.py"))
    command: list[str | Path] = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
