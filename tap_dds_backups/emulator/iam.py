"""The IAM host: sign-in by password, temporary keys, the projects of the user, versions."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from tap_dds_backups.emulator.answers import Answer, ApiError, Request, iam_error, json_answer
from tap_dds_backups.emulator.iam_bodies import (
    credential_body,
    projects_body,
    token_body,
    versions_body,
)
from tap_dds_backups.emulator.identity import Identity
from tap_dds_backups.emulator.rows import Project

NAMES = {
    ("POST", "/v3/auth/tokens"): "sign-in",
    ("POST", "/v3.0/OS-CREDENTIAL/securitytokens"): "temporary-key",
    ("GET", "/v3/auth/projects"): "projects",
    ("GET", "/v3/projects"): "projects",
    ("GET", "/"): "versions",
    ("GET", "/v3"): "versions",
    ("GET", "/v3/"): "versions",
}
SHORTEST, LONGEST = 900, 86_400


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
            "temporary-key": self._temporary_key,
            "projects": self._list_projects,
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
        at_root = request.path == "/"
        return json_answer(300 if at_root else 200, versions_body(self._iam_url, at_root=at_root))

    def _sign_in(self, request: Request, now: float) -> Answer:
        auth = _object(_json_object(request.body), "auth")
        identity = _object(auth, "identity")
        if identity.get("methods") != ["password"]:
            raise iam_error(400, "Bad Request", "Only the method password is spoken here.")
        self._check_password(_object(_object(identity, "password"), "user"))
        project = self._scope(auth.get("scope"))
        text, token = self._identity.issue_token(project.id if project else "", now=now)
        bare = ("nocatalog", "true") in request.parameters()
        urls = None if bare else (self._dds_url, self._iam_url)
        body = token_body(token, self._identity.user, project, urls)
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

    def _scope(self, scope: Any) -> Project | None:
        """The project; None for the whole account, which is no use for DDS."""
        given = scope.get("project") if isinstance(scope, dict) else None
        if not isinstance(given, dict):
            return None
        for known in self._projects.values():
            if (
                given.get("id", known.id) == known.id
                and given.get("name", known.name) == known.name
            ):
                return known
        raise iam_error(401, "Unauthorized", "The project is not found or not open to this user.")

    def _list_projects(self, request: Request, now: float) -> Answer:
        self._admit(request, now)
        given = dict(request.parameters())
        found = [p for p in self._projects.values() if given.get("name", p.name) == p.name]
        return json_answer(200, projects_body(found, self._identity.user, self._iam_url, given))

    def _temporary_key(self, request: Request, now: float) -> Answer:
        """A temporary key from a token, or for an agency (IAM API, "temporary access keys")."""
        identity = _object(_object(_json_object(request.body), "auth"), "identity")
        methods = identity.get("methods")
        if methods == ["assume_role"]:
            self._admit(request, now)
            asked = _object(identity, "assume_role")
            self._check_agency(asked)
        elif methods == ["token"]:
            asked = identity.get("token") or {}
            self._use_token(asked.get("id") or request.headers.get("x-auth-token", ""), now)
        else:
            raise iam_error(400, "Bad Request", "The method is token or assume_role.")
        seconds = asked.get("duration_seconds", SHORTEST)
        if not isinstance(seconds, int) or not SHORTEST <= seconds <= LONGEST:
            raise iam_error(400, "Bad Request", "duration_seconds is 900 to 86400.")
        key = self._identity.issue_temporary_key(now=now, seconds=seconds)
        return json_answer(201, {"credential": credential_body(key)})

    def _check_agency(self, asked: dict[str, Any]) -> None:
        user = self._identity.user
        if user.domain_name != asked.get("domain_name") and user.domain_id != asked.get(
            "domain_id"
        ):
            raise iam_error(404, "Not Found", "The delegating account is not found.")
        if asked.get("agency_name") != user.agency_name:
            raise iam_error(404, "Not Found", "The agency is not found.")

    def _admit(self, request: Request, now: float) -> None:
        try:
            self._identity.admit(request, now=now)
        except ApiError:
            message = "The request you have made requires authentication."
            raise iam_error(401, "Unauthorized", message) from None

    def _use_token(self, text: str, now: float) -> None:
        try:
            self._identity.use_token(text, now=now)
        except ApiError:
            raise iam_error(401, "Unauthorized", "The token is not valid.") from None


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
