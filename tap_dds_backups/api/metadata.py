"""Temporary key pairs that a cloud server or a pod is given for its agency.

A server asks its metadata service (ECS user guide, "Metadata"): version 2 wants a token of its own
first, where that is not spoken version 1 does without. A pod asks the address that its environment
names, with a token from a file that is written anew from time to time (CCE user guide, "Pod
identity").
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tap_dds_backups.api.errors import (
    ConfigError,
    DdsError,
    ProtocolError,
    ServiceUnavailable,
    SignInError,
)
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.responses import server_time
from tap_dds_backups.api.secret import Revealed
from tap_dds_backups.api.temporary import TemporaryKey, temporary_key

ONLY_VERSION_1 = (404, 405, 503)
TOKEN_SECONDS = 60  # it serves the request that follows
TOKEN_LIMIT = 32 * 1024
_NO_AGENCY = b"configure Cloud Service Agency"
_ON_A_SERVER = (
    "credential_source ecs_agency works on a cloud server to which an agency was given (console: "
    "the server's page, Management Information, Agency)"
)
_IN_A_POD = (
    "credential_source pod_identity works in a pod whose service account is associated with an "
    "agency"
)

Judge = Callable[[Response, Request, float], Any]
Ask = Callable[[Request, Judge], Any]


def server_key(ask: Ask, url: str) -> TemporaryKey:
    """Return the key pair of this machine's agency. Raises DdsError."""
    ttl = {"X-Metadata-Token-Ttl-Seconds": str(TOKEN_SECONDS)}
    token = ask(Request("PUT", f"{url}/meta-data/latest/api/token", ttl), _metadata_token)
    headers = {"X-Metadata-Token": token} if token else {}
    wanted = Request("GET", f"{url}/openstack/latest/securitykey", headers)
    key: TemporaryKey = ask(wanted, _judge("credential"))
    return key


def pod_key(ask: Ask, url: str, token_file: str) -> TemporaryKey:
    """Return the key pair of this pod's agency. Raises DdsError."""
    headers = {"Authorization": _token_in(token_file), "Content-Type": "application/json"}
    key: TemporaryKey = ask(Request("POST", url, headers, b"{}"), _judge("credentials"))
    return key


def on_a_server(error: DdsError) -> DdsError:
    """Say where a machine's key pair comes from, since it did not come."""
    error.hint = _ON_A_SERVER
    return error


def in_a_pod(error: DdsError) -> DdsError:
    """Say where a pod's key pair comes from, since it did not come."""
    error.hint = _IN_A_POD
    return error


def _token_in(path: str) -> str:
    try:
        token = Revealed(Path(path).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        token = Revealed()
    if not _fits_a_header(token):
        raise ConfigError(["HC_CONTAINER_AUTHORIZATION_TOKEN_FILE names no file with a token"])
    return token


def _fits_a_header(text: str) -> bool:
    return 0 < len(text) <= TOKEN_LIMIT and text.isascii() and text.isprintable()


def _metadata_token(response: Response, signed: Request, received: float) -> str | None:  # noqa: ARG001  # a Judge's
    """The token; None where only version 1 is spoken."""
    if response.status in ONLY_VERSION_1:
        return None
    token = Revealed(response.body.decode("latin-1").strip())
    if response.status != 200 or not _fits_a_header(token):
        raise _refused(response)
    return token


def _judge(part: str) -> Judge:
    def judge(response: Response, signed: Request, received: float) -> TemporaryKey:  # noqa: ARG001  # a Judge's
        if response.status != 200:
            raise _refused(response)
        date = server_time(response)
        return temporary_key(_part(response.body, part), received if date is None else date)

    return judge


def _part(body: bytes, name: str) -> object:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    return answer.get(name) if isinstance(answer, dict) else None


def _refused(response: Response) -> DdsError:
    """The error for an answer without a key pair; its text is not repeated."""
    status = response.status
    if _NO_AGENCY in response.body:
        return SignInError("this machine has no agency", status=status)
    if status in {401, 403}:
        return SignInError(f"the metadata service refuses a key pair (status {status})")
    if status >= 500 or status == 429:
        return ServiceUnavailable(f"the metadata service failed (status {status})", status=status)
    text = f"the metadata service gave an answer that is none (status {status})"
    return ProtocolError(text, status=status)
