"""Points the standard tests of airbyte-cdk 7.39.1 at an executable, named by SOURCE_EXECUTABLE.

They run a Python class in their own process. All their runs go through one private function of
that version, which is replaced here by one that starts the executable.
"""

# ruff: noqa: INP001  # a folder that the standard tests run in, no package

import os
import subprocess
import uuid
from pathlib import Path
from typing import Any

from airbyte_cdk.test import entrypoint_wrapper

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]


def run_executable(source: object, args: list[str], **_: object) -> Any:
    """Run one command of the executable; return its messages as the standard tests want them."""
    done = subprocess.run(
        [os.environ["SOURCE_EXECUTABLE"], *args], capture_output=True, text=True, check=False
    )
    collected = Path(os.environ["AIRBYTE_MESSAGES_COLLECTED"])
    (collected / f"{uuid.uuid4().hex}.jsonl").write_text(done.stdout)
    failed = RuntimeError(done.stderr) if done.returncode else None
    return entrypoint_wrapper.EntrypointOutput(
        messages=done.stdout.splitlines(), uncaught_exception=failed
    )


entrypoint_wrapper._run_command = run_executable
