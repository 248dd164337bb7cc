"""What the Airbyte source offers, and what a configured catalog chooses of it."""

from __future__ import annotations

from typing import Any, NamedTuple

from tap_dds_backups.airbyte.messages import Message
from tap_dds_backups.api.errors import CatalogError, quoted
from tap_dds_backups.schema import STREAMS, StreamDefinition
from tap_dds_backups.settings.schemas import airbyte_schema

DOCUMENTATION = "https://support.huaweicloud.com/intl/en-us/api-dds/dds_api_0029.html"


class Chosen(NamedTuple):
    """A stream of a configured catalog; `problem` says why it cannot be read."""

    name: str
    definition: StreamDefinition | None
    problem: CatalogError | None


def spec() -> Message:
    """The answer to `spec`: the form of the settings."""
    form = {"documentationUrl": DOCUMENTATION, "connectionSpecification": airbyte_schema()}
    return {"type": "SPEC", "spec": form | {"supportsIncremental": True}}


def catalog() -> Message:
    """The answer to `discover`: every stream that exists; the service is not asked."""
    return {"type": "CATALOG", "catalog": {"streams": [_stream(each) for each in STREAMS]}}


def sync_modes(stream: StreamDefinition) -> list[str]:
    """How the stream can be read."""
    return ["full_refresh", "incremental"] if stream.replication_key else ["full_refresh"]


def chosen(configured: object) -> list[Chosen]:
    """The streams of a configured catalog, each once, in its order.

    Raises:
        CatalogError: it is no configured catalog.
    """
    entries = configured.get("streams") if isinstance(configured, dict) else None
    if not isinstance(entries, list):
        raise CatalogError("the catalog has no list of streams", hint="Give a configured catalog")
    found: dict[str, Chosen] = {}
    for entry in entries:
        each = _chosen(entry)
        found.setdefault(each.name, each)
    return list(found.values())


def _chosen(entry: Any) -> Chosen:
    stream = entry.get("stream") if isinstance(entry, dict) else None
    name = stream.get("name") if isinstance(stream, dict) else None
    if not isinstance(name, str):
        raise CatalogError("the catalog has a stream without a name", hint="Discover it anew")
    definition = next((each for each in STREAMS if each.name == name), None)
    if definition is None:
        known = ", ".join(each.name for each in STREAMS)
        text = f"there is no stream {quoted(name, 60)!r}"
        return Chosen(name, None, CatalogError(text, hint=f"There are: {known}"))
    mode, modes = entry.get("sync_mode"), sync_modes(definition)
    if mode not in modes:
        text = f"the stream {name!r} has no sync mode {quoted(mode, 60)!r}"
        return Chosen(name, None, CatalogError(text, hint=f"There are: {', '.join(modes)}"))
    return Chosen(name, definition, None)


def _stream(stream: StreamDefinition) -> Message:
    described: Message = {
        "name": stream.name,
        "json_schema": _with_airbyte_types(stream.schema),
        "supported_sync_modes": sync_modes(stream),
        "source_defined_primary_key": [[name] for name in stream.primary_key],
        "is_resumable": stream.replication_key is not None,
    }
    if stream.replication_key:
        described |= {
            "source_defined_cursor": True,
            "default_cursor_field": [stream.replication_key],
        }
    return described


def _with_airbyte_types(value: Any) -> Any:
    """Every date-time marked as one with a time zone: destinations make real columns of it."""
    if isinstance(value, list):
        return [_with_airbyte_types(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    typed = {name: _with_airbyte_types(inner) for name, inner in value.items()}
    if value.get("format") == "date-time":
        typed["airbyte_type"] = "timestamp_with_timezone"
    return typed
