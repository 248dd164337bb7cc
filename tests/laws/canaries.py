"""Secrets that must not be seen again, and where they are looked for."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote

from tap_dds_backups.emulator import Emulator

SignIn = Literal["token", "password", "access_key", "temporary_key"]
SIGN_INS: tuple[SignIn, ...] = ("token", "password", "temporary_key")
SECRET_SETTINGS = ("auth_token", "password", "access_key", "secret_key", "security_token")
PROXY_USER, PROXY_PASSWORD = "proxy-user", "canary-proxy-5f1c9e"
PIECE = 12


def secrets_of(service: Emulator, config: Mapping[str, Any]) -> set[str]:
    """The credentials of a config, every token that the service issued, and the proxy's."""
    given = {str(config[name]) for name in SECRET_SETTINGS if name in config}
    pair = base64.b64encode(f"{PROXY_USER}:{PROXY_PASSWORD}".encode()).decode()
    return given | set(service.identity._tokens) | {PROXY_PASSWORD, pair}


def leaks(text: str, secrets: Iterable[str]) -> list[str]:
    """The beginnings of secrets that stand in a text, as they are, quoted, encoded or cut."""
    found = []
    for secret in secrets:
        middle = len(secret) // 2
        pieces = {secret[:PIECE], secret[-PIECE:], secret[middle : middle + PIECE]}
        encoded = base64.b64encode(secret.encode()).decode()[:PIECE]
        pieces |= {quote(secret, safe="")[:PIECE], encoded}
        found += [piece for piece in pieces if len(piece) >= 8 and piece in text]
    return found
