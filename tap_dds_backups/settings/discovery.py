"""Finding the projects of an account instead of naming them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tap_dds_backups.api.endpoints import dds_url, global_iam_url, iam_url
from tap_dds_backups.api.projects import ListedProject
from tap_dds_backups.settings.projects import Project
from tap_dds_backups.settings.setting import SignInKind


class Discovery(NamedTuple):
    """Where the projects are listed, which of them are read, and where their services are.

    `api_url` serves all of them where it is set; else each is read from its region of the cloud.
    """

    iam_url: str
    cloud: str
    api_url: str | None = None
    pattern: str | None = None

    @property
    def host(self) -> str:
        """An address of the cloud that is read."""
        return self.api_url or f"https://{self.cloud}"

    def projects(self, listed: Iterable[ListedProject]) -> tuple[Project, ...]:
        """Return those that match, in the order given. They sign in where they were listed."""
        return tuple(
            Project(
                each.project_id,
                self.api_url or dds_url(each.region, self.cloud),
                self.iam_url,
                each.region,
            )
            for each in listed
            if self.pattern is None or fnmatchcase(each.name, self.pattern)
        )


def discovery_from(
    values: Mapping[str, Any],
    given: set[str],
    kinds: list[SignInKind] | None,
    problems: list[str],
) -> Discovery | None:
    """Return how projects are found; None where they are named, or with a problem."""
    if values["discover_projects"] is not True:
        if "project_name_pattern" in given:
            problems.append("project_name_pattern needs discover_projects")
        return None
    if named := sorted(given & {"project_id", "projects"}):
        problems.append(f"discover_projects finds the projects: leave out {' and '.join(named)}")
    if kinds == ["token"]:
        problems.append("auth_token serves one project: discover_projects needs another sign-in")
    iam = _iam_url(values)
    if iam is None and not given & {"iam_url", "region"}:
        problems.append("iam_url or region must be given for discover_projects in this cloud")
    if iam is None:
        return None
    return Discovery(iam, values["cloud"], values["api_url"], values["project_name_pattern"])


def _iam_url(values: Mapping[str, Any]) -> str | None:
    region, cloud = values["region"], values["cloud"]
    built = iam_url(region, cloud) if region else global_iam_url(cloud)
    return values["iam_url"] or built
