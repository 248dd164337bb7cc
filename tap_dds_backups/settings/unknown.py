"""Settings that do not exist, which in a Singer config are errors: a typo must not go unseen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tap_dds_backups.api.errors import quoted
from tap_dds_backups.settings.catalogue import CONFIG
from tap_dds_backups.settings.setting import PROJECT_FIELDS

# What singer-sdk 0.54 and 0.55 read from the config themselves, for every tap.
SDK_SETTINGS = (
    "stream_maps",
    "stream_map_config",
    "faker_config",
    "flattening_enabled",
    "flattening_max_depth",
    "flattening_max_key_length",
    "flattening_separator",
)


def unknown_settings(config: Mapping[str, Any]) -> list[str]:
    """Return a line for each setting of a Singer config that there is not."""
    names = [setting.name for setting in CONFIG]
    return [
        _unknown_line(name, "unknown setting", names)
        for name in config
        if name not in names and name not in SDK_SETTINGS
    ]


def unknown_in_projects(entries: list[Mapping[str, Any]]) -> list[str]:
    """Return a line for each field of an entry of `projects` that there is not."""
    return [
        _unknown_line(name, "unknown setting in projects", PROJECT_FIELDS)
        for entry in entries
        for name in entry
        if name not in PROJECT_FIELDS
    ]


def _unknown_line(name: str, what: str, names: Sequence[str]) -> str:
    if name == "batch_config":
        return "batch_config: this tap writes no BATCH messages, remove it"
    from difflib import get_close_matches  # noqa: PLC0415  # rarely needed

    near = get_close_matches(str(name).lower(), names, n=1)
    return f"{what} {quoted(name, 60)!r}" + (f": did you mean {near[0]}?" if near else "")
