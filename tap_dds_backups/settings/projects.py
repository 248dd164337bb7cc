"""From the settings of projects and hosts to the projects that are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tap_dds_backups.api.endpoints import dds_url, iam_url, region_of
from tap_dds_backups.settings.catalogue import CONFIG
from tap_dds_backups.settings.setting import PROJECT_FIELDS
from tap_dds_backups.settings.values import converted, is_given

_SETTINGS = {setting.name: setting for setting in CONFIG if setting.name in PROJECT_FIELDS}


class Project(NamedTuple):
    """One project and where its services are.

    `region` is None where neither a setting nor the host names it; `iam_url` is None where it is
    neither given nor to be built: only passwords need it.
    """

    project_id: str
    api_url: str
    iam_url: str | None = None
    region: str | None = None


def checked_entry(entry: Mapping[str, Any], place: int, problems: list[str]) -> dict[str, str]:
    """Return the checked fields of the entry at `place` (from 1) of `projects`."""
    fields: dict[str, str] = {}
    for name, setting in _SETTINGS.items():
        value = entry.get(name)
        if not is_given(value):
            continue
        try:
            fields[name] = converted(setting, value)
        except ValueError as problem:
            problems.append(f"projects, entry {place}: {name} {problem}")
    if not is_given(entry.get("project_id")):
        problems.append(f"projects, entry {place}: project_id is missing")
    return fields


def project_from(own: Mapping[str, str], common: Mapping[str, Any]) -> Project | None:
    """Return a project from its own fields and the settings common to all.

    The nearer setting wins, and of two equally near ones the explicit address. None where nothing
    says where DDS is.
    """
    region, cloud = own.get("region") or common.get("region"), common["cloud"]
    api = own.get("api_url") or (dds_url(own["region"], cloud) if own.get("region") else None)
    api = api or common.get("api_url") or (dds_url(region, cloud) if region else None)
    if api is None:
        return None
    iam = own.get("iam_url") or common.get("iam_url")
    iam = iam or (iam_url(region, cloud) if region else None)
    named = own.get("region") or (region_of(api) if own.get("api_url") else None)
    return Project(own["project_id"], api, iam, named or region or region_of(api))
