"""The password sign-in of IAM: the request, and what its answer means.

POST {iam_url}/v3/auth/tokens (IAM API, "Obtaining a User Token Through Password
Authentication"). The token comes in a header, its times in the body.
"""

from __future__ import annotations

import json
import re
from typing import Any

from msgspec import Struct

from tap_dds_backups.api.errors import (
    AccessDenied,
    DdsError,
    NotFound,
    ProtocolError,
    RequestRefused,
    SignInError,
)
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.secret import Revealed, RevealedBytes, Secret
from tap_dds_backups.api.times import parse_time, to_seconds

USUAL_LIFE = 24 * 3600.0
# The gateway takes 32 KB of one header, so a longer token could never be used.
TOKEN_LIMIT = 32 * 1024

_TOKEN = re.compile(r"[!-~]+")
_REFUSALS = (SignInError, AccessDenied, RequestRefused, NotFound)
_CAUSES = (
    "Check username (the IAM user, not the account), domain_name (the account), password and "
    "project_id (a project of this account and region). A HUAWEI ID, a federated user and a user "
    "with MFA cannot sign in with a password: create an IAM user, or use access_key and secret_key"
)


class IssuedToken(Struct, frozen=True):
    """A token and how long it lives, in seconds from its issue."""

    value: Secret
    life: float


def token_request(
    iam_url: str, *, username: str, password: str, domain_name: str, project_id: str | None
) -> Request:
    """Return the request for a token, without the service catalog.

    Its scope is one project, or the whole account where there is none.
    """
    user = {"name": username, "password": password, "domain": {"name": domain_name}}
    identity = {"methods": ["password"], "password": {"user": user}}
    project, account = {"project": {"id": project_id}}, {"domain": {"name": domain_name}}
    body = {"auth": {"identity": identity, "scope": project if project_id else account}}
    return Request(
        "POST",
        f"{iam_url}/v3/auth/tokens?nocatalog=true",
        {"Content-Type": "application/json;charset=utf8", "Accept": "application/json"},
        RevealedBytes(json.dumps(body).encode()),
    )


def issued_token(response: Response) -> IssuedToken:
    """Return the token of a successful answer. Raises ProtocolError where there is none."""
    value = Revealed(response.headers.get("x-subject-token", ""))
    if len(value) > TOKEN_LIMIT or not _TOKEN.fullmatch(value):
        raise ProtocolError(
            "IAM answered the sign-in without a usable X-Subject-Token",
            hint="Check that iam_url is the address of IAM",
            status=response.status,
        )
    return IssuedToken(Secret(value), _life(response.body))


def _life(body: bytes) -> float:
    try:
        token = json.loads(body)["token"]
        life = _seconds(token["expires_at"]) - _seconds(token["issued_at"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return USUAL_LIFE  # a renewal too late is repaired by the 401 that follows
    return life if life > 0 else USUAL_LIFE


def _seconds(text: Any) -> float:
    time = parse_time(text) if isinstance(text, str) else None
    if time is None:
        raise ValueError
    return to_seconds(time)


def explained(error: DdsError, secret: Secret) -> DdsError:
    """Turn a refusal of the sign-in into a SignInError that names the usual causes.

    An outage stays what it is. A server may repeat what it was sent: `secret` is taken out.
    """
    if not isinstance(error, _REFUSALS):
        return error
    said = error.message.replace(secret.reveal(), "<secret>")
    causes = f"Check iam_url. {_CAUSES}" if isinstance(error, NotFound) else _CAUSES
    return SignInError(
        f"IAM refused the sign-in: {said}",
        hint=causes,
        error_code=error.error_code,
        request_id=error.request_id,
        status=error.status,
        server_time=error.server_time,
    )
