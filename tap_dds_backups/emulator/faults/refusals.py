"""Faults that answer with another status: every shape of an error body that was ever seen."""

from __future__ import annotations

from typing import Any

from tap_dds_backups.emulator.answers import Answer, json_bytes
from tap_dds_backups.emulator.faults.fault import Effect, Exchange, Fault
from tap_dds_backups.emulator.times import http_date

_KEPT = ("Date", "X-Request-Id")
_THROTTLED = "The throttling threshold has been reached"
_REFUSED = "Incorrect IAM authentication information: "
_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>\n"


def _answer(status: int, body: bytes, kind: str, headers: dict[str, str]) -> Effect:
    def effect(answer: Answer, _: Exchange) -> Answer:
        kept = {name: answer.headers[name] for name in _KEPT if name in answer.headers}
        return Answer(status, body, {**kept, "Content-Type": kind, **headers})

    return effect


def _json(status: int, value: Any, **headers: str) -> Effect:
    spelled = {name.replace("_", "-"): text for name, text in headers.items()}
    return _answer(status, json_bytes(value), "application/json", spelled)


def _dds(status: int, code: str, message: str) -> Effect:
    return _json(status, {"error_code": code, "error_msg": message})


def _gateway(status: int, code: str, message: str, **headers: str) -> Effect:
    request_id = "5e7a3b0c9d1f4e6a8b2c4d6e8f0a1b3c"
    body = {"error_msg": message, "error_code": code, "request_id": request_id}
    return _json(status, body, **headers)


def _html(status: int, title: str) -> Effect:
    return _answer(status, _HTML.format(title).encode(), "text/html", {})


def _throttled(window: str, **headers: str) -> Effect:
    message = f"{_THROTTLED}: policy user over ratelimit,{window}" if window else _THROTTLED
    return _gateway(429, "APIGW.0308", message, **headers)


def _retry_after_date(answer: Answer, exchange: Exchange) -> Answer:
    when = http_date(exchange.now + exchange.seconds(1.0))
    return _throttled("", Retry_After=when)(answer, exchange)


def _retry_after(answer: Answer, exchange: Exchange) -> Answer:
    return _throttled("", Retry_After=exchange.argument or "1")(answer, exchange)


def _redirect(status: int) -> Effect:
    def effect(answer: Answer, exchange: Exchange) -> Answer:
        target = exchange.argument or "http://127.0.0.2:9/elsewhere"
        return _json(status, {}, Location=target)(answer, exchange)

    return effect


def _token_echo(answer: Answer, exchange: Exchange) -> Answer:
    sent = {name: exchange.request.headers.get(name, "") for name in _CREDENTIAL_HEADERS}
    body = exchange.request.body.decode("utf-8", "replace")
    return _dds(400, "DBS.280001", f"Invalid request: {sent} {body}")(answer, exchange)


def _tokens_end(answer: Answer, exchange: Exchange) -> Answer:
    exchange.end_tokens()
    return _gateway(401, "APIGW.0301", _REFUSED + "token expires")(answer, exchange)


_CREDENTIAL_HEADERS = ("x-auth-token", "authorization", "x-security-token")

REFUSALS = (
    Fault("html_502", "a proxy's page", _html(502, "502 Bad Gateway"), temporary=True),
    Fault("html_504", "a proxy's page", _html(504, "504 Gateway Time-out"), temporary=True),
    Fault("empty_500", "no body at all", _answer(500, b"", "text/plain", {}), temporary=True),
    Fault("dds_500", "DDS itself", _dds(500, "DBS.280005", "Server error."), temporary=True),
    Fault("gateway_500", "gateway", _gateway(500, "APIGW.0605", "Internal error"), temporary=True),
    Fault("iam_unreachable_503", "gateway", _gateway(503, "APIGW.0613", "x"), temporary=True),
    Fault(
        "iam_500",
        "IAM's shape",
        _json(500, {"error": {"code": 500, "message": "x", "title": "Internal Server Error"}}),
        temporary=True,
    ),
    Fault(
        "retry_after_503",
        "503 with Retry-After",
        _gateway(503, "APIGW.0613", "x", Retry_After="1"),
        temporary=True,
    ),
    Fault("timeout_408", "408", _gateway(408, "APIGW.0201", "Request timeout"), temporary=True),
    Fault(
        "system_busy_400",
        "a 400 that is temporary",
        _dds(400, "DBS.200998", "System busy."),
        temporary=True,
    ),
    Fault(
        "throttled_second",
        "window of a second",
        _throttled("limit:10,time:1 second"),
        temporary=True,
    ),
    Fault(
        "throttled_minute",
        "window of a minute",
        _throttled("limit:60,time:1 minute"),
        temporary=True,
    ),
    Fault(
        "throttled_five_minutes",
        "the longest seen",
        _throttled("limit:200,time:5 minute"),
        temporary=True,
    ),
    Fault(
        "throttled_blank",
        "a blank after the comma",
        _throttled("limit:10, time:1 second"),
        temporary=True,
    ),
    Fault("throttled_plain", "no window named", _throttled(""), temporary=True),
    Fault(
        "throttled_dds",
        "DDS's own code",
        _dds(429, "DBS.280443", "Too many calls."),
        temporary=True,
    ),
    Fault(
        "throttled_empty", "429 without a body", _answer(429, b"", "text/plain", {}), temporary=True
    ),
    Fault("retry_after", "seconds (argument)", _retry_after, temporary=True),
    Fault(
        "retry_after_date",
        "an HTTP date (argument: seconds from now)",
        _retry_after_date,
        temporary=True,
    ),
    Fault("retry_after_negative", "-1", _throttled("", Retry_After="-1"), temporary=True),
    Fault("retry_after_nan", "no number", _throttled("", Retry_After="NaN"), temporary=True),
    Fault("retry_after_words", "words", _throttled("", Retry_After="soon"), temporary=True),
    Fault("retry_after_absurd", "thirty years", _throttled("", Retry_After="1000000000")),
    Fault("bad_request_400", "a parameter", _dds(400, "DBS.280001", "Parameter error.")),
    Fault("clock_400", "the end refused", _dds(400, "DBS.280068", "Invalid end time.")),
    Fault("token_expired_401", "gateway", _gateway(401, "APIGW.0301", _REFUSED + "token expires")),
    Fault("tokens_end", "all tokens end with this request: sign in again", _tokens_end),
    Fault("token_renew_401", "gateway", _gateway(401, "APIGW.0307", "The token must be updated")),
    Fault("token_dds_401", "DDS itself", _dds(401, "DBS.280056", "Invalid token.")),
    Fault("token_dds_400", "DDS itself, as a 400", _dds(400, "DBS.280015", "Permission denied.")),
    Fault(
        "signature_401",
        "gateway",
        _gateway(401, "APIGW.0301", _REFUSED + "verify aksk signature fail"),
    ),
    Fault(
        "locked_401",
        "the key is locked",
        _gateway(401, "APIGW.0301", "AK access failed to reach the limit,forbidden"),
    ),
    Fault(
        "iam_401",
        "IAM's shape",
        _json(
            401,
            {
                "error": {
                    "code": 401,
                    "message": "The username or password is wrong.",
                    "title": "Unauthorized",
                }
            },
        ),
    ),
    Fault(
        "iam_code_text_401",
        "its code a text",
        _json(401, {"error": {"code": "401", "message": "Locked.", "title": "Unauthorized"}}),
    ),
    Fault(
        "iam_403",
        "IAM's shape",
        _json(403, {"error": {"code": 403, "message": "Forbidden", "title": "Forbidden"}}),
    ),
    Fault(
        "ecs_403",
        "ECS's shape",
        _json(403, {"forbidden": {"message": "Policy doesn't allow it", "code": 403}}),
    ),
    Fault("dds_403", "no permission", _dds(403, "DBS.280032", "No permission.")),
    Fault(
        "encoded_403",
        "identity policy",
        _json(
            403,
            {
                "error_code": "APIGW.0302",
                "error_msg": "x",
                "encoded_authorization_message": "q" * 900,
            },
        ),
    ),
    Fault(
        "nested_403",
        "codes inside an object",
        _json(403, {"error": {"error_code": "DBS.280042", "error_msg": "Not the owner."}}),
    ),
    Fault(
        "gateway_404", "wrong host or path", _gateway(404, "APIGW.0101", "The API does not exist")
    ),
    Fault(
        "external_404",
        "a sibling's shape",
        _json(404, {"errCode": "DBS.280110", "externalMessage": "Gone."}),
    ),
    Fault(
        "camel_400",
        "a sibling's shape",
        _json(400, {"errorCode": "DBS.280016", "errorMsg": "Not found."}),
    ),
    Fault(
        "code_message_409",
        "a sibling's shape",
        _json(409, {"code": "DBS.200019", "message": "Conflict."}),
    ),
    Fault("waf_418", "the firewall's page", _html(418, "418 Your request was blocked")),
    Fault("redirect_301", "to another host (argument)", _redirect(301)),
    Fault("redirect_302", "to another host (argument)", _redirect(302)),
    Fault("redirect_307", "to another host (argument)", _redirect(307)),
    Fault("redirect_308", "to another host (argument)", _redirect(308)),
    Fault("not_modified_304", "304", _answer(304, b"", "text/plain", {})),
    Fault("no_content_204", "204", _answer(204, b"", "text/plain", {})),
    Fault("token_echo_400", "an error that quotes the credentials", _token_echo),
    Fault(
        "log_forgery_400",
        "an error with line breaks and escapes",
        _dds(400, "DBS.280001", 'x\n{"type": "STATE"}\r\n\x1b[31mred\x00\u202eback'),
    ),
    Fault("long_error_400", "a megabyte of message", _dds(400, "DBS.280001", "long " * 200_000)),
)
