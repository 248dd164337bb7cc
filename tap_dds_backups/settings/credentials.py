"""Which sign-in is configured, and what it holds. Further sources of credentials belong here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tap_dds_backups.api.secret import Secret
from tap_dds_backups.settings.catalogue import CONFIG
from tap_dds_backups.settings.setting import SignInKind
from tap_dds_backups.settings.values import header_text

ENVIRONMENT = {
    "access_key": "HUAWEICLOUD_SDK_AK",
    "secret_key": "HUAWEICLOUD_SDK_SK",
    "security_token": "HUAWEICLOUD_SDK_SECURITY_TOKEN",
}
FIELDS: dict[SignInKind, tuple[str, ...]] = {
    kind: tuple(setting.name for setting in CONFIG if setting.sign_in == kind)
    for kind in ("token", "password", "access_key")
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


SignIn = Token | Password | KeyPair
_TYPES: dict[SignInKind, Callable[..., SignIn]] = {
    "token": Token,
    "password": Password,
    "access_key": KeyPair,
}
_SECRET = {setting.name for setting in CONFIG if setting.secret}


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


def _spoken(kind: SignInKind) -> str:
    return {"token": "a token", "password": "a password", "access_key": "an access key"}[kind]


def sign_in_from(kind: SignInKind, values: Mapping[str, Any]) -> SignIn:
    """Return the sign-in of this kind from checked values."""
    held = {name: values[name] for name in FIELDS[kind] if values.get(name)}
    return _TYPES[kind](**{n: Secret(v) if n in _SECRET else v for n, v in held.items()})


def key_pair_of_environment(environ: Mapping[str, str], problems: list[str]) -> KeyPair | None:
    """Return the key pair that the vendor's SDK would find; None with a problem where none is."""
    found = {
        name: environ[variable] for name, variable in ENVIRONMENT.items() if environ.get(variable)
    }
    if not found:
        problems.append(
            "no sign-in is configured: give auth_token; or username, password and domain_name; or "
            "access_key and secret_key (or HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK in the "
            "environment)"
        )
        return None
    missing = [ENVIRONMENT[name] for name in ("access_key", "secret_key") if name not in found]
    if missing:
        problems.append(
            f"the key pair in the environment is incomplete: {' and '.join(missing)} missing"
        )
        return None
    for name, value in found.items():
        try:
            header_text(value)
        except ValueError as problem:
            problems.append(f"{ENVIRONMENT[name]} {problem}")
            return None
    return KeyPair(**{name: Secret(value) for name, value in found.items()})
