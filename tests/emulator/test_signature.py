"""Signatures: the published vectors, and each way to be refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tap_dds_backups.emulator import Emulator, plain_store
from tap_dds_backups.emulator.answers import Request
from tap_dds_backups.emulator.signature import (
    SignatureRefused,
    check_signature,
    parse_authorization,
    signature,
)
from tests.emulator.client import Reply, call, list_url, signed_headers


class Vector(NamedTuple):
    """A signed request whose signature was published."""

    method: str
    url: str
    date: str
    secret_key: str
    signature: str
    content_type: str = ""
    body: bytes = b""


MANUAL_URL = (
    "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
    "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
)
MANUAL_KEY = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
SDK_URL = "https://service.endpoint.myhuaweicloud.com/resources"

# The API signing guide's example, once as printed and once without the content type, and two
# of the vendor's SDK for Python (test_signer.py). The keys are their published samples.
VECTORS = [
    Vector(
        "GET",
        MANUAL_URL,
        "20191115T033655Z",
        MANUAL_KEY,
        "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
        "application/json",
    ),
    Vector(
        "GET",
        MANUAL_URL,
        "20191115T033655Z",
        MANUAL_KEY,
        "faafba090046ef84c81ca330e77576d8746733ddfcf0317aaeb59cff50da39a7",
    ),
    Vector(
        "GET",
        SDK_URL + "?size=1",
        "20200608T023900Z",
        "SecretKey",
        "cfb4171acec81de07d50e53d57eb77edd537414d66ddb1d7d780f128e12cd842",
    ),
    Vector(
        "POST",
        SDK_URL + "?size=1",
        "20200608T023900Z",
        "SecretKey",
        "436b1ac0a1ae03705934bb70ef2f2e09f7bfed2117d731a38235053199323a1f",
        body=b'{"name":"test","id":1}',
    ),
]


def request_of(vector: Vector) -> tuple[Request, tuple[str, ...]]:
    """The request as the server reads it, and the names of its signed headers."""
    parts = urlsplit(vector.url)
    headers = {"host": parts.netloc, "x-sdk-date": vector.date}
    if vector.content_type:
        headers["content-type"] = vector.content_type
    request = Request(vector.method, parts.path, parts.query, headers, vector.body)
    return request, tuple(sorted(headers))


@pytest.mark.parametrize("vector", VECTORS)
def test_published_signatures(vector: Vector) -> None:
    """The published requests have the published signatures."""
    request, names = request_of(vector)
    assert signature(request, names, vector.secret_key) == vector.signature


def accept(request: Request, names: tuple[str, ...], hex_signature: str, now: float) -> None:
    """Check the manual's request with this Authorization header."""
    text = f"SDK-HMAC-SHA256 Access=AK, SignedHeaders={';'.join(names)}, Signature={hex_signature}"
    check_signature(request, parse_authorization(text), MANUAL_KEY, now=now)


MANUAL_NOW = 1_573_789_015.0  # 2019-11-15 03:36:55 UTC

CHANGES: dict[str, Callable[[Request], Request]] = {
    "method": lambda r: replace(r, method="POST"),
    "path": lambda r: replace(r, path=r.path + "x"),
    "query": lambda r: replace(r, raw_query=r.raw_query.replace("2", "3", 1)),
    "another parameter": lambda r: replace(r, raw_query=r.raw_query + "&a=1"),
    "host": lambda r: replace(r, headers={**r.headers, "host": "elsewhere"}),
    "content type": lambda r: replace(r, headers={**r.headers, "content-type": "text/plain"}),
    "date": lambda r: replace(r, headers={**r.headers, "x-sdk-date": "20191115T033656Z"}),
    "body": lambda r: replace(r, body=b"{}"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_signed_part_counts(change: str) -> None:
    """A request that differs from the signed one in any part is refused."""
    request, names = request_of(VECTORS[0])
    accept(request, names, VECTORS[0].signature, MANUAL_NOW)
    with pytest.raises(SignatureRefused, match="signature fail"):
        accept(CHANGES[change](request), names, VECTORS[0].signature, MANUAL_NOW)


def test_order_and_spelling_of_the_query_do_not_count() -> None:
    """The canonical query is sorted and encoded in one way, however it was sent."""
    request, names = request_of(VECTORS[0])
    marker, limit = request.raw_query.split("&")[::-1]
    turned = replace(request, raw_query=f"{marker.replace('-', '%2D')}&{limit}")
    accept(turned, names, VECTORS[0].signature, MANUAL_NOW)


@pytest.mark.parametrize(
    ("off", "accepted"), [(-900, True), (900, True), (901, False), (-901, False)]
)
def test_a_date_may_be_fifteen_minutes_off(off: int, accepted: bool) -> None:
    """A clock further off than that is refused under a code of its own."""
    request, names = request_of(VECTORS[0])
    if accepted:
        accept(request, names, VECTORS[0].signature, MANUAL_NOW + off)
        return
    with pytest.raises(SignatureRefused) as refused:
        accept(request, names, VECTORS[0].signature, MANUAL_NOW + off)
    assert refused.value.code == "APIGW.0303"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (
            "SDK-HMAC-SHA256 Credential=AK/20191115/region/dds/sdk_request, "
            "SignedHeaders=host;x-sdk-date, Signature=" + "0" * 64,
            "derived-key form",
        ),
        ("SDK-HMAC-SHA256 Access=AK", "malformed"),
        ("SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=xyz", "malformed"),
    ],
)
def test_other_forms_are_refused_with_a_word(header: str, reason: str) -> None:
    """The derived-key scheme of the same name is told apart from mere nonsense."""
    with pytest.raises(SignatureRefused, match=reason):
        parse_authorization(header)


@pytest.mark.parametrize("missing", ["host", "x-sdk-date"])
def test_host_and_date_must_be_signed(missing: str) -> None:
    """A signature that leaves out the host or the date proves nothing."""
    request, names = request_of(VECTORS[0])
    with pytest.raises(SignatureRefused, match=f"{missing} is not among"):
        accept(request, tuple(n for n in names if n != missing), "0" * 64, MANUAL_NOW)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("x-sdk-date", "host"), "not sorted"),
        (("accept", "host", "x-sdk-date"), "did not come"),
    ],
)
def test_signed_headers_must_be_sorted_and_there(names: tuple[str, ...], reason: str) -> None:
    """A list out of order, or one with a header that is not in the request, is refused."""
    request, _ = request_of(VECTORS[1])
    with pytest.raises(SignatureRefused, match=reason):
        accept(request, names, VECTORS[1].signature, MANUAL_NOW)


class Signer:
    """A client with an access key on an emulator whose clock it can move."""

    def __init__(self) -> None:
        self.now = time.time()
        self.emulator = Emulator(plain_store(3, until=self.now), clock=lambda: self.now)

    def list(self, secret_key: str = "", **more: str) -> Reply:
        """A signed list request."""
        key = self.emulator.config("access_key")
        url = list_url(self.emulator, begin_time="2000-01-01 00:00:00", limit=2)
        headers = signed_headers(
            url,
            key["access_key"],
            secret_key or key["secret_key"],
            when=self.now,
            more={name.replace("_", "-"): value for name, value in more.items()},
        )
        return call(url, headers=headers)


def test_a_signed_request_over_http() -> None:
    """A right signature lists; a wrong key is 401 APIGW.0301 with a request id."""
    signer = Signer()
    with signer.emulator:
        assert len(signer.list().json["backups"]) == 2
        refused = signer.list("wrong")
    assert (refused.status, refused.json["error_code"]) == (401, "APIGW.0301")
    assert refused.json["request_id"] == refused.headers["x-request-id"]


def test_five_refused_signatures_lock_the_key_for_five_minutes() -> None:
    """The sixth is refused though it is right, and passes when five minutes are over."""
    signer = Signer()
    with signer.emulator:
        assert [signer.list("wrong").status for _ in range(5)] == [401] * 5
        locked = signer.list()
        signer.now += 299
        still = signer.list().status
        signer.now += 2
        assert (locked.status, still, signer.list().status) == (401, 401, 200)
    assert "reach the limit" in locked.json["error_msg"]


def test_a_good_signature_ends_the_count() -> None:
    """Only refusals in a row lock a key."""
    signer = Signer()
    with signer.emulator:
        statuses = [signer.list("wrong" if n % 5 else "").status for n in range(15)]
    assert statuses == [200, 401, 401, 401, 401] * 3


@pytest.mark.parametrize(("project", "status"), [("own", 200), ("other", 403)])
def test_a_signed_project_header_must_name_the_project(project: str, status: int) -> None:
    """X-Project-Id and the address speak of one project."""
    signer = Signer()
    named = signer.emulator.store.project.id if project == "own" else "f" * 32
    with signer.emulator:
        assert signer.list(x_project_id=named).status == status


def test_a_temporary_key_needs_its_security_token() -> None:
    """Without the token, with another, or after its end, the key is refused."""
    signer = Signer()
    with signer.emulator:
        config = signer.emulator.config("temporary_key")
        url = list_url(signer.emulator)

        def status(**more: str) -> int:
            more = {name.replace("_", "-"): value for name, value in more.items()}
            key, secret = config["access_key"], config["secret_key"]
            return call(
                url, headers=signed_headers(url, key, secret, when=signer.now, more=more)
            ).status

        token = config["security_token"]
        assert status(x_security_token=token) == 200
        assert status() == 401
        assert status(x_security_token="other") == 401
        signer.now += 86_400
        assert status(x_security_token=token) == 401
