"""The command line of the tap. Loads the SDK only where a command needs it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence

from tap_dds_backups import __version__
from tap_dds_backups.imports import NEVER_USED_BY_A_RUN, deferred, kept

NAME = "tap-dds-backups"
_FILES = ("--config", "--catalog", "--state")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tap; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"]:
        print(f"{NAME} v{__version__}")  # noqa: T201  # the answer to a question
        return 0
    problems = list(unusable_files(given))
    if problems:
        return _refuse(problems)
    with kept(), deferred(*NEVER_USED_BY_A_RUN):
        from tap_dds_backups.command import run  # noqa: PLC0415  # brings the SDK: 0.2 CPU seconds

    try:
        return run(given)
    except BrokenPipeError:  # nobody reads our output any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def unusable_files(arguments: Sequence[str]) -> Iterator[str]:
    """Say which of the files named on the command line are no JSON objects that can be read."""
    for option, path in _named_files(arguments):
        try:
            with open(path, encoding="utf-8") as file:  # noqa: PTH123  # pathlib costs start-up time
                value = json.load(file)
        except OSError as problem:
            yield f"{option} {path}: {problem.strerror}"
        except (ValueError, RecursionError):
            yield f"{option} {path}: the file is not JSON"
        else:
            if not isinstance(value, dict):
                yield f"{option} {path}: the file holds no JSON object"


def _named_files(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    following = list(arguments[1:])
    for argument, after in zip(arguments, [*following, ""], strict=True):
        option, equals, value = argument.partition("=")
        if option in _FILES and (path := value if equals else after) != "ENV":
            yield option, path


def _refuse(problems: Sequence[str]) -> int:
    for problem in problems:
        print(f"{NAME}: {problem}", file=sys.stderr)  # noqa: T201  # before logging is set up
    return 1


if __name__ == "__main__":
    sys.exit(main())
