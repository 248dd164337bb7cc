"""The projects that a sign-in may enter (IAM API, "Querying Projects Accessible to an IAM User").

A region's own project is named as the region, a sub-project of it `<region>_<name>`. Every account
also has projects that belong to no region, such as the object storage's: nothing of ours is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tap_dds_backups.api.endpoints import checked_id, is_region
from tap_dds_backups.api.errors import ProtocolError, quoted
from tap_dds_backups.api.http import Request


class ListedProject(NamedTuple):
    """A project of a region, or a sub-project of one."""

    name: str
    project_id: str
    region: str


def projects_request(iam_url: str) -> Request:
    """Return the request for all of them: without page and per_page the list is not cut."""
    return Request("GET", f"{iam_url}/v3/auth/projects", {"Accept": "application/json"})


def listed_projects(answer: Mapping[str, Any]) -> list[ListedProject]:
    """Return the projects of an answer that can be read, by name; those switched off are left out.

    Raises:
        ProtocolError: it is no list of projects, or not the whole one. Fewer projects must not
            look like a success.
    """
    entries = answer.get("projects")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ProtocolError("IAM gave no list of projects", hint="Check iam_url")
    links = answer.get("links")
    if isinstance(links, dict) and links.get("next"):
        raise ProtocolError("IAM lists the projects in parts, which is not understood")
    return sorted(project for entry in entries if (project := _project(entry)) is not None)


def _project(entry: Mapping[str, Any]) -> ListedProject | None:
    name = entry.get("name")
    region = name.partition("_")[0] if isinstance(name, str) else ""
    if entry.get("enabled") is False or entry.get("is_domain") is True or not is_region(region):
        return None
    try:
        return ListedProject(str(name), checked_id(str(entry.get("id"))), region)
    except ValueError:
        raise ProtocolError(f"IAM lists the project {quoted(name)!r} without a usable id") from None
