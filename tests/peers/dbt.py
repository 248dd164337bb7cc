"""dbt in an environment of its own, run on the package's integration project."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.peers.environments import environment
from tests.report.estate import PACKAGE

# dbt-core 1.12 and 2.x download a program when they are installed.
REQUIREMENTS = ("dbt-core>=1.10.5,<1.12", "dbt-duckdb", "dbt-postgres", "sqlglot")


def programs() -> Path:
    """The folder with `dbt` and its Python."""
    return environment("dbt", REQUIREMENTS) / "bin"


class Project:
    """A copy of the package with its integration project, so that the checkout stays clean."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._settings = {
            **os.environ,
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DDS_TEST_DUCKDB": str(folder / "warehouse.duckdb"),
            **settings,
        }
        ignored = shutil.ignore_patterns("target", "dbt_packages", "logs")
        shutil.copytree(PACKAGE, folder / "analytics", ignore=ignored)
        self.database = folder / "warehouse.duckdb"
        self._folder = folder / "analytics" / "integration_tests"
        self.run("deps")

    def run(self, *command: str, target: str = "duckdb", **variables: Any) -> str:
        """One dbt command; what it printed. It must succeed."""
        done = self.attempt(*command, target=target, **variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def attempt(
        self, *command: str, target: str = "duckdb", **variables: Any
    ) -> subprocess.CompletedProcess[str]:
        """One dbt command, whatever comes of it."""
        options = ["--profiles-dir", str(self._folder), "--target", target]
        if variables:
            options += ["--vars", json.dumps(variables)]
        return subprocess.run(
            [str(programs() / "dbt"), *command, *options],
            cwd=self._folder,
            env=self._settings,
            capture_output=True,
            text=True,
            check=False,
        )
