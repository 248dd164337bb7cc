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
    except click.ClickException as misuse:
        return _refuse(misuse.format_message())
    except ConfigValidationError as problem:
        return _refuse(*problem.errors)
    except DdsError as problem:
        return _refuse(str(problem))
    except SyncFailed:
        return 1  # each failure has been logged
    except (Interrupted, click.exceptions.Exit) as ended:
        return ended.exit_code
    return outcome if isinstance(outcome, int) else 0


def _refuse(*problems: str) -> int:
    for problem in problems:
        TapDDSBackups.logger.error(problem)
    return 1
