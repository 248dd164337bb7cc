"""Temporary key pairs of an agency that is assumed.

POST {iam_url}/v3.0/OS-CREDENTIAL/securitytokens (IAM API, "Obtaining a Temporary Access Key and
Security Token Through an Agency"), signed or with a token of the one who assumes.
"""

from __future__ import annotations

import json

from tap_dds_backups.api.endpoints import host_of
from tap_dds_backups.api.errors import (
    AccessDenied,
    DdsError,
    NotFound,
    RequestRefused,
    SignInError,
)
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.redaction import secrets_in
from tap_dds_backups.api.responses import object_from, server_time
from tap_dds_backups.api.temporary import TemporaryKey, temporary_key

KEY_SECONDS = 3_600  # 900 to 86,400 are taken; an hour limits what a lost key can do

_REFUSALS = (SignInError, AccessDenied, RequestRefused, NotFound)


def assume_request(iam_url: str, *, agency_name: str, domain_name: str) -> Request:
    """Return the request for a key pair of the agency `agency_name` in the account that made it."""
    asked = {
        "agency_name": agency_name,
        "domain_name": domain_name,
        "duration_seconds": KEY_SECONDS,
    }
    body = {"auth": {"identity": {"methods": ["assume_role"], "assume_role": asked}}}
    return Request(
        "POST",
        f"{iam_url}/v3.0/OS-CREDENTIAL/securitytokens",
        {"Content-Type": "application/json;charset=utf8", "Accept": "application/json"},
        json.dumps(body).encode(),
    )


def assumed_key(response: Response, signed: Request, received: float) -> TemporaryKey:
    """Return the key pair of an answer that came at `received`, our clock. Raises DdsError."""
    answer = object_from(response, host_of(signed.url), secrets_in(signed), received)
    date = server_time(response)
    return temporary_key(answer.get("credential"), received if date is None else date)


def explained(error: DdsError) -> DdsError:
    """Turn a refusal into a SignInError that names the usual causes. An outage stays what it is."""
    if not isinstance(error, _REFUSALS):
        return error
    return SignInError(
        f"the agency could not be assumed: {error.message}",
        hint=(
            "Check agency_name, agency_domain_name (the account that made the agency), the sign-in, "
            "and that its user may assume agencies (Agent Operator)"
        ),
        error_code=error.error_code,
        request_id=error.request_id,
        status=error.status,
        server_time=error.server_time,
    )
