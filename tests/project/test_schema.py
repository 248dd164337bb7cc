"""The schema is the API page's tables, and nothing is left unexplained."""

from __future__ import annotations

from typing import Any

import pytest

from tap_dds_backups.schema import BACKUPS, STREAMS, StreamDefinition

# API page, Table 4 (response, one backup) and Table 5 (its datastore): name and type there.
TABLE_4 = {
    "id": "String",
    "name": "String",
    "instance_id": "String",
    "instance_name": "String",
    "datastore": "Object",
    "type": "String",
    "begin_time": "String",
    "end_time": "String",
    "status": "String",
    "size": "Long",
    "description": "String",
}
TABLE_5 = {"type": "String", "version": "String"}
# Huawei's own SDK for Python, since 3.1.181: optional fields that the page does not have yet.
NEWER = {
    "instance_status": "String",
    "instance_mode": "String",
    "is_instance_restoring": "Boolean",
    "backup_method": "String",
    "kms_enable": "Boolean",
    "deletable": "Boolean",
}
# What the API leaves in the URL.
FROM_THE_REQUEST = {"project_id": "String", "region": "String"}

JSON_TYPES = {"String": "string", "Object": "object", "Long": "integer", "Boolean": "boolean"}


def without_null(prop: dict[str, Any]) -> str:
    """Return the one JSON type of a property beside null."""
    types = prop["type"] if isinstance(prop["type"], list) else [prop["type"]]
    (only,) = set(types) - {"null"}
    return str(only)


def every_property(schema: dict[str, Any], path: str = "") -> dict[str, dict[str, Any]]:
    """Return all properties by dotted name, nested ones too."""
    found = {}
    for name, prop in schema.get("properties", {}).items():
        found[path + name] = prop
        found |= every_property(prop, f"{path}{name}.")
    return found


def test_the_record_is_tables_4_and_5_and_what_we_add() -> None:
    """Names, order and types of the properties equal the page's tables and our two additions."""
    expected = TABLE_4 | NEWER | FROM_THE_REQUEST
    properties = BACKUPS.schema["properties"]
    assert list(properties) == list(expected)
    assert {name: without_null(prop) for name, prop in properties.items()} == {
        name: JSON_TYPES[of_page] for name, of_page in expected.items()
    }
    datastore = properties["datastore"]["properties"]
    assert {name: without_null(prop) for name, prop in datastore.items()} == {
        name: JSON_TYPES[of_page] for name, of_page in TABLE_5.items()
    }


def test_only_the_keys_are_required() -> None:
    """A record without an end, a size or a name is still one: null is allowed but in the keys."""
    schema = BACKUPS.schema
    assert schema["required"] == ["id", "begin_time"]
    for name, prop in every_property(schema).items():
        assert ("null" in prop["type"]) == (name not in {"id", "begin_time"}), name


def test_times_are_date_times_in_utc() -> None:
    """Both times say that they are date-times, and of which zone."""
    for name in ("begin_time", "end_time"):
        prop = BACKUPS.schema["properties"][name]
        assert prop["format"] == "date-time"
        assert "UTC" in prop["description"]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_property_is_explained(stream: StreamDefinition) -> None:
    """Each property has a description that is a sentence, and none a closed list of values."""
    for name, prop in every_property(stream.schema).items():
        assert prop["description"].endswith("."), name
        assert "enum" not in prop, name
        assert prop.get("additionalProperties", True), name
    assert "KB" in BACKUPS.schema["properties"]["size"]["description"]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_keys_are_properties(stream: StreamDefinition) -> None:
    """Primary and replication keys stand in the schema, and are never null."""
    schema = stream.schema
    keys = [*stream.primary_key, *([stream.replication_key] if stream.replication_key else [])]
    for key in keys:
        assert "null" not in schema["properties"][key]["type"], key
        assert key in schema["required"], key
