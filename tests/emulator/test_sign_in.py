"""Sign-in by password, the life of a token, and the documents that clients ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tap_dds_backups.emulator import Emulator, Identity, Project, Store, plain_store
from tests.emulator.client import Reply, call, list_url, listed, sign_in_body

NOON = 1_700_000_000.0


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A service with three backups."""
    with Emulator(plain_store(3, until=NOON), clock=lambda: NOON) as running:
        yield running


def sign_in(emulator: Emulator, body: bytes | None = None, query: str = "") -> Reply:
    """A sign-in by password."""
    body = sign_in_body(emulator.config("password")) if body is None else body
    headers = {"Content-Type": "application/json;charset=utf8"}
    return call(f"{emulator.iam_url}/v3/auth/tokens{query}", "POST", headers, body)


def test_the_token_comes_in_the_header_and_its_facts_in_the_body(emulator: Emulator) -> None:
    """201, X-Subject-Token, and a body with life, project, user, roles and catalog."""
    reply = sign_in(emulator)
    token = reply.json["token"]
    project = emulator.store.project
    assert reply.status == 201
    assert token["issued_at"] == "2023-11-14T22:13:20.000000Z"
    assert token["expires_at"] == "2023-11-15T22:13:20.000000Z"
    assert token["methods"] == ["password"]
    assert (token["project"]["id"], token["project"]["name"]) == (project.id, project.name)
    assert token["user"]["name"] == emulator.config("password")["username"]
    assert token["user"]["domain"] == token["project"]["domain"]
    assert {"roles", "catalog"} < set(token)
    header = {"X-Auth-Token": reply.headers["x-subject-token"]}
    assert call(list_url(emulator), headers=header).json["total_count"] == 3


def test_the_catalog_names_the_list_service(emulator: Emulator) -> None:
    """An entry of type ddsv3 points at the project; nocatalog=true leaves the catalog out."""
    catalog = sign_in(emulator).json["token"]["catalog"]
    entry = next(entry for entry in catalog if entry["type"] == "ddsv3")
    assert entry["endpoints"][0]["url"] == f"{emulator.url}/v3/{emulator.store.project.id}"
    assert sign_in(emulator, query="?nocatalog=true").json["token"]["catalog"] == []


@pytest.mark.parametrize("field", ["username", "password", "domain_name"])
def test_wrong_credentials_are_refused_in_iams_shape(emulator: Emulator, field: str) -> None:
    """User, password and account name must all be right."""
    config = {**emulator.config("password"), field: "wrong"}
    reply = sign_in(emulator, sign_in_body(config))
    assert reply.status == 401
    assert set(reply.json["error"]) == {"code", "message", "title"}
    assert (reply.json["error"]["code"], reply.json["error"]["title"]) == (401, "Unauthorized")
    assert "x-subject-token" not in reply.headers


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"{}", b'{"auth":{}}', b'{"auth":{"identity":{"methods":["totp"]}}}'],
)
def test_a_body_that_is_none_is_a_400(emulator: Emulator, body: bytes) -> None:
    """A body without the parts of a sign-in is refused before any look at credentials."""
    reply = sign_in(emulator, body)
    assert (reply.status, reply.json["error"]["title"]) == (400, "Bad Request")


def test_a_project_can_be_named(emulator: Emulator) -> None:
    """The scope takes the project's name as well as its id, and refuses an unknown one."""
    config, project = emulator.config("password"), emulator.store.project
    named = {"project": {"name": project.name}}
    assert sign_in(emulator, sign_in_body(config, scope=named)).json["token"]["project"]["id"]
    unknown = sign_in_body({**config, "project_id": "0" * 32})
    assert sign_in(emulator, unknown).status == 401


def test_a_token_of_the_account_is_no_use_for_a_project(emulator: Emulator) -> None:
    """Domain scope gives a token with a domain and no project, which DDS refuses."""
    config = emulator.config("password")
    scope = {"domain": {"name": config["domain_name"]}}
    reply = sign_in(emulator, sign_in_body(config, scope=scope))
    assert "project" not in reply.json["token"]
    assert reply.json["token"]["domain"]["name"] == config["domain_name"]
    header = {"X-Auth-Token": reply.headers["x-subject-token"]}
    assert call(list_url(emulator), headers=header).status == 403


@pytest.mark.parametrize(("path", "status"), [("/", 300), ("/v3", 200), ("/v3/", 200)])
def test_version_documents(emulator: Emulator, path: str, status: int) -> None:
    """A generic OpenStack client finds version 3 at the root and at /v3."""
    reply = call(emulator.iam_url + path)
    version = reply.json["version"] if status == 200 else reply.json["versions"]["values"][0]
    assert (reply.status, version["id"], version["status"]) == (status, "v3.6", "stable")
    assert version["links"][0]["href"] == f"{emulator.iam_url}/v3/"


def test_the_hosts_do_not_answer_for_each_other(emulator: Emulator) -> None:
    """DDS does not sign in and IAM does not list."""
    path = f"/v3/{emulator.store.project.id}/backups"
    assert call(emulator.iam_url + path).status == 404
    body = sign_in_body(emulator.config("password"))
    assert call(emulator.url + "/v3/auth/tokens", "POST", {}, body).status == 401


@pytest.mark.parametrize(
    ("expired_as", "status"),
    [("APIGW.0301", 401), ("APIGW.0307", 401), ("DBS.280056", 401), ("DBS.280015", 400)],
)
def test_a_token_ends_by_time(expired_as: str, status: int) -> None:
    """After its life a token is refused, under each code that was seen for it."""
    now = [NOON]
    identity = Identity(token_seconds=60, expired_as=expired_as)
    with Emulator(identity=identity, clock=lambda: now[0]) as emulator:
        token = {"X-Auth-Token": sign_in(emulator).headers["x-subject-token"]}
        now[0] += 59
        assert call(list_url(emulator), headers=token).status == 200
        now[0] += 1
        reply = call(list_url(emulator), headers=token)
    assert (reply.status, reply.json["error_code"]) == (status, expired_as)


def test_a_token_ends_by_number_of_requests() -> None:
    """A token serves so many requests; a new one serves again."""
    with Emulator(identity=Identity(token_requests=3)) as emulator:
        first = {"X-Auth-Token": sign_in(emulator).headers["x-subject-token"]}
        statuses = [call(list_url(emulator), headers=first).status for _ in range(4)]
        second = {"X-Auth-Token": sign_in(emulator).headers["x-subject-token"]}
        assert call(list_url(emulator), headers=second).status == 200
    assert statuses == [200, 200, 200, 401]


def test_all_tokens_can_be_ended_at_once(emulator: Emulator) -> None:
    """What a change of password does: the static token is refused from then on."""
    assert listed(emulator).status == 200
    emulator.expire_tokens()
    assert listed(emulator).status == 401


@pytest.mark.parametrize(
    ("headers", "reason"), [({}, "not found"), ({"X-Auth-Token": "x"}, "decrypt")]
)
def test_no_token_and_a_strange_token(
    emulator: Emulator, headers: dict[str, str], reason: str
) -> None:
    """The gateway's own words for both."""
    reply = call(list_url(emulator), headers=headers)
    assert (reply.status, reply.json["error_code"]) == (401, "APIGW.0301")
    assert reason in reply.json["error_msg"]


def test_settings_are_ready_made(emulator: Emulator) -> None:
    """Each way to sign in has the hosts, the project and its own fields."""
    common = {"project_id", "api_url", "iam_url"}
    fields: dict[str, Any] = {
        way: set(config) - common for way, config in emulator.configs().items()
    }
    assert fields == {
        "token": {"auth_token"},
        "password": {"username", "password", "domain_name"},
        "access_key": {"access_key", "secret_key"},
    }
    json.dumps(emulator.configs())


def test_credentials_hang_on_the_seed() -> None:
    """The same seed gives the same keys and tokens."""

    def secrets(seed: int) -> dict[str, dict[str, Any]]:
        emulator = Emulator(Store(Project("a" * 32)), identity=Identity(seed=seed))
        with emulator:
            configs = emulator.configs()
        urls = ("api_url", "iam_url")
        return {way: {k: v for k, v in c.items() if k not in urls} for way, c in configs.items()}

    assert secrets(1) == secrets(1)
    assert secrets(1)["token"] != secrets(2)["token"]
