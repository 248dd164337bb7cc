"""A run may end at any byte: what SIGKILL leaves is the output cut there."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tap_dds_backups.api.readahead import QUICK_SECONDS
from tap_dds_backups.emulator import Emulator
from tests.faces.running import SCRIPTS, Run, clean_environment, run_tap
from tests.laws.cuts import Cut, account, cuts, half_lines, listed, resumed

ROWS = 350
PAGES_SENT_AGAIN = 3


def assert_whole(service: Emulator, config: dict[str, Any], places: list[Cut]) -> int:
    """Resume once from each STATE, and hold each cut against that; the most rows sent again."""
    everything = listed(service)
    after = {state: resumed(config, state) for state in {cut.state for cut in places}}
    for cut in places:
        assert cut.kept | after[cut.state] == everything
    return max(len((cut.kept | cut.dropped) & after[cut.state]) for cut in places if cut.state)


def is_message(line: bytes) -> bool:
    """Whether a line would be taken for a message."""
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


class TestEveryByte:
    """One real output, cut everywhere."""

    @pytest.mark.parametrize("page_size", [100, pytest.param(20, marks=pytest.mark.laws, id="20")])
    def test_cut_anywhere_and_resumed(self, tmp_path: Path, page_size: int) -> None:
        """What stands before the last whole STATE and what a resume writes are everything."""
        with Emulator(account(ROWS)) as service:
            config = service.config("token") | {"page_size": page_size, "lookback_seconds": 0}
            run = run_tap(tmp_path, config)
            assert run.code == 0, run.stderr
            assert len(run.ids()) == ROWS
            places = [cut for _, cut in cuts(run.stdout)]
            states = {cut.state for cut in places}
            assert len(states) > ROWS // page_size
            again = assert_whole(service, config, places)
        assert again <= PAGES_SENT_AGAIN * page_size

    @pytest.mark.laws
    def test_half_a_line_is_no_message(self, tmp_path: Path) -> None:
        """No line cut at any byte can be taken for a whole one."""
        with Emulator(account(ROWS)) as service:
            run = run_tap(tmp_path, service.config("token"))
        halves = 0
        for half in half_lines(run.stdout):
            assert not is_message(half)
            halves += 1
        assert halves > 50_000
        print(f"{halves} cuts inside a line, {len(run.messages)} between two")  # noqa: T201  # its figures


def stopped(folder: Path, config: dict[str, Any], number: int, after: int) -> tuple[int, bytes]:
    """Send a signal once so many bytes of output have been read; exit code and all output."""
    path = folder / "config.json"
    path.write_text(json.dumps(config))
    with subprocess.Popen(
        [SCRIPTS / "tap-dds-backups", "--config", path],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=clean_environment(),
    ) as process:
        assert process.stdout is not None
        head = process.stdout.read(after)
        process.send_signal(number)
        rest = process.stdout.read()
    return process.returncode, head + rest


def complete_lines(output: bytes) -> bytes:
    """The output up to its last line break."""
    return output[: output.rfind(b"\n") + 1]


class TestSignals:
    """Real ones, at random bytes of the output."""

    @pytest.mark.parametrize(
        "seed", [0, 1, *[pytest.param(n, marks=pytest.mark.laws) for n in range(2, 50)]]
    )
    def test_killed_and_resumed(self, tmp_path: Path, seed: int) -> None:
        """SIGKILL or SIGTERM: whole lines and a resume from the last STATE are everything."""
        random = Random(seed)
        number = (signal.SIGKILL, signal.SIGTERM)[seed % 2]
        with Emulator(account(ROWS), latency=QUICK_SECONDS) as service:
            config = service.config("token") | {"page_size": 20, "lookback_seconds": 0}
            code, output = stopped(tmp_path, config, number, random.randrange(1, 60_000))
            whole = complete_lines(output)
            if number == signal.SIGTERM:
                assert whole == output
                Run(code, "", output).assert_sound()
            assert code == (-9 if number == signal.SIGKILL else 143)
            assert assert_whole_cut(service, config, whole) < ROWS


def assert_whole_cut(service: Emulator, config: dict[str, Any], whole: bytes) -> int:
    """Hold the last cut of an output against a resume; how many rows it had kept."""
    *_, (_, last) = cuts(whole)
    assert last.kept | resumed(config, last.state) == listed(service)
    return len(last.kept)
