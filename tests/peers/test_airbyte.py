"""The Airbyte source by Airbyte's own tests and models."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.emulator import Emulator, estate
from tests.faces.airbyte import COLLECTED, airbyte_config
from tests.peers.account import account
from tests.peers.environments import environment
from tests.project.tree import ROOT

pytestmark = pytest.mark.peers

SOURCE = Path(sys.executable).parent / "source-dds-backups"
HERE = Path(__file__).parent
CDK = ["airbyte-cdk==7.39.1", "pytest==9.2.0"]
MODELS = ["airbyte-protocol-models-pdv2==0.18.0"]
STANDARD_TESTS = {"test_spec", "test_check", "test_discover", "test_basic_read"} | {
    "test_fail_read_with_bad_catalog",
    "test_config_matches_spec",
}


def configs(emulator: Emulator) -> dict[str, dict[str, Any]]:
    """The configs that acceptance-test-config.yml names."""
    ways = {way: airbyte_config(config) for way, config in emulator.configs().items()}
    wrong = {"auth_type": "token", "auth_token": "wrong-t0ken-of-nobody"}
    return ways | {
        "wrong_token": ways["token"] | {"credentials": wrong},
        "wrong_field": ways["token"] | {"page_size": 100_000},
    }


def checked_by_models(folder: Path) -> dict[str, Any]:
    """Read every collected message by Airbyte's models; return how many there were, and which."""
    python = environment("airbyte-models", MODELS) / "bin" / "python"
    command: list[str | Path] = [python, HERE / "airbyte_models.py", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_standard_tests_pass(tmp_path: Path) -> None:
    """All that run without an image, warnings of the catalog counted as errors."""
    connector = tmp_path / "source-dds-backups"
    shutil.copytree(HERE / "acceptance", connector, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "metadata.yaml", connector)
    (connector / "configs").mkdir()
    collected = tmp_path / "messages"
    collected.mkdir()
    python = environment("airbyte-cdk", CDK) / "bin" / "python"
    chosen = "not docker and not image and not backward"
    command: list[str | Path] = [python, "-m", "pytest", "-rA", "-k", chosen, "-c", os.devnull]
    command += ["--rootdir", connector, "-p", "no:cacheprovider", "-p", "executable"]
    command += ["-W", "error::airbyte_cdk.test.standard_tests.DiscoveredCatalogWarning"]
    environ = os.environ | {
        "SOURCE_EXECUTABLE": str(SOURCE),
        COLLECTED: str(collected),
        "PYTHONPATH": str(connector),
        "DO_NOT_TRACK": "1",
    }
    with Emulator(estate(400, until=time.time() - 3600)) as emulator:
        for name, config in configs(emulator).items():
            (connector / "configs" / f"{name}.json").write_text(json.dumps(config))
        done = subprocess.run(
            [*command, "standard.py"],
            cwd=connector,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    passed = re.findall(r"^PASSED .*::(\w+)", done.stdout, re.MULTILINE)
    assert set(passed) == STANDARD_TESTS
    assert passed.count("test_check") == 5
    assert passed.count("test_basic_read") == 3
    assert checked_by_models(collected)["messages"] > 1_000


def test_every_message_of_every_test_is_one_of_the_protocol(tmp_path: Path) -> None:
    """The source's own tests once more, each message then read by Airbyte's models."""
    command: list[str | Path] = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [ROOT / "tests" / "faces" / f"test_source{part}.py" for part in ("", "_failures")]
    environ = os.environ | {COLLECTED: str(tmp_path)}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    told = checked_by_models(tmp_path)
    assert told["messages"] > 10_000
    assert told["types"] == [
        "CATALOG",
        "CONNECTION_STATUS",
        "LOG",
        "RECORD",
        "SPEC",
        "STATE",
        "TRACE",
    ]


def cpu_seconds(command: list[str | Path], times: int = 7) -> float:
    """The least CPU time of so many runs, user and system, as the kernel counts it."""
    spent = []
    for _ in range(times):
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        spent.append(usage.ru_utime + usage.ru_stime)
    return min(spent)


def test_it_starts_in_a_fraction_of_the_low_code_runtimes_time(tmp_path: Path) -> None:
    """`spec` and `check` take a fraction of what importing that runtime takes, on a busy machine too."""
    python = environment("airbyte-cdk", CDK) / "bin" / "python"
    with account() as emulator:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(airbyte_config(emulator.config("access_key"))))
        runtime = cpu_seconds([python, "-c", "import airbyte_cdk"], times=3)
        check = cpu_seconds([SOURCE, "check", "--config", config])
        spec = cpu_seconds([SOURCE, "spec"])
        runtime = max(runtime, cpu_seconds([python, "-c", "import airbyte_cdk"], times=3))
    figures = f"spec {spec:.3f} s, check {check:.3f} s, runtime {runtime:.3f} s"
    print(figures)  # noqa: T201  # what the documentation gives was read on a quiet machine
    assert spec <= runtime / 12, figures
    assert check <= runtime / 5, figures
