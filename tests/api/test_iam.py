"""The request of the password sign-in, and what is made of its answers."""

from __future__ import annotations

import json

import pytest

from tap_dds_backups.api.errors import (
    AccessDenied,
    DdsError,
    NotFound,
    ProtocolError,
    RequestRefused,
    ServiceUnavailable,
    SignInError,
)
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.iam import USUAL_LIFE, explained, issued_token, token_request
from tap_dds_backups.api.secret import Secret
from tests.api.iam_double import issued


def test_request() -> None:
    """The body is the one of the IAM manual: password method, scope of one project by id."""
    request = token_request(
        "https://iam.example.com", username="u", password="p\u00e9", domain_name="d", project_id="1"
    )
    assert (request.method, request.url) == (
        "POST",
        "https://iam.example.com/v3/auth/tokens?nocatalog=true",
    )
    assert request.headers["Content-Type"].startswith("application/json")
    assert json.loads(request.body) == {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "u", "password": "p\u00e9", "domain": {"name": "d"}}},
            },
            "scope": {"project": {"id": "1"}},
        }
    }
    assert "p\u00e9" not in repr(request)


def test_token_and_its_life() -> None:
    """The token comes from the header, its life from the two times of the body."""
    token = issued_token(issued("T-1", 1_700_000_000, 3600))
    assert (token.value.reveal(), token.life) == ("T-1", 3600)
    assert "T-1" not in repr(token)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"token":null}',
        b'{"token":{"expires_at":"2024-01-02T00:00:00Z"}}',
        b'{"token":{"expires_at":"soon","issued_at":"2024-01-02T00:00:00Z"}}',
        b'{"token":{"expires_at":1,"issued_at":0}}',
        b'{"token":{"expires_at":"2024-01-01T00:00:00Z","issued_at":"2024-01-02T00:00:00Z"}}',
        b"[" * 100_000,
    ],
    ids=["empty", "list", "object", "null", "no issue", "no time", "numbers", "backwards", "deep"],
)
def test_life_unknown(body: bytes) -> None:
    """Without usable times a token is taken to live as long as tokens usually do."""
    assert issued_token(Response(201, {"x-subject-token": "T"}, body)).life == USUAL_LIFE


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-subject-token": ""}, {"x-subject-token": "a b"}, {"x-subject-token": "T" * 40_000}],
    ids=["none", "empty", "blank", "huge"],
)
def test_no_usable_token(headers: dict[str, str]) -> None:
    """A success without a token that could be sent on is an answer that is none."""
    with pytest.raises(ProtocolError, match="X-Subject-Token"):
        issued_token(Response(201, headers, b"{}"))


@pytest.mark.parametrize("kind", [SignInError, AccessDenied, RequestRefused, NotFound])
def test_refusals_name_the_usual_causes(kind: type[DdsError]) -> None:
    """Each kind of refusal names what is usually wrong, and keeps the service's marks."""
    said = kind("wrong p-CANARY", error_code="IAM.1", request_id="r-1", status=401)
    error = explained(said, Secret("p-CANARY"))
    assert isinstance(error, SignInError)
    text = str(error)
    for cause in ("username", "account", "HUAWEI ID", "federated", "MFA", "project_id"):
        assert cause in text
    assert "[IAM.1, request r-1]" in text
    assert "CANARY" not in text
    assert "\n" not in text
    assert ("iam_url" in text) is (kind is NotFound)


def test_outage_stays_an_outage() -> None:
    """What says nothing about the credentials is not called a refusal."""
    outage = ServiceUnavailable("down")
    assert explained(outage, Secret("p")) is outage
