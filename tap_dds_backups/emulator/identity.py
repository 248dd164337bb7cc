"""The emulated account: a user, permanent and temporary access keys, and tokens in use."""

from __future__ import annotations

import threading
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from random import Random

from tap_dds_backups.emulator.answers import ApiError, Request, dds_error, gateway_error
from tap_dds_backups.emulator.rows import hex_id
from tap_dds_backups.emulator.signature import (
    ALGORITHM,
    LockOut,
    SignatureRefused,
    check_signature,
    parse_authorization,
)

TOKEN_SECONDS = 86_400.0
TOKEN_BYTES = 1_200


@dataclass(frozen=True)
class AccessKey:
    """A key pair; a temporary one has a security token and an end of life (UTC seconds)."""

    access_key: str
    secret_key: str
    security_token: str = ""
    expires_at: float = float("inf")


@dataclass(slots=True)
class Token:
    """An issued token. `project_id` is empty for one of the whole account (domain scope)."""

    project_id: str
    issued_at: float
    expires_at: float
    uses_left: float = float("inf")


@dataclass(frozen=True)
class User:
    """The one IAM user of the emulated account, and the agency that can be assumed."""

    name: str
    id: str
    domain_name: str
    domain_id: str
    password: str
    agency_name: str = "backup-readers"


class Identity:
    """Who may come in. The same seed gives the same names, keys and tokens.

    A token lives `token_seconds` and serves `token_requests` requests; an ended one is refused
    with `expired_as`, one of the codes that were seen for it: APIGW.0301, APIGW.0307,
    DBS.280056 (401 each) or DBS.280015 (400).
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        token_seconds: float = TOKEN_SECONDS,
        token_requests: float = float("inf"),
        expired_as: str = "APIGW.0301",
    ) -> None:
        self._random = Random(f"identity {seed}")
        self.token_seconds = token_seconds
        self.token_requests = token_requests
        self.expired_as = expired_as
        password = "pass-" + self._text(18)
        self.user = User(
            "backup-reader",
            hex_id(self._random),
            "emulated-account",
            hex_id(self._random),
            password,
        )
        self.access_key = self._new_key()
        self._keys = {self.access_key.access_key: self.access_key}
        self._tokens: dict[str, Token] = {}
        self._lock_out = LockOut()
        self._lock = threading.Lock()

    def issue_token(
        self,
        project_id: str,
        *,
        now: float,
        seconds: float | None = None,
        requests: float | None = None,
    ) -> tuple[str, Token]:
        """A new token for a project, or for the account where `project_id` is empty."""
        with self._lock:
            text = "MII" + self._text(TOKEN_BYTES)
            life = self.token_seconds if seconds is None else seconds
            uses = self.token_requests if requests is None else requests
            token = Token(project_id, now, now + life, uses)
            self._tokens[text] = token
            return text, token

    def issue_temporary_key(self, *, now: float, seconds: float) -> AccessKey:
        """A temporary key pair with its security token."""
        with self._lock:
            key = self._new_key(token="sec-" + self._text(300), expires_at=now + seconds)
            self._keys[key.access_key] = key
            return key

    def expire(self, *, now: float) -> None:
        """End every token and every temporary key."""
        with self._lock:
            for token in self._tokens.values():
                token.expires_at = min(token.expires_at, now)
            for key in list(self._keys.values()):
                if key.security_token:
                    del self._keys[key.access_key]

    def admit(self, request: Request, *, now: float) -> str | None:
        """The project whose token the request carries; None where a signature serves any.

        Raises:
            ApiError: 401 (400 for DBS.280015) as the gateway or the service would answer.
        """
        if request.headers.get("authorization", "").startswith(ALGORITHM):
            self._admit_signature(request, now)
            return None
        text = request.headers.get("x-auth-token")
        if not text:
            raise _unauthorized("x-auth-token not found")
        return self.use_token(text, now=now).project_id

    def use_token(self, text: str, *, now: float) -> Token:
        """The token, one use less.

        Raises:
            ApiError: for an unknown or ended token.
        """
        with self._lock:
            token = self._tokens.get(text)
            if token is None:
                raise _unauthorized("decrypt token fail")
            if now >= token.expires_at or token.uses_left <= 0:
                raise _expired(self.expired_as)
            token.uses_left -= 1
            return token

    def _admit_signature(self, request: Request, now: float) -> None:
        try:
            signed = parse_authorization(request.headers["authorization"])
        except SignatureRefused as refused:
            raise _unauthorized(str(refused), refused.code) from None
        with self._lock:
            try:
                self._lock_out.check(signed.access_key, now=now)
            except SignatureRefused as refused:
                raise _unauthorized(str(refused), refused.code) from None
            try:
                key = self._key(signed.access_key, request, now)
                check_signature(request, signed, key.secret_key, now=now)
            except SignatureRefused as refused:
                self._lock_out.refused(signed.access_key, now=now)
                raise _unauthorized(str(refused), refused.code) from None
            self._lock_out.accepted(signed.access_key)

    def _key(self, access_key: str, request: Request, now: float) -> AccessKey:
        key = self._keys.get(access_key)
        if key is None:
            raise SignatureRefused("ak not exist")
        if key.security_token != request.headers.get("x-security-token", ""):
            raise SignatureRefused("the security token does not belong to this ak")
        if now >= key.expires_at:
            raise SignatureRefused("the security token has expired")
        return key

    def _new_key(self, token: str = "", expires_at: float = float("inf")) -> AccessKey:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        access_key = "".join(self._random.choices(letters, k=20))
        return AccessKey(access_key, self._text(30), token, expires_at)

    def _text(self, size: int) -> str:
        return urlsafe_b64encode(self._random.randbytes(size)).decode().rstrip("=")


def _unauthorized(reason: str, code: str = "APIGW.0301") -> ApiError:
    return gateway_error(401, code, f"Incorrect IAM authentication information: {reason}")


def _expired(code: str) -> ApiError:
    if code.startswith("DBS."):
        return dds_error(400 if code == "DBS.280015" else 401, code, "The token has expired.")
    return _unauthorized("token expires", code)
