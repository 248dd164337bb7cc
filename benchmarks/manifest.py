"""The low-code source: what a user of Airbyte's builder would make of this API."""

from __future__ import annotations

from typing import Any

from benchmarks.rows import PROJECT

_FORMAT = "%Y-%m-%d %H:%M:%S"
_TEXTS = ("id", "name", "instance_id", "instance_name", "type", "begin_time", "end_time")


def manifest(url: str, *, start: str | None, step: str, workers: int) -> dict[str, Any]:
    """A manifest; with a `start` it reads incrementally, by steps of time, in parallel."""
    stream: dict[str, Any] = {
        "type": "DeclarativeStream",
        "name": "backups",
        "primary_key": ["id"],
        "retriever": _retriever(url),
        "schema_loader": {"type": "InlineSchemaLoader", "schema": _schema()},
    }
    if start is not None:
        stream["incremental_sync"] = _steps(start, step)
    made: dict[str, Any] = {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["backups"]},
        "streams": [stream],
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }
    if start is not None:
        made["concurrency_level"] = {"type": "ConcurrencyLevel", "default_concurrency": workers}
    return made


def _retriever(url: str) -> dict[str, Any]:
    return {
        "type": "SimpleRetriever",
        "requester": {
            "type": "HttpRequester",
            "url_base": url,
            "path": f"/v3/{PROJECT}/backups",
            "http_method": "GET",
            "authenticator": {
                "type": "ApiKeyAuthenticator",
                "api_token": "{{ config['token'] }}",
                "inject_into": {
                    "type": "RequestOption",
                    "inject_into": "header",
                    "field_name": "X-Auth-Token",
                },
            },
        },
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": ["backups"]},
        },
        "paginator": {
            "type": "DefaultPaginator",
            "page_token_option": _parameter("offset"),
            "page_size_option": _parameter("limit"),
            "pagination_strategy": {"type": "OffsetIncrement", "page_size": 100},
        },
    }


def _steps(start: str, step: str) -> dict[str, Any]:
    return {
        "type": "DatetimeBasedCursor",
        "cursor_field": "begin_time",
        "datetime_format": _FORMAT,
        "cursor_datetime_formats": [_FORMAT],
        "cursor_granularity": "PT1S",
        "step": step,
        "start_datetime": {"type": "MinMaxDatetime", "datetime": start, "datetime_format": _FORMAT},
        "end_datetime": {
            "type": "MinMaxDatetime",
            "datetime": "{{ now_utc().strftime('%Y-%m-%d %H:%M:%S') }}",
            "datetime_format": _FORMAT,
        },
        "start_time_option": _parameter("begin_time"),
        "end_time_option": _parameter("end_time"),
    }


def _parameter(name: str) -> dict[str, str]:
    return {"type": "RequestOption", "inject_into": "request_parameter", "field_name": name}


def _schema() -> dict[str, Any]:
    text = {"type": ["string", "null"]}
    parts = {"type": text, "version": text}
    properties: dict[str, Any] = dict.fromkeys((*_TEXTS, "status", "description"), text)
    properties["size"] = {"type": ["integer", "null"]}
    properties["datastore"] = {"type": ["object", "null"], "properties": parts}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": properties,
    }
