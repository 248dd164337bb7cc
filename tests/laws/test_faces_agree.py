"""Both faces in a thousand worlds in this process, and in fifty through the installed commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faces.test_faces_agree import QUICK, assert_agreed, assert_scripts_agree

pytestmark = pytest.mark.laws


@pytest.mark.parametrize("start", range(QUICK, 1_000, 50))
def test_both_faces_agree_in_a_thousand_worlds(start: int) -> None:
    """Fifty seeds each time; the first fifty belong to the tests of the faces."""
    for seed in range(start, start + 50):
        assert_agreed(seed)


@pytest.mark.parametrize("seed", range(50))
def test_both_scripts_agree(seed: int, tmp_path: Path) -> None:
    """The installed commands over sockets; every fourth service stops answering midway."""
    assert_scripts_agree(seed, tmp_path)
