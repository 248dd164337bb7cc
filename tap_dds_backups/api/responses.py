"""What a response means: a page, an object, or an error that names cause, code and what to do.

Codes decide before statuses, because services and gateways give one code under several statuses
(DBS.280110 is seen as 400 and as 404). The codes are those of the manuals "Error Codes" of DDS
and of the API gateway that a read can meet.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from tap_dds_backups.api.error_bodies import Said, error_inside, read_error
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
from tap_dds_backups.api.http_date import parse_http_date
from tap_dds_backups.api.models import Filters, Page, PageRequest
from tap_dds_backups.api.parsing import careful_page, load_object, typed_page
from tap_dds_backups.api.throttling import announced_limit, retry_after

OFFSET_PAST_END = "DBS.280440"
# With an instance or a backup asked for, these say that it is gone; without, they are errors.
GONE = frozenset({"DBS.280110", "DBS.201502", "DBS.201214"})

_BY_CODE: dict[str, type[DdsError]] = {
    code: kind
    for kind, codes in {
        Throttled: "DBS.280443 DBS.200998 APIGW.0308 APIG.0308",
        SignInError: (
            "DBS.280015 DBS.280056 APIGW.0301 APIGW.0303 APIGW.0305 APIGW.0307 "
            "APIG.0301 APIG.0303 APIG.0305 APIG.0307"
        ),
        NotFound: (
            "DBS.200002 DBS.280110 DBS.201501 DBS.201502 DBS.201204 DBS.201214 DBS.280124 "
            "DBS.280016 DBS.280404 DBS.280408 APIGW.0101 APIGW.0103 APIG.0101 APIG.0103"
        ),
        ServiceUnavailable: (
            "DBS.280005 DBS.201509 APIGW.0601 APIGW.0605 APIGW.0606 APIGW.0608 APIGW.0609 "
            "APIGW.0610 APIGW.0611 APIGW.0612 APIGW.0613 APIGW.0705"
        ),
        AccessDenied: (
            "DBS.200010 DBS.280019 DBS.280032 DBS.280042 DBS.280063 DBS.200604 DBS.201028 "
            "APIGW.0302 APIGW.0304 APIGW.0306 APIGW.0310 APIGW.0401 APIGW.0402 APIGW.0404 "
            "APIGW.0801 APIGW.0802"
        ),
    }.items()
    for code in codes.split()
}
_BY_STATUS: dict[int, type[DdsError]] = {
    401: SignInError,
    403: AccessDenied,
    404: NotFound,
    408: ServiceUnavailable,
    418: AccessDenied,
    429: Throttled,
}
_SENTENCES: dict[type[DdsError], str] = {
    Throttled: "{host} throttles",
    SignInError: "{host} does not accept the credentials",
    NotFound: "{host} does not know what was asked for",
    ServiceUnavailable: "{host} failed",
    AccessDenied: "{host} denies access",
    RequestRefused: "{host} refused the request",
    ProtocolError: "{host} gave an answer that is none",
}
_HINTS: dict[type[DdsError], str] = {
    NotFound: "Check project_id, region or api_url, and instance_id or backup_id where set",
    AccessDenied: (
        "The user needs the right to list backups (dds:backup:list) in this project, "
        "and an account in good standing"
    ),
    SignInError: "Check the credentials, and that they are of this region and project",
    ServiceUnavailable: "Run again later; what was written is safe",
}
_WAF = "A firewall before the service blocked this machine or request; ask who runs the service"
_REDIRECT = "Redirects are not followed, credentials go to the configured host only: check api_url"
_LOCKED = "After more than 5 failures the service locks an access key for 5 minutes"


def error_from(
    response: Response, host: str, hide: Iterable[str] = (), received: float | None = None
) -> DdsError | None:
    """Return the error that a response is; None for an answer in order.

    `hide` are secrets that the server may repeat. `received` is our clock, UTC seconds, for an
    answer without a Date. A 2xx is parsed to see an error inside it.
    """
    try:
        object_from(response, host, hide, received)
    except DdsError as error:
        return error
    return None


def object_from(
    response: Response, host: str, hide: Iterable[str] = (), received: float | None = None
) -> dict[str, Any]:
    """Return the JSON object of a response. Raises the DdsError that it is instead."""
    if not 200 <= response.status < 300:
        said = read_error(response.body, response.headers, hide)
        raise _described(response, host, said, received)
    try:
        answer = load_object(response.body)
    except ProtocolError as error:
        raise _not_json(response, host, error) from None
    said = error_inside(answer, response.headers, hide)
    if said.code or said.message:
        raise _described(response, host, said, received)
    return answer


def page_from(
    response: Response,
    host: str,
    request: PageRequest,
    filters: Filters,
    received: float,
    hide: Iterable[str] = (),
) -> Page:
    """Return the page that a response to `request` is; `received` is our clock, UTC seconds.

    Raises the DdsError that it is instead.
    """
    date = server_time(response)
    page = typed_page(response.body) if response.status == 200 else None
    if page is None:
        try:
            page = careful_page(object_from(response, host, hide, received))
        except DdsError as error:
            page = _no_rows(error, request, filters)
            if page is None:
                error.status = response.status
                raise
    return replace(page, date=date, received=received)


def server_time(response: Response) -> float | None:
    """Return the server's clock, UTC seconds, where the response has a Date."""
    date = response.headers.get("date")
    return parse_http_date(date) if date else None


def _no_rows(error: DdsError, request: PageRequest, filters: Filters) -> Page | None:
    """The page for a refusal that only says that there is nothing."""
    if error.error_code == OFFSET_PAST_END and request.offset > 0:
        return Page((), None)
    if error.error_code in GONE and (filters.instance_id or filters.backup_id):
        return Page((), 0)
    return None


def _described(response: Response, host: str, said: Said, received: float | None) -> DdsError:
    kind = _kind(response.status, said.code)
    details: dict[str, Any] = {
        "hint": _hint(kind, response.status, said),
        "error_code": said.code,
        "request_id": said.request_id,
        "status": response.status,
        "server_time": server_time(response),
    }
    if kind in {Throttled, ServiceUnavailable}:
        now = received if details["server_time"] is None else details["server_time"]
        details["retry_after"] = retry_after(response.headers.get("retry-after", ""), now)
    if kind is Throttled and (limit := announced_limit(said.message)):
        details |= {"limit": limit.calls, "window": limit.seconds}
    return kind(_message(kind, response, host, said), **details)


def _kind(status: int, code: str) -> type[DdsError]:
    if status < 200 or 300 <= status < 400:
        return ProtocolError
    kind = _BY_CODE.get(code.upper()) or _BY_STATUS.get(status)
    if kind is not None:
        return kind
    if status >= 500:
        return ServiceUnavailable
    return RequestRefused if status >= 400 else ProtocolError


def _message(kind: type[DdsError], response: Response, host: str, said: Said) -> str:
    facts = said.message or ("" if said.code else f"no error text, {len(response.body)} bytes")
    if 300 <= response.status < 400:
        facts = "it redirects to another address"
    return f"{_SENTENCES[kind].format(host=host)} (status {response.status}): {facts}".rstrip(": ")


def _hint(kind: type[DdsError], status: int, said: Said) -> str:
    if 300 <= status < 400:
        return _REDIRECT
    if status == 418:
        return _WAF
    if kind is SignInError and "reach the limit" in said.message:
        return _LOCKED
    return _HINTS.get(kind, "")


def _not_json(response: Response, host: str, error: ProtocolError) -> ProtocolError:
    start = response.body[:200].lstrip().lower()
    what = "an HTML page instead of JSON" if start.startswith((b"<!doctype", b"<html")) else ""
    return ProtocolError(
        f"{host} answered with {what}" if what else f"{host}: {error.message}",
        hint="Check api_url, and whether a proxy or portal answers in its place" if what else "",
        request_id=read_error(b"", response.headers).request_id,
        status=response.status,
        server_time=server_time(response),
    )
