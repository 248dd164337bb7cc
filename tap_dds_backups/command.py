"""Runs the SDK's command line and turns what goes wrong into one line and an exit code."""

from __future__ import annotations

from collections.abc import Sequence

import click
from singer_sdk.exceptions import ConfigValidationError

from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.interrupts import Interrupted
from tap_dds_backups.streams import SyncFailed
from tap_dds_backups.tap import TapDDSBackups


def run(arguments: Sequence[str]) -> int:
    """Run one command of the tap; return its exit code."""
    try:
        outcome = TapDDSBackups.cli(list(arguments), standalone_mode=False)
    except (ConfigValidationError, DdsError, click.ClickException) as problem:
        return _refuse(*_lines(problem))
    except SyncFailed:
        return 1  # each failure has been logged
    except (Interrupted, click.exceptions.Exit) as ended:
        return ended.exit_code
    except BrokenPipeError:
        raise
    except Exception as bug:  # noqa: BLE001  # its text might hold what must not be shown
        return _refuse(f"{_described(bug)}: a mistake of the tap, please report it")
    return outcome if isinstance(outcome, int) else 0


def _lines(problem: Exception) -> list[str]:
    if isinstance(problem, ConfigValidationError):
        return problem.errors
    return [problem.format_message() if isinstance(problem, click.ClickException) else str(problem)]


def _described(bug: Exception) -> str:
    """The kind of error and where it was raised, without its text."""
    place = bug.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f" at {place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    return f"unexpected {type(bug).__name__}{where}"


def _refuse(*problems: str) -> int:
    for problem in problems:
        TapDDSBackups.logger.error(problem)
    return 1
