"""A run that is told to stop ends between two messages, with a STATE that is safe."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tap_dds_backups.emulator import Emulator, plain_store
from tests.faces.running import SCRIPTS, Run, clean_environment, run_tap
from tests.faces.test_tap_sync import listed


def stopped_after(folder: Path, service: Emulator, number: int, lines: int) -> Run:
    """Send a signal once so many lines have been read; return what the run wrote."""
    path = folder / "config.json"
    path.write_text(json.dumps({**service.config("token"), "concurrency": 1}))
    log = folder / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [SCRIPTS / "tap-dds-backups", "--config", path],
            stdout=subprocess.PIPE,
            stderr=errors,
            env=clean_environment(),
        ) as process,
    ):
        assert process.stdout is not None
        head = b"".join(process.stdout.readline() for _ in range(lines))
        process.send_signal(number)
        rest = process.stdout.read()
    return Run(process.returncode, log.read_text(), head + rest)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_signal_ends_between_messages(tmp_path: Path, number: int, code: int) -> None:
    """Exit 143 or 130, whole lines, and a resume writes exactly what is missing."""
    with Emulator(plain_store(500, until=time.time()), latency=0.2) as service:
        run = stopped_after(tmp_path, service, number, 120)
        assert run.code == code, run.stderr
        run.assert_sound()
        assert 99 <= len(run.ids()) < 500
        assert "Traceback" not in run.stderr
        assert run.messages[-1]["type"] == "STATE"
        resumed = run_tap(tmp_path, service.config("token"), state=run.state)
        assert set(run.ids()) | set(resumed.ids()) == listed(service)


def test_reader_that_goes_away(tmp_path: Path) -> None:
    """A target that dies ends the tap without a traceback, and not as a success."""
    path = tmp_path / "config.json"
    with Emulator(plain_store(2_000, until=time.time())) as service:
        path.write_text(json.dumps(service.config("token")))
        with subprocess.Popen(
            [SCRIPTS / "tap-dds-backups", "--config", path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(),
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            errors = process.stderr.read().decode()
    assert process.returncode == 1
    assert "Traceback" not in errors
