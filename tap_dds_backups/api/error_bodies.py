"""What an error answer says, whichever of the services' shapes it has.

Seen in manuals, SDKs and recordings: two keys from the DDS backend, the same with a request_id
from the gateway, IAM's {"error": {code, message, title}}, {"forbidden": {message, code}}, and
{errCode, externalMessage}, {errorCode, errorMsg}, {code, message} from sibling services.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tap_dds_backups.api.errors import quoted

_PAIRS = (
    ("error_code", "error_msg"),
    ("errorCode", "errorMsg"),
    ("errCode", "externalMessage"),
    ("code", "message"),
)
# In a 200, `code` and `message` may be fields of an answer that is none of an error.
_EXPLICIT = _PAIRS[:3]
_ID_HEADERS = ("x-request-id", "x-iam-trace-id")
_NESTED = ("error", "forbidden")
_DEPTH = 3
_PARSE_LIMIT = 256 * 1024
_MARK_LIMIT = 64
# Tokens, signatures and the like: longer than any id (36 characters) or code.
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_~%-]{41,}")
_MARK = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*", re.ASCII)


class Said(NamedTuple):
    """What the service said. All of it is fit for one log line; empty where it said nothing."""

    code: str = ""
    message: str = ""
    request_id: str = ""


def read_error(body: bytes, headers: Mapping[str, str], hide: Iterable[str] = ()) -> Said:
    """Read the body of an answer whose status says that it is an error.

    Texts in `hide`, which the server may repeat, are taken out, and so is every word that is
    long enough to be a token.
    """
    found = next(_pairs(_parse(body), _PAIRS, _DEPTH), ("", "", ""))
    return _clean(found, headers, hide)


def error_inside(answer: dict[str, Any], headers: Mapping[str, str], hide: Iterable[str]) -> Said:
    """Read an error out of the object of a 200; one without code and message where it is none."""
    found = list(_own(answer, _EXPLICIT))
    for name in _NESTED:
        found += _pairs(answer.get(name), _PAIRS, 1)
    return _clean(found[0] if found else ("", "", ""), headers, hide)


def _parse(body: bytes) -> object:
    if len(body) > _PARSE_LIMIT:
        return None
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _pairs(
    value: object, names: tuple[tuple[str, str], ...], depth: int
) -> Iterator[tuple[str, str, str]]:
    """Code, message and request id of an object, then of the objects in it."""
    if not isinstance(value, dict) or depth == 0:
        return
    yield from _own(value, names)
    for inner in list(value.values())[:20]:
        yield from _pairs(inner, names, depth - 1)


def _own(
    value: dict[str, Any], names: tuple[tuple[str, str], ...]
) -> Iterator[tuple[str, str, str]]:
    for code_name, message_name in names:
        code, message = _word(value.get(code_name)), _word(value.get(message_name))
        if code not in {"", "0"} or (message and code_name == "error_code"):
            yield code, message, _word(value.get("request_id"))


def _word(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value) if isinstance(value, str) or abs(value) < 10**9 else ""


def _clean(found: tuple[str, str, str], headers: Mapping[str, str], hide: Iterable[str]) -> Said:
    secrets = [secret for secret in hide if secret]
    code, message, own_id = (_without(text, secrets) for text in found)
    sent_ids = (_without(headers.get(name, ""), secrets) for name in _ID_HEADERS)
    request_id = next((mark for text in (*sent_ids, own_id) if (mark := _mark(text))), "")
    return Said(_mark(code) or quoted(code, 40), quoted(message), request_id)


def _mark(text: str) -> str:
    """A code or an id, if it looks like one."""
    return text if len(text) <= _MARK_LIMIT and _MARK.fullmatch(text) else ""


def _without(text: str, hide: Iterable[str]) -> str:
    for secret in hide:
        text = text.replace(secret, "***")
    return _LONG_WORD.sub("***", text)
