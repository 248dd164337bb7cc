"""Tracebacks that show local variables, and bugs that are forced to get one."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import tap_dds_backups

PACKAGE = str(Path(tap_dds_backups.__file__).parent)
THEIRS = str(Path(PACKAGE, "emulator"))  # the service is no part of a run


class Forced(RuntimeError):
    """The bug that was forced."""


def is_ours(code: CodeType) -> bool:
    """Whether this is code of the tap."""
    return code.co_filename.startswith(PACKAGE) and not code.co_filename.startswith(THEIRS)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that it came from, also what `from None` keeps out of sight."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def frames(error: BaseException) -> Iterator[tuple[str, str]]:
    """Each local variable of our frames in a traceback: its place, and what is shown of it."""
    for each in chain(error):
        for frame, line in traceback.walk_tb(each.__traceback__):
            if is_ours(frame.f_code):
                file = frame.f_code.co_filename.removeprefix(PACKAGE)
                for name, value in frame.f_locals.items():
                    yield f"{file}:{line} {frame.f_code.co_name}: {name}", shown(value)


def shown(value: object) -> str:
    """What `traceback` shows of a value; newer Pythons than 3.11 do not stumble over a bad repr."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001  # an object that is not complete yet
        return "<repr() failed>"


class Place(NamedTuple):
    """The last line of a function of ours as a run went through it: all its variables are set."""

    code: CodeType
    line: int


def places(act: Callable[[], Any]) -> set[Place]:
    """The last line of each function of ours that runs meanwhile, in any thread."""
    last: dict[CodeType, int] = {}

    def inside(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            last[frame.f_code] = frame.f_lineno
        return inside

    _traced(lambda frame, _event, _argument: inside if _is_target(frame.f_code) else None, act)
    return {Place(*each) for each in last.items()}


def forced(place: Place, act: Callable[[], Any]) -> BaseException | None:
    """The error with which this ends where a function fails at that line; None where it does not."""

    def inside(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line" and frame.f_lineno == place.line and not _is_waiting(frame):
            raise Forced
        return inside

    try:
        _traced(lambda frame, *_: inside if frame.f_code is place.code else None, act)
    except BaseException as error:  # noqa: BLE001  # it is what we want
        return error
    return None


def _is_target(code: CodeType) -> bool:
    """Not what makes values unseen, which is given them, nor what readers of pages wait in."""
    return is_ours(code) and not code.co_filename.endswith(("/api/secret.py", "/readahead.py"))


def _is_waiting(frame: FrameType | None) -> bool:
    """Whether a reader of pages asks if there is anything to do: nobody hears of its end there."""
    while frame is not None and frame.f_code.co_name != "_next":
        frame = frame.f_back
    return frame is not None


def _traced(trace: Any, act: Callable[[], Any]) -> None:
    before = sys.gettrace()
    threading.settrace(trace)
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
        threading.settrace(before)
