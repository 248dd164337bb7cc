"""The wheel and the source distribution, built from what is in version control."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.project.tree import ROOT, committed


class Distribution(NamedTuple):
    """What would be published."""

    wheel: Path
    sdist: Path


def build(folder: Path) -> Distribution:
    """Build both in `folder`, from a copy: the checkout's own build leftovers stay out of it."""
    source = folder / "source"
    for path in committed():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--outdir",
        folder,
        source,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Distribution(wheel, sdist)


def pins(folder: Path) -> Path:
    """Write the exact versions of constraints.txt without their hashes; a wheel just built has none."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    path = folder / "pins.txt"
    path.write_text("\n".join(re.findall(r"^[\w-]+==\S+(?: ;[^\\]*)?", text, re.MULTILINE)))
    return path
