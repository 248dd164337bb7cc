"""AK/SK request signing, SDK-HMAC-SHA256 with the plain key (API signing guide, "Signing").

The canonical form is computed from the URL as it will be sent, so that what is signed is what
goes out. Query texts must carry a blank as `%20`: a `+` means itself here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes, urlsplit

from tap_dds_backups.api.http import Request
from tap_dds_backups.api.secret import Revealed

ALGORITHM = "SDK-HMAC-SHA256"
SECURITY_TOKEN_HEADER = "X-Security-Token"  # noqa: S105  # a header's name
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def sign(
    request: Request,
    *,
    access_key: str,
    secret_key: str,
    project_id: str | None,
    security_token: str | None = None,
    sdk_date: str,
) -> dict[str, str]:
    """Return the headers that sign `request`; they replace older ones. `Host` is signed too.

    `sdk_date` is UTC as `YYYYMMDDTHHMMSSZ`; the service takes it up to 15 minutes off. The
    project id is signed because the service needs it where the project is a sub-project of its
    region. A Content-Type that the request already carries is signed too; no other header is.
    """
    headers = {"X-Sdk-Date": sdk_date}
    if project_id:
        headers["X-Project-Id"] = project_id
    if security_token:
        headers[SECURITY_TOKEN_HEADER] = security_token
    signed = {"host": host_header(request.url)}
    signed |= {name.lower(): Revealed(value.strip()) for name, value in headers.items()}
    signed |= {
        n.lower(): v.strip() for n, v in request.headers.items() if n.lower() == "content-type"
    }
    names = ";".join(sorted(signed))
    signature = _signature(secret_key, sdk_date, canonical_request(request, signed))
    headers["Authorization"] = Revealed(
        f"{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def canonical_request(request: Request, signed: Mapping[str, str]) -> str:
    """Return the text whose hash is signed; `signed` has lower-case names and trimmed values."""
    url = urlsplit(request.url)
    names = sorted(signed)
    lines = (
        request.method.upper(),
        _canonical_path(url.path),
        _canonical_query(url.query),
        Revealed("".join(f"{name}:{signed[name]}\n" for name in names)),
        ";".join(names),
        hashlib.sha256(request.body).hexdigest(),
    )
    return Revealed("\n".join(lines))


def host_header(url: str) -> str:
    """Return the Host header that HTTP libraries send for `url`: no default port."""
    parts = urlsplit(url)
    return parts.netloc.lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))


def _signature(secret_key: str, sdk_date: str, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{ALGORITHM}\n{sdk_date}\n{digest}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def _canonical_path(path: str) -> str:
    # Only the canonical form ends with a slash; the URL that is sent does not.
    encoded = "/".join(_encoded(segment) for segment in path.split("/"))
    return encoded if encoded.endswith("/") else encoded + "/"


def _canonical_query(query: str) -> str:
    # Sorted before they are encoded, as the vendor's own signers do.
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    decoded = sorted((unquote_to_bytes(name), unquote_to_bytes(value)) for name, value in pairs)
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in decoded)


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="~")
