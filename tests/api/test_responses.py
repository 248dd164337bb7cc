"""What responses mean, shape by shape and code by code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tap_dds_backups.api.error_bodies import read_error
from tap_dds_backups.api.errors import (
    AccessDenied,
    DdsError,
    NotFound,
    ProtocolError,
    RequestRefused,
    ServiceUnavailable,
    SignInError,
    Throttled,
)
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.models import Filters, PageRequest
from tap_dds_backups.api.responses import error_from, object_from, page_from, server_time
from tap_dds_backups.api.throttling import announced_limit, retry_after

HOST = "dds.example"
DATE = "Tue, 24 Nov 2026 10:00:00 GMT"
NOW = 1795514400.0
ROW = {
    "id": "43e4feaab48f11e89039fa163ebaa7e4br01",
    "name": "backup-test",
    "instance_id": "43e4feaab48f11e89039fa163ebaa7e4in02",
    "instance_name": "test",
    "datastore": {"type": "DDS-Community", "version": "3.4"},
    "type": "Auto",
    "begin_time": "2018-08-06 12:41:14",
    "end_time": "2018-08-06 12:43:14",
    "status": "COMPLETED",
    "size": 2803,
    "description": "",
}


def response(status: int, body: object = b"", **headers: str) -> Response:
    """A response; a body that is no bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): text for name, text in headers.items()}, data)


def error_of(status: int, body: object = b"", **headers: str) -> DdsError:
    """The error that a response is."""
    error = error_from(response(status, body, **headers), HOST)
    assert error is not None
    return error


def page_error(answer: Response, offset: int = 0, **filters: str) -> DdsError:
    """The error of a response to a page request."""
    with pytest.raises(DdsError) as caught:
        page_from(answer, HOST, PageRequest(offset, 100), Filters(**filters), NOW)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "DBS.200001", RequestRefused),
        (400, "DBS.280067", RequestRefused),
        (400, "DBS.280440", RequestRefused),
        (400, "DBS.280110", NotFound),
        (404, "DBS.280110", NotFound),
        (400, "DBS.201502", NotFound),
        (400, "DBS.201214", NotFound),
        (404, "APIGW.0101", NotFound),
        (404, "", NotFound),
        (400, "DBS.280015", SignInError),
        (401, "DBS.280056", SignInError),
        (401, "DBS.280064", SignInError),
        (401, "APIGW.0301", SignInError),
        (401, "APIGW.0303", SignInError),
        (401, "APIGW.0307", SignInError),
        (400, "APIGW.0307", SignInError),
        (401, "", SignInError),
        (400, "DBS.200010", AccessDenied),
        (403, "DBS.280032", AccessDenied),
        (403, "APIGW.0302", AccessDenied),
        (403, "", AccessDenied),
        (418, "", AccessDenied),
        (400, "DBS.200998", Throttled),
        (500, "dbs.200998", Throttled),
        (429, "DBS.280443", Throttled),
        (403, "DBS.280443", Throttled),
        (429, "APIGW.0308", Throttled),
        (429, "", Throttled),
        (408, "", ServiceUnavailable),
        (500, "DBS.280005", ServiceUnavailable),
        (400, "DBS.280005", ServiceUnavailable),
        (500, "APIGW.0602", ServiceUnavailable),
        (503, "APIGW.0613", ServiceUnavailable),
        (502, "APIGW.0201", ServiceUnavailable),
        (413, "APIGW.0201", RequestRefused),
        (500, "", ServiceUnavailable),
        (599, "", ServiceUnavailable),
        (405, "", RequestRefused),
        (422, "DBS.unheard-of", RequestRefused),
        (301, "", ProtocolError),
        (302, "DBS.280443", ProtocolError),
        (304, "", ProtocolError),
        (200, "DBS.200001", ProtocolError),
        (200, "APIGW.0301", SignInError),
        (200, "DBS.280443", Throttled),
        (201, "DBS.280005", ServiceUnavailable),
    ],
)
def test_kind(status: int, code: str, kind: type[DdsError]) -> None:
    """The code decides where it says something, else the status."""
    error = error_of(status, {"error_code": code, "error_msg": "words"} if code else b"", date=DATE)
    assert type(error) is kind
    assert (error.status, error.error_code, error.server_time) == (status, code, NOW)
    assert HOST in str(error)


SHAPES: list[tuple[Any, tuple[str, str, str]]] = [
    ({"error_code": "DBS.1", "error_msg": "m"}, ("DBS.1", "m", "")),
    ({"error_msg": "m", "error_code": "A.1", "request_id": "r-1"}, ("A.1", "m", "r-1")),
    (
        {"error_code": "A.1", "error_msg": "m", "encoded_authorization_message": "x" * 900},
        ("A.1", "m", ""),
    ),
    ({"error": {"code": 401, "message": "m", "title": "Unauthorized"}}, ("401", "m", "")),
    ({"error": {"code": "401", "message": "m", "title": "U"}}, ("401", "m", "")),
    ({"error": {"error_code": "A.1", "error_msg": "m"}}, ("A.1", "m", "")),
    ({"forbidden": {"message": "m", "code": 403}}, ("403", "m", "")),
    ({"errCode": "DBS.280110", "externalMessage": "m"}, ("DBS.280110", "m", "")),
    ({"errorCode": "A.1", "errorMsg": "m"}, ("A.1", "m", "")),
    ({"code": "A.1", "message": "m"}, ("A.1", "m", "")),
    ({"data": {"deep": {"code": "A.1", "message": "m"}}}, ("A.1", "m", "")),
    ({"a": {"b": {"c": {"code": "A.1", "message": "too deep"}}}}, ("", "", "")),
    ({"error_code": None, "error_msg": None}, ("", "", "")),
    ({"error_code": True, "error_msg": ["m"]}, ("", "", "")),
    ({"error_code": "", "error_msg": "m"}, ("", "m", "")),
    ({"error_code": "A.1"}, ("A.1", "", "")),
    ({"error_code": "A.1", "error_msg": {"nested": 1}}, ("A.1", "", "")),
    ({"code": 10**400, "message": "m"}, ("", "", "")),
    ([{"error_code": "A.1"}], ("", "", "")),
    ("text", ("", "", "")),
    (b"", ("", "", "")),
    (b"<html><body>403</body></html>", ("", "", "")),
    (b'\xef\xbb\xbf{"error_code":"A.1","error_msg":"m"}\n', ("A.1", "m", "")),
    (b'{"error_code":"A.1","error_msg":"m"', ("", "", "")),
    (b"\xff\xfe\x00", ("", "", "")),
    (b"[" * 200_000, ("", "", "")),
    (b'{"error_code":"A.1","error_msg":"' + b"m" * 300_000 + b'"}', ("", "", "")),
]


@pytest.mark.parametrize(("body", "expected"), SHAPES)
def test_shapes(body: object, expected: tuple[str, str, str]) -> None:
    """Every shape that was ever seen, and what is none, gives code, message and request id."""
    data = response(400, body).body
    assert read_error(data, {}) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-request-id": "from-header"}, "from-header"),
        ({"x-iam-trace-id": "token_iam_1"}, "token_iam_1"),
        ({"x-request-id": "a", "x-iam-trace-id": "b"}, "a"),
        ({"x-request-id": "no id\x1b[31m", "x-iam-trace-id": "b"}, "b"),
        ({"x-request-id": "x" * 65}, "from-body"),
        ({}, "from-body"),
    ],
)
def test_request_id(headers: dict[str, str], expected: str) -> None:
    """The header's id wins over the body's; what does not look like one is not shown."""
    body = json.dumps({"error_code": "A.1", "error_msg": "m", "request_id": "from-body"}).encode()
    assert read_error(body, headers).request_id == expected


def test_server_text_is_escaped_and_short() -> None:
    """Line breaks, colours and length of the server's text do not reach a log."""
    error = error_of(
        400, {"error_code": "A\n\x1b[31m", "error_msg": "a\nb\x1b[31m\u202e" + " y" * 999}
    )
    assert str(error).isascii()
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)
    assert len(str(error)) < 400


@pytest.mark.parametrize("field", ["error_msg", "error_code", "request_id"])
@pytest.mark.parametrize("status", [200, 401, 500])
def test_secrets_that_come_back(field: str, status: int) -> None:
    """A credential that the server repeats is taken out, and so is any word as long as a token."""
    body = {"error_code": "A.1", "error_msg": "m", field: f"no: short-secret, {'T0ken' * 30}"}
    answer = response(status, body, x_request_id="short-secret")
    error = error_from(answer, HOST, ["short-secret", ""])
    assert error is not None
    for text in (str(error), repr(error), error.error_code, error.request_id, error.message):
        assert "short-secret" not in text
        assert "T0kenT0ken" not in text


def test_an_id_in_the_text_stays() -> None:
    """Ids of 36 characters are what a person needs to see."""
    error = error_of(404, {"error_code": "DBS.280110", "error_msg": f"no instance {ROW['id']}"})
    assert str(ROW["id"]) in str(error)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"  <HTML><head>", "an HTML page"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"NaN", "not JSON"),
        (b'{"a":NaN}', "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not an object"),
        (b"null", "not an object"),
        (b"[" * 100_000, "not JSON"),
        (b'{"backups":null,"total_count":5}', "no list 'backups'"),
        (b'{"backups":{},"total_count":0}', "no list 'backups'"),
        (b'{"backups":[]}', "total_count"),
        (b'{"backups":[],"total_count":-1}', "total_count"),
        (b'{"backups":[],"total_count":"1"}', "total_count"),
        (b'{"backups":[],"total_count":1e999}', "total_count"),
        (b"{}", "total_count"),
    ],
)
def test_a_200_that_is_no_page(body: bytes, message: str) -> None:
    """What is not a page is an error by name, with its status, never zero rows."""
    error = page_error(response(200, body, date=DATE))
    assert type(error) is ProtocolError
    assert message in str(error)
    assert error.status == 200


@pytest.mark.parametrize(
    "more", [{"error_code": "DBS.200001", "error_msg": "m"}, {"error": {"code": 1}}]
)
def test_rows_beside_an_error_are_no_page(more: dict[str, Any]) -> None:
    """A 200 that carries an error is an error, whatever else it carries."""
    error = page_error(response(200, {"backups": [ROW], "total_count": 1, **more}))
    assert isinstance(error, ProtocolError)


def test_fields_that_only_look_like_an_error() -> None:
    """`code` and `message` may be fields of a sibling call's answer."""
    answer = {"code": "x", "message": "y", "instances": [], "policy": {"code": 5, "message": "z"}}
    assert object_from(response(200, answer), HOST) == answer


@pytest.mark.parametrize("extra", [{}, {"new_field": 1}])
def test_a_page(extra: dict[str, Any]) -> None:
    """Typed or careful, a page has its rows, count and both clocks."""
    body = {"backups": [{**ROW, **extra}], "total_count": 7}
    page = page_from(response(200, body, date=DATE), HOST, PageRequest(0, 100), Filters(), 12.5)
    assert [backup.id for backup in page.backups] == [ROW["id"]]
    assert (page.total_count, page.date, page.received) == (7, NOW, 12.5)


@pytest.mark.parametrize("status", [400, 200])
@pytest.mark.parametrize("offset", [0, 100])
def test_past_the_end(status: int, offset: int) -> None:
    """DBS.280440 is the end of the list at an offset above 0, and a refusal at 0."""
    answer = response(
        status, {"error_code": "DBS.280440", "error_msg": "Invalid offset."}, date=DATE
    )
    if offset:
        page = page_from(answer, HOST, PageRequest(offset, 100), Filters(), NOW)
        assert (page.backups, page.total_count, page.date) == ((), None, NOW)
    else:
        assert page_error(answer).error_code == "DBS.280440"


@pytest.mark.parametrize("code", ["DBS.280110", "DBS.201502", "DBS.201214"])
@pytest.mark.parametrize("status", [400, 404])
def test_gone(code: str, status: int) -> None:
    """Where an instance or backup was asked for, its absence is no rows; elsewhere an error."""
    answer = response(status, {"errCode": code, "externalMessage": "gone"})
    for filters in (Filters(instance_id="i"), Filters(backup_id="b")):
        page = page_from(answer, HOST, PageRequest(0, 100), filters, NOW)
        assert (page.backups, page.total_count) == ((), 0)
    assert type(page_error(answer)) is NotFound
    assert type(page_error(answer, mode="Single")) is NotFound


def test_other_codes_are_never_no_rows() -> None:
    """A filter does not turn other refusals into an empty page."""
    answer = response(404, {"error_code": "DBS.200002", "error_msg": "gone"})
    assert type(page_error(answer, instance_id="i")) is NotFound


def test_an_answer_in_order() -> None:
    """A 2xx without an error in it is none, empty objects too."""
    assert error_from(response(201, {"token": {"code": 1}}), HOST) is None
    assert error_from(response(200, {}), HOST) is None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("policy user over ratelimit,limit:60,time:1 minute", (60, 60.0)),
        ("limit:200,time:5 minute", (200, 300.0)),
        ("limit:200, time:5 minute", (200, 300.0)),
        ("limit : 200 , time : 5minutes", (200, 300.0)),
        ("LIMIT:10,TIME:1 Second", (10, 1.0)),
        ("limit:5,time:5 seconds", (5, 5.0)),
        ("limit:5,time:5 s.", (5, 5.0)),
        ("limit:5,time:30", (5, 30.0)),
        ("limit:8000,time:2 hour", (8000, 7200.0)),
        ("limit:1,time:1 day", (1, 86400.0)),
        ("limit:0,time:1 minute", None),
        ("limit:1,time:0 minute", None),
        ("limit:-1,time:1 minute", None),
        ("limit:1e3,time:1 minute", None),
        ("limit:99999999999999,time:1 minute", None),
        ("limit:1", None),
        ("", None),
    ],
)
def test_announced_limit(message: str, expected: tuple[int, float] | None) -> None:
    """The text of a refusal names calls and period, with or without blanks, in any unit."""
    assert announced_limit(message) == expected


def test_a_throttled_answer_carries_what_it_says() -> None:
    """Retry-After, limit and window reach the error as numbers."""
    text = "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute"
    body = {"error_msg": text, "error_code": "APIGW.0308", "request_id": "r"}
    error = error_of(429, body, retry_after="17", date=DATE)
    assert isinstance(error, Throttled)
    assert (error.retry_after, error.limit, error.window) == (17.0, 200, 300.0)
    assert error.request_id == "r"


INFINITE = float("inf")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("0.2", 0.2),
        ("99999999999", 99999999999.0),
        ("9" * 5000, INFINITE),
        ("Tue, 24 Nov 2026 10:01:30 GMT", 90.0),
        ("Tuesday, 24-Nov-26 10:01:30 GMT", 90.0),
        ("Tue Nov 24 10:01:30 2026", 90.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 251606786399.0),
        ("Tue, 24 Nov 2026 09:59:59 GMT", None),
        ("Tue, 24 Nov 2026 10:00:00 GMT", None),
        ("Tue, 32 Nov 2026 10:01:30 GMT", None),
        ("0", None),
        ("0.0", None),
        ("-5", None),
        ("NaN", None),
        ("nan", None),
        ("inf", None),
        ("1e5", None),
        ("1_000", None),
        ("\u0665", None),
        ("soon", None),
        ("", None),
        (",", None),
    ],
)
def test_retry_after(value: str, expected: float | None) -> None:
    """Seconds or a date of any form; what is junk, past or no time at all asks for nothing."""
    assert retry_after(value, NOW) == expected


@pytest.mark.parametrize(
    ("date", "received", "expected"), [(DATE, 1.0, 60.0), ("", NOW, 60.0), ("junk", None, None)]
)
def test_a_date_is_relative_to_the_servers_clock(
    date: str, received: float | None, expected: float | None
) -> None:
    """Retry-After's date is read by the Date beside it; by our clock only where there is none."""
    answer = response(503, b"", retry_after="Tue, 24 Nov 2026 10:01:00 GMT", date=date)
    error = error_from(answer, HOST, received=received)
    assert isinstance(error, ServiceUnavailable)
    assert error.retry_after == expected


@pytest.mark.parametrize("date", ["", "junk", "Tue, 24 Nov 99999 10:00:00 GMT", "0"])
def test_no_server_time(date: str) -> None:
    """A Date that is none gives no time."""
    assert server_time(response(200, date=date)) is None


def test_hints_say_what_to_do() -> None:
    """A locked key, a firewall and a redirect are told apart from their kin."""
    locked = {
        "error_code": "APIGW.0301",
        "error_msg": "AK access failed to reach the limit,forbidden",
    }
    assert "locks an access key" in str(error_of(401, locked))
    assert "firewall" in str(error_of(418, b"<html>blocked</html>"))
    assert "not followed" in str(error_of(302, location="https://elsewhere.example/?token=x"))
    assert "elsewhere" not in str(error_of(302, location="https://elsewhere.example/?token=x"))
    assert "dds:backup:list" in str(error_of(403))
