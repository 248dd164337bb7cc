"""From what a config file, a form or the environment holds to values of the right type.

Everything here raises ValueError with a sentence that goes on after the setting's name and never
holds the value. The environment knows text only, so that numbers, truth values and lists are
understood as text too.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from tap_dds_backups.api.endpoints import (
    checked_cloud,
    checked_id,
    checked_local_url,
    checked_region,
    checked_url,
)
from tap_dds_backups.api.times import parse_time
from tap_dds_backups.settings.setting import Setting

_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_HEADER_LIMIT = 32 * 1024  # what the gateway takes of one header
_TEXT_LIMIT = 4 * 1024


def is_given(value: object) -> bool:
    """Tell whether a setting is set: null and the empty text mean that it is not."""
    return value is not None and value != ""


def converted(setting: Setting, value: object) -> Any:
    """Return the value of a setting in its type and plain form. Raises ValueError."""
    if setting.kind == "integer":
        return _integer(value, setting)
    if setting.kind == "boolean":
        return _boolean(value)
    if setting.kind == "array":
        return _entries(value)
    text = _text(value, _HEADER_LIMIT if setting.secret else _TEXT_LIMIT)
    if setting.choices:
        return _choice(text, setting.choices)
    check = _CHECKS.get(setting.name)
    return check(text) if check else text


def _text(value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004  # one kind of error for all mistakes
    if len(value) > limit:
        raise ValueError(f"must not be longer than {limit} characters")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError("must not hold a line break or another control character")
    return value


def _integer(value: object, setting: Setting) -> int:
    number = _number(value)
    low, high = setting.minimum, setting.maximum
    if number is None or not (low is None or low <= number) or not (high is None or number <= high):
        raise ValueError(f"must be a whole number from {low} to {high}")
    return number


def _number(value: object) -> int | None:
    if isinstance(value, str) and len(value) < 20 and value.isascii() and value.strip().isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in _TRUE + _FALSE:
        raise ValueError("must be true or false")
    return word in _TRUE


def _entries(value: object) -> list[Mapping[str, Any]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("must be a list, in JSON where it is given as text") from None
    if not isinstance(value, list | tuple) or not all(isinstance(e, Mapping) for e in value):
        raise ValueError("must be a list of objects, each with a project_id")
    if not value:
        raise ValueError("must not be an empty list")
    return list(value)


def _choice(text: str, choices: tuple[str, ...]) -> str:
    for choice in choices:
        if text.lower() == choice.lower():
            return choice
    raise ValueError(f"must be one of {', '.join(choices)}")


def header_text(text: str) -> str:
    """Return a text that may stand in a header as one word. Raises ValueError."""
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be plain ASCII without blanks: check how it was copied")
    return text


def _user_agent(text: str) -> str:
    if not text.isascii() or not text.isprintable() or text != text.strip() or len(text) > 200:
        raise ValueError("must be plain ASCII, at most 200 characters")
    return text


def _readable_path(text: str) -> str:
    from pathlib import Path  # noqa: PLC0415  # rarely needed, and slow to load

    try:
        if os.access(Path(text).expanduser(), os.R_OK):
            return text
    except RuntimeError:  # the home of a user who does not exist
        pass
    raise ValueError("names a file that does not exist or cannot be read")


def _start(text: str) -> str:
    return _time(text, "00:00:00")


def _end(text: str) -> str:
    return _time(text, "23:59:59")


def _time(text: str, time_of_day: str) -> str:
    time = parse_time(f"{text}T{time_of_day}" if len(text) == 10 else text)
    if time is None:
        raise ValueError("must be a time as 2024-01-31T00:00:00Z or a date as 2024-01-31")
    return time


_CHECKS: dict[str, Callable[[str], str]] = {
    "metadata_url": checked_local_url,
    "access_key": header_text,
    "security_token": header_text,
    "auth_token": header_text,
    "project_id": checked_id,
    "region": checked_region,
    "cloud": checked_cloud,
    "api_url": checked_url,
    "iam_url": checked_url,
    "start_date": _start,
    "end_date": _end,
    "instance_id": checked_id,
    "backup_id": checked_id,
    "ca_bundle": _readable_path,
    "user_agent": _user_agent,
}
