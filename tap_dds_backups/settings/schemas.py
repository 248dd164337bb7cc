"""The list of settings as each reader wants it: Singer, Airbyte's form, the README."""

from __future__ import annotations

from typing import Any

from tap_dds_backups.settings.catalogue import CONFIG
from tap_dds_backups.settings.setting import GROUPS, PROJECT_FIELDS, SIGN_INS, Setting, SignInKind

Schema = dict[str, Any]


def singer_schema() -> Schema:
    """Return the JSON schema of the Singer config.

    No alternatives at its root and no pattern on any setting: checks by this schema print the
    value that fails, and with an alternative that is the whole config. Whether a sign-in is
    complete is checked in `settings`.
    """
    return {
        "type": "object",
        "properties": {setting.name: _singer_property(setting) for setting in CONFIG},
        "dependentRequired": _dependent(),
        "additionalProperties": False,
    }


def _singer_property(setting: Setting) -> Schema:
    schema = _described(setting) | {"type": [setting.kind, "null"]} | _bounds(setting)
    if setting.secret:
        schema |= {"secret": True, "writeOnly": True}
    if setting.choices:
        schema["examples"] = list(setting.choices)
    if setting.kind == "array":
        schema["items"] = _project_entry(
            {name: {"type": ["string", "null"]} for name in PROJECT_FIELDS if name != "project_id"}
        )
    return schema


def _dependent() -> dict[str, list[str]]:
    """Each part of a sign-in needs the required others."""
    return {
        setting.name: [other for other in _required(setting.sign_in) if other != setting.name]
        for setting in CONFIG
        if setting.sign_in and _required(setting.sign_in) != [setting.name]
    }


def _required(kind: SignInKind) -> list[str]:
    return [setting.name for setting in CONFIG if setting.sign_in == kind and setting.required]


def airbyte_schema() -> Schema:
    """Return the connectionSpecification for Airbyte's form: the sign-in is a one-of."""
    outer = [setting for setting in CONFIG if not (setting.sign_in or setting.singer_only)]
    properties = {setting.name: _airbyte_property(setting, n) for n, setting in enumerate(outer, 1)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Huawei Cloud DDS Backups",
        "type": "object",
        "required": ["credentials"],
        "additionalProperties": True,
        "properties": {"credentials": _credentials(), **properties},
        "groups": [{"id": group, "title": title} for group, title in GROUPS.items()],
    }


def _credentials() -> Schema:
    return {
        "title": "Sign-in",
        "description": "How to sign in to Huawei Cloud.",
        "type": "object",
        "order": 0,
        "group": "sign_in",
        "oneOf": [_sign_in_branch(kind) for kind in SIGN_INS],
    }


def _sign_in_branch(kind: SignInKind) -> Schema:
    parts = [setting for setting in CONFIG if setting.sign_in == kind]
    auth_type = {"type": "string", "title": "Type", "const": kind, "order": 0}
    return {
        "title": SIGN_INS[kind].title,
        "description": SIGN_INS[kind].description,
        "type": "object",
        "required": ["auth_type", *_required(kind)],
        "additionalProperties": True,
        "properties": {
            "auth_type": auth_type | {"description": "Marks this way to sign in."},
            **{setting.name: _airbyte_property(setting, n) for n, setting in enumerate(parts, 1)},
        },
    }


def _airbyte_property(setting: Setting, order: int) -> Schema:
    schema = _described(setting) | {"type": setting.kind, "order": order} | _bounds(setting)
    if setting.sign_in is None:
        schema["group"] = setting.group
    if setting.secret:
        schema["airbyte_secret"] = True
    if setting.hidden:
        schema["airbyte_hidden"] = True
    if setting.choices:
        schema["enum"] = list(setting.choices)
    if setting.form:
        schema |= {"pattern": setting.form.pattern, "pattern_descriptor": setting.form.words}
    if setting.kind == "array":
        fields = [other for other in CONFIG if other.name in PROJECT_FIELDS]
        schema["items"] = _project_entry(
            {
                field.name: _without_group(_airbyte_property(field, n))
                for n, field in enumerate(fields)
            }
        )
    return schema


def _without_group(schema: Schema) -> Schema:
    return {name: value for name, value in schema.items() if name != "group"}


def _project_entry(properties: Schema) -> Schema:
    project_id = {"project_id": {"type": "string"}}
    return {"type": "object", "required": ["project_id"], "properties": project_id | properties}


def _described(setting: Setting) -> Schema:
    schema: Schema = {"title": setting.title, "description": setting.description}
    if setting.default is not None:
        schema["default"] = setting.default
    if setting.examples:
        schema["examples"] = list(setting.examples)
    return schema


def _bounds(setting: Setting) -> Schema:
    bounds = {"minimum": setting.minimum, "maximum": setting.maximum}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def settings_table() -> str:
    """Return the table of all settings for the README, in Markdown."""
    lines = ["| Setting | Type | Default | Meaning |", "|---|---|---|---|"]
    for setting in CONFIG:
        default = "" if setting.default is None else f"`{_spoken(setting.default)}`"
        lines.append(f"| `{setting.name}` | {_type(setting)} | {default} | {_meaning(setting)} |")
    return "\n".join(lines) + "\n"


def _spoken(default: object) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _type(setting: Setting) -> str:
    if setting.minimum is not None:
        return f"integer, {setting.minimum:,} to {setting.maximum:,}"
    return f"{setting.kind}, secret" if setting.secret else setting.kind


def _meaning(setting: Setting) -> str:
    if setting.choices:
        return f"{setting.description} One of {', '.join(setting.choices)}, in any letter case."
    return setting.description
