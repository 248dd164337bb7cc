"""Signatures against the published vectors, and what must not change them."""

from __future__ import annotations

import hashlib

import pytest

from tap_dds_backups.api.http import Request
from tap_dds_backups.api.signing import canonical_request, host_header, sign

# Sample values that the API signing guide publishes.
GUIDE_KEY = "QTWAOYTTINDUT2QVKYUC"
GUIDE_SECRET = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
GUIDE_URL = (
    "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
    "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
)
GUIDE_DATE = "20191115T033655Z"
JSON = {"Content-Type": "application/json"}
# Sample values of the vendor SDK's own signer tests.
SDK_URL = "https://service.endpoint.myhuaweicloud.com/resources?size=1"
SDK_DATE = "20200608T023900Z"
PAGE_URL = (
    "https://dds.eu-west-0.example.com/v3/p1/backups?begin_time=2024-05-01%2000:00:00&limit=100"
)


SDK_KEYS = {"access_key": "AccessKey", "secret_key": "SecretKey", "sdk_date": SDK_DATE}
GUIDE_KEYS = {"access_key": GUIDE_KEY, "secret_key": GUIDE_SECRET, "sdk_date": GUIDE_DATE}


def signature(request: Request, keys: dict[str, str] = SDK_KEYS) -> str:
    """Sign without a project, as the vectors do, and return the bare signature."""
    headers = sign(request, project_id=None, **keys)
    return headers["Authorization"].rpartition("Signature=")[2]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            Request("GET", GUIDE_URL, JSON),
            "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
        ),
        (
            Request("GET", GUIDE_URL),
            "faafba090046ef84c81ca330e77576d8746733ddfcf0317aaeb59cff50da39a7",
        ),
    ],
)
def test_guide_vector(request_: Request, expected: str) -> None:
    """The example of the API signing guide comes out, with and without its Content-Type."""
    assert signature(request_, GUIDE_KEYS) == expected


def test_guide_canonical_request_hash() -> None:
    """The guide's intermediate value comes out too, so that a wrong signature can be located."""
    signed = {
        "content-type": "application/json",
        "host": "service.region.example.com",
        "x-sdk-date": GUIDE_DATE,
    }
    text = canonical_request(Request("GET", GUIDE_URL), signed)
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (
            Request("GET", SDK_URL),
            "cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842",
        ),
        (
            Request("POST", SDK_URL, body=b'{"name":"test","id":1}'),
            "436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323a1f",
        ),
    ],
)
def test_sdk_vector(request_: Request, expected: str) -> None:
    """The vectors of the vendor SDK's signer tests come out, with and without a body."""
    assert signature(request_) == expected


def test_signed_headers_are_named() -> None:
    """Project and security token are covered by the signature and sent beside it."""
    headers = sign(
        Request("GET", PAGE_URL, {"X-Language": "en-us"}),
        access_key="AK",
        secret_key="SK",
        project_id="p1",
        security_token="T",
        sdk_date=SDK_DATE,
    )
    assert set(headers) == {
        "X-Sdk-Date",
        "X-Project-Id",
        "X-Security-Token",
        "Authorization",
    }
    assert headers["Authorization"].startswith(
        "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-project-id;x-sdk-date;x-security-token, "
    )


@pytest.mark.parametrize(
    "change",
    [
        {"url": PAGE_URL.replace("limit=100", "limit=99")},
        {"url": PAGE_URL.replace("/p1/", "/p2/")},
        {"url": PAGE_URL.replace("eu-west-0", "eu-west-1")},
        {"method": "POST"},
        {"body": b"{}"},
        {"headers": JSON},
        {"project_id": "p2"},
        {"security_token": "T2"},
        {"sdk_date": "20200608T023901Z"},
        {"secret_key": "SL"},
    ],
    ids=["query", "path", "host", "method", "body", "type", "project", "token", "date", "key"],
)
def test_everything_signed_matters(change: dict[str, object]) -> None:
    """A change of anything that is to be covered changes the signature."""

    def signed(**changes: object) -> str:
        parts = {"method": "GET", "url": PAGE_URL, "headers": {}, "body": b""}
        keys = {"access_key": "AK", "secret_key": "SK", "project_id": "p1", "security_token": "T"}
        keys["sdk_date"] = SDK_DATE
        request = Request(**{name: changes.get(name, value) for name, value in parts.items()})  # type: ignore[arg-type]  # parts by their names
        arguments = {name: changes.get(name, value) for name, value in keys.items()}
        return sign(request, **arguments)["Authorization"].rpartition("=")[2]  # type: ignore[arg-type]  # parts by their names

    assert signed(**change) != signed()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("?a=1&b=2", "?b=2&a=1"),
        ("?t=2024-05-01%2000:00:00", "?t=2024-05-01%2000%3A00%3A00"),
        ("?a=x%7ey", "?a=x~y"),
        ("?a=", "?a"),
        ("", "?"),
    ],
)
def test_spellings_of_one_query(one: str, other: str) -> None:
    """Order and escaping of a query that mean the same are signed the same."""
    base = "https://h.example.com/v3/p/backups"
    assert signature(Request("GET", base + one)) == signature(Request("GET", base + other))


def test_canonical_form_of_path_and_query() -> None:
    """Every reserved character is escaped, and only the canonical path ends with a slash."""
    lines = canonical_request(Request("get", "https://h.example.com/a+b:c/~d?t=1+1:2/~"), {})
    assert lines.splitlines()[:3] == ["GET", "/a%2Bb%3Ac/~d/", "t=1%2B1%3A2%2F~"]


def test_plus_is_a_plus() -> None:
    """A plus is signed as itself, never as a blank: the service would see another value."""
    base = "https://h.example.com/a%2Bb?t="
    assert signature(Request("GET", base)) == signature(Request("GET", base.replace("%2B", "+")))
    assert signature(Request("GET", base)) != signature(Request("GET", base.replace("%2B", "%20")))
    assert signature(Request("GET", base + "a+b")) != signature(Request("GET", base + "a%20b"))
    assert signature(Request("GET", base + "a+b")) == signature(Request("GET", base + "a%2Bb"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Dds.Example.com/v3", "dds.example.com"),
        ("https://dds.example.com:443/v3", "dds.example.com"),
        ("https://dds.example.com:8443/v3", "dds.example.com:8443"),
        ("http://127.0.0.1:80/v3", "127.0.0.1"),
        ("http://127.0.0.1:443/v3", "127.0.0.1:443"),
        ("http://[::1]:8080/v3", "[::1]:8080"),
    ],
)
def test_host_header(url: str, expected: str) -> None:
    """The signed host is the one that HTTP libraries send."""
    assert host_header(url) == expected


def test_signing_twice_gives_the_same() -> None:
    """A request that already carries signature headers is signed anew, not on top of them."""
    bare = Request("GET", PAGE_URL)
    keys = {"access_key": "AK", "secret_key": "SK", "project_id": "p1", "sdk_date": SDK_DATE}
    once = sign(bare, **keys)
    assert sign(Request("GET", PAGE_URL, once), **keys) == once
