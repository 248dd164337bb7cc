"""Environments of their own for programs that others wrote: never beside the tap."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[2] / ".cache" / "envs"


def environment(name: str, requirements: Sequence[str]) -> Path:
    """Return the folder of a virtual environment with these packages; it is kept for the next run.

    It is made anew where the requirements or the Python have changed since.
    """
    folder = FOLDER / name
    made_of = "\n".join([sys.version, *requirements])
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "made-of.txt"
        if not made.exists() or made.read_text() != made_of:
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, requirements)
            made.write_text(made_of)
    return folder


def _install(folder: Path, requirements: Sequence[str]) -> None:
    if uv := shutil.which("uv"):
        _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
        _run(uv, "pip", "install", "--quiet", "--python", str(folder / "bin/python"), *requirements)
    else:
        _run(sys.executable, "-m", "venv", str(folder))
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "-qq"]
        _run(*pip, "--disable-pip-version-check", *requirements)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
