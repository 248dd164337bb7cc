"""Which sign-in is configured, and what it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tap_dds_backups.api.secret import Secret
from tap_dds_backups.settings.catalogue import CONFIG, SECRETS
from tap_dds_backups.settings.setting import SignInKind

FIELDS: dict[SignInKind, tuple[str, ...]] = {
    kind: tuple(setting.name for setting in CONFIG if setting.sign_in == kind)
    for kind in ("token", "password", "access_key", "machine")
}
_REQUIRED = {setting.name for setting in CONFIG if setting.required}


class Token(NamedTuple):
    """A ready token for X-Auth-Token; serves one project."""

    auth_token: Secret


class Password(NamedTuple):
    """An IAM user of an account."""

    username: str
    password: Secret
    domain_name: str


class KeyPair(NamedTuple):
    """AK/SK, temporary where there is a security token."""

    access_key: Secret
    secret_key: Secret
    security_token: Secret | None = None


class EcsAgency(NamedTuple):
    """The agency of the cloud server that this runs on."""

    metadata_url: str


class PodIdentity(NamedTuple):
    """The agency of the pod that this runs in; the token in the file changes."""

    url: str
    token_file: str


class AssumedAgency(NamedTuple):
    """An agency that another sign-in assumes; `agency_domain_name` is the account that made it."""

    base: Password | KeyPair
    agency_name: str
    agency_domain_name: str


SignIn = Token | Password | KeyPair | EcsAgency | PodIdentity | AssumedAgency
SIGNING = (KeyPair, EcsAgency, PodIdentity, AssumedAgency)
_TYPES: dict[SignInKind, Callable[..., SignIn]] = {
    "token": Token,
    "password": Password,
    "access_key": KeyPair,
}


def secrets_of(sign_in: SignIn) -> list[str]:
    """Return every configured credential of a sign-in."""
    held: SignIn = sign_in.base if isinstance(sign_in, AssumedAgency) else sign_in
    return [value.reveal() for value in held if isinstance(value, Secret)]


def configured_kinds(given: set[str]) -> list[SignInKind]:
    """Return the sign-ins of which at least one setting is given."""
    return [kind for kind, fields in FIELDS.items() if given.intersection(fields)]


def sign_in_problems(kinds: list[SignInKind], given: set[str]) -> list[str]:
    """Return what keeps the given settings from being exactly one complete sign-in."""
    if len(kinds) > 1:
        parts = [" and ".join(sorted(given.intersection(FIELDS[kind]))) for kind in kinds]
        return [f"{len(kinds)} sign-ins are configured ({'; '.join(parts)}): keep exactly one"]
    missing = [name for name in FIELDS[kinds[0]] if name in _REQUIRED - given]
    if not missing:
        return []
    return [f"the sign-in with {_spoken(kinds[0])} is incomplete: give {' and '.join(missing)} too"]


_SPOKEN = {"token": "a token", "password": "a password", "access_key": "an access key"}


def _spoken(kind: SignInKind) -> str:
    return _SPOKEN[kind]


def sign_in_from(kind: SignInKind, values: Mapping[str, Any]) -> SignIn:
    """Return the sign-in of this kind from checked values."""
    held = {name: values[name] for name in FIELDS[kind] if values.get(name)}
    return _TYPES[kind](**{n: Secret(v) if n in SECRETS else v for n, v in held.items()})
