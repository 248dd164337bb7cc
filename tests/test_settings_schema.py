"""The schemas that are made of the list of settings, and the list itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from tap_dds_backups.settings import from_airbyte, from_singer
from tap_dds_backups.settings.catalogue import CONFIG
from tap_dds_backups.settings.schemas import airbyte_schema, settings_table, singer_schema

PLACE = {"project_id": "0" * 32, "region": "eu-west-101"}
SIGN_INS: dict[str, dict[str, str]] = {
    "access_key": {"access_key": "AK", "secret_key": "SK"},
    "password": {"username": "u", "password": "p", "domain_name": "d"},
    "token": {"auth_token": "T"},
    "machine": {},
}
MACHINE = {"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK"}
NAMES = [setting.name for setting in CONFIG]


def airbyte_fields() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every field of Airbyte's form that holds a setting."""
    schema = airbyte_schema()
    for name, field in schema["properties"].items():
        if name != "credentials":
            yield name, field
    for branch in schema["properties"]["credentials"]["oneOf"]:
        yield from ((n, f) for n, f in branch["properties"].items() if n != "auth_type")


@pytest.mark.parametrize("setting", CONFIG, ids=NAMES)
def test_each_setting_is_described(setting: Any) -> None:
    """A setting has a title, sentences, and a default inside its bounds that its check takes."""
    assert setting.title
    assert setting.description.endswith(".")
    assert "|" not in setting.description
    if setting.minimum is not None and setting.default is not None:
        assert setting.minimum <= setting.default <= setting.maximum
    for example in (*setting.examples, *([setting.default] if setting.form else [])):
        if example and setting.form:
            assert re.fullmatch(setting.form.pattern, example)


def test_singer_schema() -> None:
    """It is a schema; secrets are marked and have nothing that would print them when it fails."""
    schema = singer_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == NAMES
    assert not {"anyOf", "oneOf", "allOf", "if", "required"} & set(schema)
    for setting in CONFIG:
        field = schema["properties"][setting.name]
        assert field["title"]
        assert field["description"]
        assert field.get("default") == setting.default
        assert not {"pattern", "enum", "const", "minLength"} & set(field)
        assert (field.get("secret"), field.get("writeOnly")) == (
            (True, True) if setting.secret else (None, None)
        )


@pytest.mark.parametrize("kind", SIGN_INS)
def test_both_schemas_take_what_is_taken(kind: str) -> None:
    """A config that the code takes passes the schema of its face."""
    singer = PLACE | SIGN_INS[kind]
    jsonschema.validate(singer, singer_schema())
    from_singer(singer, MACHINE)
    airbyte = PLACE | {"credentials": {"auth_type": kind, **SIGN_INS[kind]}}
    jsonschema.validate(airbyte, airbyte_schema())
    from_airbyte(airbyte, MACHINE)


@pytest.mark.parametrize("missing", ["access_key", "secret_key", "username", "password"])
def test_singer_schema_knows_what_belongs_together(missing: str) -> None:
    """Half a sign-in fails the schema too, by names alone."""
    kind = "access_key" if "key" in missing else "password"
    half = {name: "CANARY" for name in SIGN_INS[kind] if name != missing}
    with pytest.raises(jsonschema.ValidationError, match="is a dependency of") as caught:
        jsonschema.validate(PLACE | half, singer_schema())
    assert "CANARY" not in caught.value.message


def test_airbyte_schema_is_a_good_form() -> None:
    """Every field has title, description, order and group; every secret is marked as one."""
    schema = airbyte_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["additionalProperties"] is True
    groups = {group["id"] for group in schema["groups"]}
    secret = {setting.name for setting in CONFIG if setting.secret}
    seen = []
    for name, field in airbyte_fields():
        seen.append(name)
        assert field["title"]
        assert field["description"]
        assert isinstance(field["type"], str)
        assert field.get("airbyte_secret", False) is (name in secret)
        assert ("pattern" in field) is ("pattern_descriptor" in field)
    assert sorted(seen) == sorted(s.name for s in CONFIG if not s.singer_only)
    assert {field["group"] for field in schema["properties"].values()} == groups
    orders = [field["order"] for field in schema["properties"].values()]
    assert orders == list(range(len(orders)))


def test_airbyte_sign_in_is_a_one_of() -> None:
    """Each branch of the one-of is told by a constant auth_type, which is required."""
    credentials = airbyte_schema()["properties"]["credentials"]
    assert credentials["type"] == "object"
    branches = {b["properties"]["auth_type"]["const"]: b for b in credentials["oneOf"]}
    assert {kind: set(b["required"]) for kind, b in branches.items()} == {
        kind: {"auth_type", *fields} for kind, fields in SIGN_INS.items()
    }
    for branch in branches.values():
        assert branch["title"]
        orders = [field["order"] for field in branch["properties"].values()]
        assert orders == list(range(len(orders)))


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("start_date", ["2024-01-31", "2024-01-31T00:00:00Z", "2024-01-31T00:00:00+08:00"], ["x"]),
        ("api_url", ["https://dds.example.com", "http://[::1]:1/x"], ["dds.example.com"]),
        ("iam_url", ["https://iam.example.com/v3"], ["https://u@x.com", "https://x.com?a"]),
        ("region", ["eu-west-101"], ["Europe", "eu"]),
        ("project_id", ["0" * 32], ["a/b", ""]),
        ("backup_type", ["Auto", "Incremental"], ["Differential"]),
        ("mode", ["ReplicaSet"], ["x"]),
        ("page_size", [10, 100], [9, 101, "50"]),
    ],
)
def test_airbyte_form_refuses_early(name: str, good: list[object], bad: list[object]) -> None:
    """The form takes what the code takes, and refuses the plainest mistakes while typing."""
    field = dict(airbyte_fields())[name]
    check = jsonschema.Draft7Validator(field)
    assert [value for value in good if not check.is_valid(value)] == []
    assert [value for value in bad if check.is_valid(value)] == []


def test_projects_in_both_schemas() -> None:
    """An entry of `projects` has the same fields in both schemas and needs its project_id."""
    form = dict(airbyte_fields())["projects"]["items"]
    singer = singer_schema()["properties"]["projects"]["items"]
    assert list(form["properties"]) == list(singer["properties"])
    assert form["required"] == singer["required"] == ["project_id"]
    orders = [field["order"] for field in form["properties"].values()]
    assert orders == list(range(len(orders)))


def test_schemas_are_plain_json() -> None:
    """Both schemas survive being written and read."""
    for schema in (singer_schema(), airbyte_schema()):
        assert json.loads(json.dumps(schema)) == schema


def test_table_has_every_setting() -> None:
    """The README's table has one row of four cells for each setting, in order."""
    rows = settings_table().splitlines()
    assert [row.split("|")[1].strip(" `") for row in rows[2:]] == NAMES
    assert all(row.count("|") == 5 for row in rows)
    assert "| `page_size` | integer, 10 to 100 | `100` | Rows per request. |" in rows
