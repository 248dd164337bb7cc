"""The secrets in a request, so that a server that repeats them does not bring them into a log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tap_dds_backups.api.http import Request
from tap_dds_backups.api.secret import Revealed, Unshown

_SECRET_HEADERS = frozenset(
    {"x-auth-token", "x-security-token", "x-subject-token", "x-metadata-token"}
)
_IN_AUTHORIZATION = re.compile(r"(?:Access|Credential|Signature)=([^,/\s]+)")
_SHORTEST = 4


def secrets_in(request: Request) -> Iterator[str]:
    """Yield tokens, keys, signatures and passwords of a request, also as JSON escapes them."""
    for name, value in request.headers.items():
        if name.lower() in _SECRET_HEADERS:
            yield value
        elif name.lower() == "authorization":
            yield value
            yield from map(Revealed, _IN_AUTHORIZATION.findall(value))
    for password in _passwords(request.body):
        if len(password) >= _SHORTEST:
            yield password
            yield Revealed(json.dumps(password)[1:-1])


def _passwords(body: bytes) -> Iterator[str]:
    try:
        waiting = [json.loads(body, object_hook=Unshown)] if body else []
    except ValueError:
        return
    while waiting:
        value = waiting.pop()
        if not isinstance(value, Unshown):
            continue
        waiting += value.values()
        if isinstance(password := value.get("password"), str):
            yield password
