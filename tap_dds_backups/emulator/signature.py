"""Verification of SDK-HMAC-SHA256 signatures (API signing guide, "signing algorithm").

Whatever SignedHeaders lists is verified, over the body that really came. Only the form
`Access=<AK>` is spoken; the derived-key form of the same name (`Credential=...`) is refused in
so many words.
"""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, unquote

from tap_dds_backups.emulator.answers import Request

ALGORITHM = "SDK-HMAC-SHA256"
TOLERANCE = 15 * 60
LOCK_AFTER = 5
LOCK_SECONDS = 5 * 60

_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Access=([^,\s]+), ?SignedHeaders=([^,\s]+), ?Signature=([0-9a-f]{{64}})"
)


class SignatureRefused(Exception):
    """Why a signature is not accepted; `code` is the gateway's."""

    def __init__(self, message: str, code: str = "APIGW.0301") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signed:
    """The parts of an Authorization header."""

    access_key: str
    headers: tuple[str, ...]
    signature: str


def parse_authorization(text: str) -> Signed:
    """The parts of the header.

    Raises:
        SignatureRefused: for the derived-key form and for anything malformed.
    """
    if "Credential=" in text:
        raise SignatureRefused("the derived-key form Credential=AK/date/region is not spoken here")
    match = _AUTHORIZATION.fullmatch(text)
    if match is None:
        raise SignatureRefused("the Authorization header is malformed")
    return Signed(match[1], tuple(match[2].split(";")), match[3])


def canonical_request(request: Request, signed_headers: tuple[str, ...]) -> str:
    """The text whose hash is signed; the path ends with a slash here, and only here."""
    path = "/".join(quote(unquote(part), safe="-_.~") for part in request.path.split("/"))
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in request.parameters()
    )
    content = request.headers.get("x-sdk-content-sha256", "")
    if "x-sdk-content-sha256" not in signed_headers or not content:
        content = hashlib.sha256(request.body).hexdigest()
    return "\n".join(
        [
            request.method,
            path if path.endswith("/") else path + "/",
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed_headers),
            ";".join(signed_headers),
            content,
        ]
    )


def signature(request: Request, signed_headers: tuple[str, ...], secret_key: str) -> str:
    """The signature that the request should carry, in hex."""
    canonical = canonical_request(request, signed_headers).encode()
    date = request.headers["x-sdk-date"]
    text = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical).hexdigest()}"
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def check_signature(request: Request, signed: Signed, secret_key: str, *, now: float) -> None:
    """Accept the request or say why not; `now` is UTC seconds.

    Raises:
        SignatureRefused: with the gateway's code for the reason.
    """
    missing = {"host", "x-sdk-date"} - set(signed.headers)
    if missing:
        raise SignatureRefused(f"{min(missing)} is not among the SignedHeaders")
    if list(signed.headers) != sorted(signed.headers):
        raise SignatureRefused("the SignedHeaders are not sorted")
    for name in signed.headers:
        if name not in request.headers:
            raise SignatureRefused("a header named in SignedHeaders did not come")
    if abs(_sdk_date(request.headers["x-sdk-date"]) - now) > TOLERANCE:
        raise SignatureRefused("X-Sdk-Date is more than 15 minutes off", "APIGW.0303")
    expected = signature(request, signed.headers, secret_key)
    if not hmac.compare_digest(expected, signed.signature):
        raise SignatureRefused("verify aksk signature fail")


def _sdk_date(text: str) -> int:
    try:
        return calendar.timegm(time.strptime(text, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise SignatureRefused("X-Sdk-Date is not YYYYMMDDThhmmssZ", "APIGW.0303") from None


class LockOut:
    """After five refused signatures in a row an access key is refused for five minutes."""

    def __init__(self) -> None:
        self._refused: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def check(self, access_key: str, *, now: float) -> None:
        """Raises SignatureRefused while the key is locked."""
        if now < self._until.get(access_key, 0.0):
            raise SignatureRefused("AK access failed to reach the limit,forbidden")

    def accepted(self, access_key: str) -> None:
        """A good signature ends the count."""
        self._refused.pop(access_key, None)

    def refused(self, access_key: str, *, now: float) -> None:
        """One more bad signature."""
        count = self._refused.get(access_key, 0) + 1
        if count >= LOCK_AFTER:
            self._until[access_key] = now + LOCK_SECONDS
            count = 0
        self._refused[access_key] = count
