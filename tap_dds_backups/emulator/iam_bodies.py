"""What IAM writes: tokens, catalogs, projects, temporary keys, version documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tap_dds_backups.emulator.answers import iam_error
from tap_dds_backups.emulator.identity import AccessKey, Token, User
from tap_dds_backups.emulator.rows import Project
from tap_dds_backups.emulator.times import iam_time

Body = dict[str, Any]

# Every account has this project of the object storage: its name is no region.
OBJECT_STORAGE = Project("0" * 31 + "1", "MOS", "MOS")


def token_body(
    token: Token, user: User, project: Project | None, urls: tuple[str, str] | None
) -> Body:
    """What IAM tells of a token; `urls` are those of DDS and IAM, None leaves the catalog out.

    (IAM API, "Obtaining a User Token Through Password Authentication".)
    """
    domain = {"id": user.domain_id, "name": user.domain_name}
    body: Body = {
        "expires_at": iam_time(token.expires_at),
        "issued_at": iam_time(token.issued_at),
        "methods": ["password"],
        "roles": [{"id": "0", "name": "te_agency"}, {"id": "0", "name": "op_gated_dds"}],
        "user": {"id": user.id, "name": user.name, "domain": domain, "password_expires_at": ""},
        "catalog": _catalog(project, *urls) if urls else [],
    }
    if project:
        body["project"] = {"id": project.id, "name": project.name, "domain": domain}
    else:
        body["domain"] = domain
    return {"token": body}


def _catalog(project: Project | None, dds_url: str, iam_url: str) -> list[Body]:
    entries = [_entry("identity", "iam", "*", f"{iam_url}/v3")]
    if project:
        url = f"{dds_url}/v3/{project.id}"
        entries.append(_entry("ddsv3", "ddsv3", project.region, url))
    return entries


def _entry(kind: str, name: str, region: str, url: str) -> Body:
    endpoint = {"interface": "public", "region": region, "region_id": region, "url": url}
    return {"type": kind, "name": name, "id": name, "endpoints": [{"id": name, **endpoint}]}


def projects_body(
    projects: Sequence[Project], user: User, iam_url: str, given: Mapping[str, str]
) -> Body:
    """The list of projects; `page` and `per_page` come together or not at all.

    Raises:
        ApiError: where one of the two is missing or out of range.
    """
    listed = [*projects, OBJECT_STORAGE] if "name" not in given else [*projects]
    if ("page" in given) != ("per_page" in given):
        raise iam_error(400, "Bad Request", "page and per_page are given together.")
    if "page" in given:
        if not (given["page"].isdigit() and given["per_page"].isdigit()):
            raise iam_error(400, "Bad Request", "page and per_page are numbers.")
        page, size = int(given["page"]), int(given["per_page"])
        if page < 1 or not 1 <= size <= 5_000:
            raise iam_error(400, "Bad Request", "page is from 1, per_page from 1 to 5000.")
        listed = listed[(page - 1) * size : page * size]
    links = {"next": None, "previous": None, "self": f"{iam_url}/v3/auth/projects"}
    return {"links": links, "projects": [_project(one, user, iam_url) for one in listed]}


def _project(project: Project, user: User, iam_url: str) -> Body:
    return {
        "id": project.id,
        "name": project.name,
        "description": "",
        "domain_id": user.domain_id,
        "parent_id": project.parent_id or user.domain_id,
        "enabled": project.enabled,
        "is_domain": False,
        "links": {"self": f"{iam_url}/v3/projects/{project.id}"},
    }


def credential_body(key: AccessKey) -> Body:
    """A temporary key as IAM and the metadata service write it."""
    return {
        "access": key.access_key,
        "secret": key.secret_key,
        "securitytoken": key.security_token,
        "expires_at": iam_time(key.expires_at),
    }


def versions_body(iam_url: str, *, at_root: bool) -> Body:
    """The version document, alone or in the list at the root."""
    version = {
        "id": "v3.6",
        "status": "stable",
        "updated": "2016-04-04T00:00:00Z",
        "media-types": [{"base": "application/json"}],
        "links": [{"rel": "self", "href": f"{iam_url}/v3/"}],
    }
    return {"versions": {"values": [version]}} if at_root else {"version": version}
