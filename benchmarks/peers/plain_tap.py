"""A Singer tap as the SDK's template suggests it: RESTStream with an offset paginator."""

from __future__ import annotations

from typing import Any

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import APIKeyAuthenticator
from singer_sdk.pagination import OffsetPaginator

PAGE_SIZE = 100


class OffsetsUntilEmpty(OffsetPaginator):
    """Goes on until a page is empty, which is where the SDK stops by itself."""


class BackupsStream(RESTStream[int]):
    """The backup list."""

    name = "backups"
    path = "/v3/{project_id}/backups"
    records_jsonpath = "$.backups[*]"
    primary_keys = ("id",)
    schema = th.PropertiesList(
        th.Property("id", th.StringType, required=True),
        th.Property("name", th.StringType),
        th.Property("instance_id", th.StringType),
        th.Property("instance_name", th.StringType),
        th.Property(
            "datastore",
            th.ObjectType(
                th.Property("type", th.StringType),
                th.Property("version", th.StringType),
            ),
        ),
        th.Property("type", th.StringType),
        th.Property("begin_time", th.DateTimeType),
        th.Property("end_time", th.DateTimeType),
        th.Property("status", th.StringType),
        th.Property("size", th.IntegerType),
        th.Property("description", th.StringType),
    ).to_dict()

    @property
    def url_base(self) -> str:
        """The service's address."""
        return str(self.config["api_url"])

    @property
    def authenticator(self) -> APIKeyAuthenticator:
        """A token in a header."""
        return APIKeyAuthenticator(key="X-Auth-Token", value=self.config["auth_token"])

    def get_new_paginator(self) -> OffsetsUntilEmpty:
        """Offsets from 0."""
        return OffsetsUntilEmpty(0, PAGE_SIZE)

    def get_url_params(
        self,
        context: Any,  # noqa: ARG002  # the SDK's signature
        next_page_token: int | None,
    ) -> dict[str, Any]:
        """Where a page begins, and how long it may be."""
        return {"offset": next_page_token or 0, "limit": PAGE_SIZE}


class TapPlain(Tap):
    """The tap."""

    name = "tap-plain"
    config_jsonschema = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("project_id", th.StringType, required=True),
        th.Property("auth_token", th.StringType, required=True, secret=True),
    ).to_dict()

    def discover_streams(self) -> list[BackupsStream]:
        """The one stream."""
        return [BackupsStream(self)]


if __name__ == "__main__":
    TapPlain.cli()
