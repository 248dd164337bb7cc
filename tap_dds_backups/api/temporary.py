"""Temporary key pairs: one for all projects of a run, renewed before it expires.

Renewal is per key pair, not per request: of eight threads whose requests are refused under one,
one gets the next and the others sign again with that.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from tap_dds_backups.api.clock import Clock
from tap_dds_backups.api.errors import ProtocolError, ServiceUnavailable, SignInError, Throttled
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.api.times import parse_time, to_seconds
from tap_dds_backups.api.trial import refusal

# Renewed when a tenth of its life is left, at the earliest half an hour before its end (seconds).
RENEW_SHARE, RENEW_AT_MOST = 0.1, 30 * 60.0
RENEW_AGAIN_AFTER = 60.0
SHORTEST_LIFE = 900.0  # taken where none is told: IAM gives out no shorter one
# IAM and the metadata service, the pod's endpoint, and STS spell the same four fields differently.
_SPELLINGS = (
    ("access", "secret", "securitytoken", "expires_at"),
    ("accessKeyId", "secretAccessKey", "securityToken", "expiration"),
    ("access_key_id", "secret_access_key", "security_token", "expiration"),
)


class TemporaryKey(Struct, frozen=True):
    """A key pair with its security token; `life` is what was left when it came, in seconds."""

    access_key: Secret
    secret_key: Secret
    security_token: Secret
    life: float


def temporary_key(entry: object, now: float) -> TemporaryKey:
    """Return the key pair that an answer holds; `now` is the issuer's clock, UTC seconds.

    Raises ProtocolError where it holds none.
    """
    for spelling in _SPELLINGS:
        values = [entry.get(name) for name in spelling] if isinstance(entry, Mapping) else []
        parts = [value for value in values[:3] if isinstance(value, str) and _fits_a_header(value)]
        if len(parts) == 3:
            access, secret, token = map(Secret, parts)
            return TemporaryKey(access, secret, token, _life(values[3], now))
    raise ProtocolError("the answer holds no temporary key pair with its security token")


def _fits_a_header(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _life(expires_at: Any, now: float) -> float:
    time = parse_time(expires_at) if isinstance(expires_at, str) else None
    return SHORTEST_LIFE if time is None else max(0.0, to_seconds(time) - now)


class TemporaryKeys:
    """The current key pair of a run. Thread-safe.

    `fetch` gets a new one and retries what is worth it; `on_secret` hears of each secret, so that
    it can be masked in output; `source` is named where key pairs are refused.
    """

    def __init__(
        self,
        fetch: Callable[[], TemporaryKey],
        clock: Clock,
        source: str,
        on_secret: Callable[[str], None] = lambda _secret: None,
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._source = source
        self._on_secret = on_secret
        self._lock = threading.Lock()
        self._key: TemporaryKey | None = None
        self._renew_at = 0.0
        self._proven = False
        self._renewals = 0
        self._over: SignInError | None = None

    def current(self) -> TemporaryKey:
        """Return the key pair to sign with; gets one first where there is none or it is old."""
        with self._lock:
            if self._over is not None:
                raise copy.copy(self._over)  # a traceback belongs to one thread
            if self._key is None:
                self._key = self._fetched()
            elif self._clock.monotonic() >= self._renew_at:
                self._key = self._renewed_early(self._key)
            return self._key

    def worked(self) -> None:
        """Take note that the source gives key pairs that work."""
        with self._lock:
            self._proven = True
            self._renewals = 0

    def refused(self, security_token: str, response: Response) -> None:
        """Drop the key pair of this token, unless it was replaced meanwhile.

        One that never worked is renewed once. Where they have worked, the second renewal in a row
        that brought no success is the last: then SignInError is raised.
        """
        with self._lock:
            if self._over is not None:
                raise copy.copy(self._over)
            key = self._key
            if key is None or key.security_token.reveal() != security_token:
                return
            if self._renewals >= (2 if self._proven else 1):
                hint = (
                    f"{self._source} gives key pairs that the service does not accept: check that "
                    "its agency is of this account and cloud, and this machine's clock"
                )
                hide: list[Secret | None] = [key.access_key, key.secret_key, key.security_token]
                self._over = refusal(response, hint, hide)
                raise copy.copy(self._over)
            self._renewals += 1
            self._key = None

    def _renewed_early(self, key: TemporaryKey) -> TemporaryKey:
        try:
            return self._fetched()
        except (ServiceUnavailable, Throttled):
            self._renew_at = self._clock.monotonic() + RENEW_AGAIN_AFTER
            return key  # still good for a while

    def _fetched(self) -> TemporaryKey:
        try:
            key = self._fetch()
        except SignInError as error:
            self._over = error
            raise
        for secret in (key.access_key, key.secret_key, key.security_token):
            self._on_secret(secret.reveal())
        early = min(RENEW_SHARE * key.life, RENEW_AT_MOST)
        self._renew_at = self._clock.monotonic() + key.life - early
        return key
