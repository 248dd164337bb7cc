"""The IAM host: sign-in by password, the projects of the user, version documents."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from tap_dds_backups.emulator.answers import Answer, Request, iam_error, json_answer
from tap_dds_backups.emulator.identity import Identity, Token
from tap_dds_backups.emulator.rows import Project
from tap_dds_backups.emulator.times import iam_time

NAMES = {
    ("POST", "/v3/auth/tokens"): "sign-in",
    ("GET", "/v3/auth/projects"): "projects",
    ("GET", "/v3/projects"): "projects",
    ("GET", "/"): "versions",
    ("GET", "/v3"): "versions",
    ("GET", "/v3/"): "versions",
}


class Iam:
    """Answers for one account. `dds_url` and `iam_url` go into the catalog."""

    def __init__(
        self, identity: Identity, projects: Mapping[str, Project], dds_url: str, iam_url: str
    ) -> None:
        self._identity = identity
        self._projects = projects
        self._dds_url = dds_url
        self._iam_url = iam_url
        self._calls: dict[str, Callable[[Request, float], Answer]] = {
            "sign-in": self._sign_in,
            "versions": self._versions,
        }

    def answer(self, name: str, request: Request, *, now: float) -> Answer:
        """The answer to the call of this name.

        Raises:
            ApiError: in IAM's shape.
        """
        if name not in self._calls:
            raise iam_error(404, "Not Found", "Could not find the requested resource.")
        return self._calls[name](request, now)

    def _versions(self, request: Request, _: float) -> Answer:
        version = {
            "id": "v3.6",
            "status": "stable",
            "updated": "2016-04-04T00:00:00Z",
            "media-types": [{"base": "application/json"}],
            "links": [{"rel": "self", "href": f"{self._iam_url}/v3/"}],
        }
        if request.path == "/":
            return json_answer(300, {"versions": {"values": [version]}})
        return json_answer(200, {"version": version})

    def _sign_in(self, request: Request, now: float) -> Answer:
        auth = _object(_json_object(request.body), "auth")
        identity = _object(auth, "identity")
        if identity.get("methods") != ["password"]:
            raise iam_error(400, "Bad Request", "Only the method password is spoken here.")
        self._check_password(_object(_object(identity, "password"), "user"))
        project_id = self._scope(auth.get("scope"))
        text, token = self._identity.issue_token(project_id, now=now)
        with_catalog = ("nocatalog", "true") not in request.parameters()
        body = {"token": self.token_body(token, catalog=with_catalog)}
        return json_answer(201, body, {"X-Subject-Token": text})

    def _check_password(self, given: dict[str, Any]) -> None:
        user = self._identity.user
        domain = _object(given, "domain")
        right = (
            given.get("name") == user.name or given.get("id") == user.id,
            domain.get("name") == user.domain_name or domain.get("id") == user.domain_id,
            hmac.compare_digest(str(given.get("password")).encode(), user.password.encode()),
        )
        if not all(right):
            raise iam_error(401, "Unauthorized", "The username or password is wrong.")

    def _scope(self, scope: Any) -> str:
        """The project's id; empty for the whole account, which is no use for DDS."""
        project = scope.get("project") if isinstance(scope, dict) else None
        if not isinstance(project, dict):
            return ""
        for known in self._projects.values():
            if (
                project.get("id", known.id) == known.id
                and project.get("name", known.name) == known.name
            ):
                return known.id
        raise iam_error(401, "Unauthorized", "The project is not found or not open to this user.")

    def token_body(self, token: Token, *, catalog: bool) -> dict[str, Any]:
        """What IAM tells of a token (IAM API, "Obtaining a User Token")."""
        user = self._identity.user
        domain = {"id": user.domain_id, "name": user.domain_name}
        body: dict[str, Any] = {
            "expires_at": iam_time(token.expires_at),
            "issued_at": iam_time(token.issued_at),
            "methods": ["password"],
            "roles": [{"id": "0", "name": "te_agency"}, {"id": "0", "name": "op_gated_dds"}],
            "user": {"id": user.id, "name": user.name, "domain": domain, "password_expires_at": ""},
        }
        if token.project_id:
            project = self._projects[token.project_id]
            body["project"] = {"id": project.id, "name": project.name, "domain": domain}
        else:
            body["domain"] = domain
        body["catalog"] = self._catalog(token.project_id) if catalog else []
        return body

    def _catalog(self, project_id: str) -> list[dict[str, Any]]:
        entries = [self._entry("identity", "iam", "*", f"{self._iam_url}/v3")]
        if project_id:
            region = self._projects[project_id].region
            entries.append(
                self._entry("ddsv3", "ddsv3", region, f"{self._dds_url}/v3/{project_id}")
            )
        return entries

    def _entry(self, kind: str, name: str, region: str, url: str) -> dict[str, Any]:
        endpoint = {"interface": "public", "region": region, "region_id": region, "url": url}
        return {"type": kind, "name": name, "id": name, "endpoints": [{"id": name, **endpoint}]}


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        raise iam_error(400, "Bad Request", "The request body is no JSON.") from None
    return _checked(value, "body")


def _object(holder: dict[str, Any], name: str) -> dict[str, Any]:
    return _checked(holder.get(name), name)


def _checked(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise iam_error(400, "Bad Request", f"The request body is invalid: {name} is missing.")
    return value
