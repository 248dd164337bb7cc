"""A client made of http.client alone, so that nothing of the tap stands between test and wire."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from tap_dds_backups.emulator import Emulator


class Reply(NamedTuple):
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def call(
    url: str, method: str = "GET", headers: dict[str, str] | None = None, body: bytes | None = None
) -> Reply:
    """One request on a connection of its own."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    try:
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request(method, target, body, headers or {})
        response = connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, names, response.read())
    finally:
        connection.close()


def list_url(emulator: Emulator, **parameters: object) -> str:
    """The address of a list request; blanks are sent as %20."""
    query = urlencode(parameters, quote_via=quote)
    return f"{emulator.url}/v3/{emulator.store.project.id}/backups" + (f"?{query}" if query else "")


def listed(emulator: Emulator, **parameters: object) -> Reply:
    """A list request under a ready token."""
    token = emulator.config("token")["auth_token"]
    return call(list_url(emulator, **parameters), headers={"X-Auth-Token": token})


def sign_in_body(config: dict[str, Any], **changes: Any) -> bytes:
    """The body of a sign-in by password for the project of the settings."""
    user = {
        "name": config["username"],
        "password": config["password"],
        "domain": {"name": config["domain_name"]},
    }
    auth = {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"id": config["project_id"]}},
    }
    return json.dumps({"auth": {**auth, **changes}}).encode()


def signed_headers(
    url: str,
    access_key: str,
    secret_key: str,
    *,
    method: str = "GET",
    when: float,
    body: bytes = b"",
    more: dict[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a signed request (API signing guide), written out once more for the test."""
    parts = urlsplit(url)
    date = dt.datetime.fromtimestamp(when, dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": parts.netloc, "x-sdk-date": date, **(more or {})}
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            method,
            parts.path.rstrip("/") + "/",
            "&".join(sorted(parts.query.split("&"))),
            "".join(f"{name}:{headers[name]}\n" for name in sorted(headers)),
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    text = f"SDK-HMAC-SHA256\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    head = f"SDK-HMAC-SHA256 Access={access_key}, SignedHeaders={names}, Signature={signature}"
    return {**{k: v for k, v in headers.items() if k != "host"}, "Authorization": head}
