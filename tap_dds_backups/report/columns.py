"""What a stream's JSON Schema means to DuckDB (column types) and to msgspec (what is accepted)."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

BIGINT = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_SCALARS: dict[str, tuple[str, Any]] = {
    "string": ("VARCHAR", str),
    "integer": ("BIGINT", BIGINT),
    "number": ("DOUBLE", float),
    "boolean": ("BOOLEAN", bool),
}


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def usable(name: str) -> bool:
    """Whether a column can have this name: msgspec takes no quote, backslash or control character."""
    return bool(name) and name.isprintable() and not {'"', "\\"} & set(name)


def columns_of(schema: dict[str, Any]) -> dict[str, str]:
    """Column names and DuckDB types, in the order of the schema's properties."""
    return {name: duckdb_type(part) for name, part in _properties(schema).items()}


def duckdb_type(schema: Any) -> str:
    """VARCHAR, BIGINT, DOUBLE, BOOLEAN, TIMESTAMPTZ, DATE, a STRUCT of these, or JSON for the rest."""
    part = _branch(schema)
    kind = _kind(part)
    if kind == "object" and (properties := _properties(part)):
        inner = ", ".join(f"{quoted(name)} {_nested(sub)}" for name, sub in properties.items())
        return f"STRUCT({inner})"
    if kind == "string":
        formats = {"date-time": "TIMESTAMPTZ", "date": "DATE"}
        return formats.get(str(part.get("format")), "VARCHAR")
    return _SCALARS[kind][0] if kind in _SCALARS else "JSON"


def as_json_reads_it(duckdb_type: str) -> str:
    """Times come as text and are cast in SQL: DuckDB's JSON reader would guess a format."""
    return "VARCHAR" if duckdb_type in ("TIMESTAMPTZ", "DATE") else duckdb_type


def record_decoder(schema: dict[str, Any], keys: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Accepts the records that fit `schema`: every property may be null or absent but the keys."""
    fields: list[Any] = []
    rename: dict[str, str] = {}
    ordered = sorted(_properties(schema).items(), key=lambda item: item[0] not in keys)
    for position, (name, part) in enumerate(ordered):
        field = f"f{position}"
        rename[field] = name
        accepted = _accepted(part)
        fields.append((field, accepted) if name in keys else (field, accepted | None, None))
    record = msgspec.defstruct("record", fields, rename=rename)
    # Not strict: 5.0 is an integer to JSON Schema.
    return msgspec.json.Decoder(record, strict=False)


def _accepted(schema: Any) -> Any:
    part = _branch(schema)
    kind = _kind(part)
    if kind == "object":
        return dict[str, Any]
    if kind == "array":
        return list[Any]
    return _SCALARS[kind][1] if kind in _SCALARS else object


def _nested(schema: Any) -> str:
    return as_json_reads_it(duckdb_type(schema))


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties")
    return properties if isinstance(properties, dict) else {}


def _branch(schema: Any) -> dict[str, Any]:
    """The schema itself, or the first alternative of an anyOf that is not null."""
    if not isinstance(schema, dict):
        return {}
    for word in ("anyOf", "oneOf"):
        for part in schema.get(word) or ():
            if isinstance(part, dict) and part.get("type") not in ("null", ["null"]):
                return part
    return schema


def _kind(schema: dict[str, Any]) -> str:
    """The one JSON type beside null, or an empty text where there are several or none."""
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    found = [kind for kind in kinds or () if kind != "null"]
    return found[0] if len(found) == 1 and isinstance(found[0], str) else ""
