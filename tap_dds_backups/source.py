"""Airbyte face: spec, check, discover and read on the command line.

Needs no Airbyte package, and loads what speaks HTTP only where a command asks the service.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from tap_dds_backups import __version__
from tap_dds_backups.airbyte import messages
from tap_dds_backups.airbyte.output import Output, log_to
from tap_dds_backups.api.errors import CatalogError, ConfigError, DdsError, StateError
from tap_dds_backups.api.secret import unshown
from tap_dds_backups.imports import NEVER_USED_BY_A_RUN, deferred, kept
from tap_dds_backups.interrupts import Interrupted, Interrupts
from tap_dds_backups.settings.catalogue import SECRETS

if TYPE_CHECKING:
    from tap_dds_backups.settings import Settings

NAME = "source-dds-backups"


class _Misuse(Exception):
    """The command line is none of ours."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Misuse(" ".join(f"{message}. {self.format_usage()}".split()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command of the source; return the exit code."""
    interrupts = Interrupts()
    output = Output(sys.stdout.buffer, interrupts)
    try:
        return _told(arguments, output, interrupts)
    except BrokenPipeError:  # nobody reads our output any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _told(arguments: Sequence[str] | None, output: Output, interrupts: Interrupts) -> int:
    """Run the command; what ends it early is told in a message."""
    try:
        options = _parser().parse_args(arguments)
        log_to(output, debug=getattr(options, "debug", False))
        if options.command == "read":  # the others have nothing to bring to an end
            interrupts.install()
        return _run(options, output, interrupts)
    except _Misuse as misuse:
        output.write(messages.error(misuse, text=str(misuse), kind="config_error"))
        return 2
    except KeyboardInterrupt as ended:
        output.write(messages.error(ended, text="Stopped by a signal", kind="transient_error"))
        return 130
    except Interrupted as ended:
        text = "Stopped by a signal. The last state is safe to go on from"
        output.write(messages.error(ended, text=text, kind="transient_error"))
        return ended.exit_code
    except BrokenPipeError:
        raise
    except Exception as problem:  # noqa: BLE001  # whatever it is, Airbyte reads it as a message
        output.write(messages.error(problem))
        return 1


def _parser() -> argparse.ArgumentParser:
    everywhere = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    everywhere.add_argument("--debug", action="store_true", help="log more")
    parser = _Parser(prog=NAME, description=__doc__, parents=[everywhere])
    parser.add_argument("--version", action="version", version=f"{NAME} v{__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    files = {
        "spec": (),
        "check": ("config",),
        "discover": ("config",),
        "read": ("config", "catalog", "state"),
    }
    for name, needed in files.items():
        command = commands.add_parser(name, parents=[everywhere])
        for file in needed:
            is_required = file != "state" and name != "discover"
            command.add_argument(f"--{file}", required=is_required, metavar="FILE")
    return parser


def _run(options: argparse.Namespace, output: Output, interrupts: Interrupts) -> int:
    """Run a command. Each loads what it needs: a form waits for `spec` and `check`."""
    if options.command == "check":
        return _check(options, output)
    if options.command == "read":
        return _read(options, output, interrupts)
    from tap_dds_backups.airbyte import catalog  # noqa: PLC0415  # `check` needs none

    output.write(catalog.spec() if options.command == "spec" else catalog.catalog())
    return 0


def _check(options: argparse.Namespace, output: Output) -> int:
    """What the user can solve is the answer; what he cannot is an error."""
    try:
        settings = _settings(options, output)
        from tap_dds_backups.airbyte.check import check  # noqa: PLC0415  # brings the HTTP stack

        problems = check(settings, lambda token: output.hide([token]))
    except ConfigError as problem:
        problems = problem.problems
    output.write(messages.connection_status("; ".join(problems)))
    return 0


def _read(options: argparse.Namespace, output: Output, interrupts: Interrupts) -> int:
    from tap_dds_backups.airbyte.catalog import chosen  # noqa: PLC0415  # as above
    from tap_dds_backups.airbyte.state import given_states  # noqa: PLC0415  # as above

    streams = chosen(_json(options.catalog, CatalogError))
    states = given_states(_json(options.state, StateError)) if options.state else {}
    settings = _settings(options, output)
    with kept(), deferred(*NEVER_USED_BY_A_RUN):
        from tap_dds_backups.airbyte.run import Run  # noqa: PLC0415  # brings the HTTP stack

    return 0 if Run(settings, output, interrupts).read(streams, states) else 1


def _settings(options: argparse.Namespace, output: Output) -> Settings:
    """The settings that the config holds, their secrets masked from now on. Raises ConfigError."""
    from tap_dds_backups.settings import from_airbyte  # noqa: PLC0415  # `spec` needs it not

    config = _json(options.config, lambda text: ConfigError([text]))
    if not isinstance(config, dict):
        raise ConfigError([f"{options.config}: the file holds no JSON object"])
    config = unshown(config, SECRETS)
    output.hide(_secrets_in(config))
    settings = from_airbyte(config, os.environ)
    output.hide(settings.secrets())
    return settings


def _secrets_in(config: Mapping[str, Any]) -> Iterator[str]:
    """What must be masked even where the settings are wrong or stand in the wrong place."""
    credentials = config.get("credentials")
    for place in (config, credentials if isinstance(credentials, dict) else {}):
        for name in SECRETS:
            value = place.get(name)
            if isinstance(value, str):
                yield value


def _json(path: str, error: Callable[[str], DdsError]) -> Any:
    """What a file holds. Raises the error that `error` makes of a sentence."""
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs start-up time
            return json.load(file)
    except OSError as problem:
        raise error(f"{path}: {problem.strerror}") from None
    except (ValueError, RecursionError):
        raise error(f"{path}: the file is not JSON") from None


if __name__ == "__main__":
    sys.exit(main())
