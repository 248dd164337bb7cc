"""What a setting is, and how settings are grouped."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["string", "integer", "boolean", "array"]
SignInKind = Literal["token", "password", "access_key", "machine"]
GROUPS = {
    "sign_in": "Sign-in",
    "projects": "Projects",
    "backups": "Which backups",
    "reading": "Reading",
    "connection": "Connection",
}


class Form(NamedTuple):
    """How a text must look: a regular expression, and the same in words."""

    pattern: str
    words: str


A_TIME = Form(
    r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$",
    "YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ",
)
A_URL = Form(r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s?#@]+$", "https://host")
AN_ID = Form(r"^[A-Za-z0-9_-]{1,64}$", "an id as the console shows it")
A_REGION = Form(r"^[a-z0-9]+(-[a-z0-9]+)+$", "a region id such as eu-west-101")


class Setting(NamedTuple):
    """One setting. Bounds are inclusive; the unit of a number is part of its name or meaning.

    `sign_in` names the sign-in that it belongs to, of which it is a `required` part or not.
    `form` is for people who fill in Airbyte's form: Singer's checks would print the value.
    """

    name: str
    title: str
    description: str
    group: str
    kind: Kind = "string"
    default: str | int | bool | None = None
    minimum: int | None = None
    maximum: int | None = None
    secret: bool = False
    sign_in: SignInKind | None = None
    required: bool = False
    choices: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    form: Form | None = None
    singer_only: bool = False
    hidden: bool = False


class SignInForm(NamedTuple):
    """How a sign-in is named to people."""

    title: str
    description: str


SIGN_INS: dict[SignInKind, SignInForm] = {
    "access_key": SignInForm(
        "Access key (AK/SK)", "Each request is signed. For scheduled runs; serves many projects."
    ),
    "password": SignInForm(
        "IAM user and password", "Tokens are fetched from IAM and renewed during long runs."
    ),
    "token": SignInForm(
        "Ready-made token", "A token of one project that you fetched; it ends after 24 hours."
    ),
    "machine": SignInForm(
        "Credentials of the machine",
        "What credential_source names; without it the HUAWEICLOUD_SDK_* variables, then the profile "
        "~/.huaweicloud/credentials, of the machine that the connector runs on.",
    ),
}

# Which settings an entry of `projects` may hold.
PROJECT_FIELDS = ("project_id", "region", "api_url", "iam_url")
