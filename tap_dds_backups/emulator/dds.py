"""The DDS host: which call a request is, and its answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tap_dds_backups.emulator.answers import Answer, Request, dds_error, gateway_error, json_answer
from tap_dds_backups.emulator.instances import instance_page, no_instance, policy, restore_times
from tap_dds_backups.emulator.listing import query_from
from tap_dds_backups.emulator.rows import Instance
from tap_dds_backups.emulator.store import Store

JSON = {"Content-Type": "application/json"}

_PROJECT = re.compile(r"[0-9a-f]{32}")
_ROUTES = (
    ("list", re.compile(r"/v3/([^/]+)/backups")),
    ("instances", re.compile(r"/v3/([^/]+)/instances")),
    ("policy", re.compile(r"/v3/([^/]+)/instances/([^/]+)/backups/policy")),
    ("restore-time", re.compile(r"/v3/([^/]+)/instances/([^/]+)/restore-time")),
)


@dataclass(frozen=True, slots=True)
class Route:
    """The name of the call and what its path holds."""

    name: str
    project_id: str = ""
    instance_id: str = ""


def route_of(request: Request) -> Route:
    """The call that a request asks for; its name is "unknown" where there is none."""
    if request.method == "GET":
        for name, pattern in _ROUTES:
            if match := pattern.fullmatch(request.path):
                return Route(name, *match.groups())
    return Route("unknown")


@dataclass(frozen=True, slots=True)
class Call:
    """An admitted call on one project."""

    store: Store
    route: Route
    request: Request
    now: float

    @property
    def instance(self) -> Instance:
        """The instance in the path; raises ApiError where it is gone."""
        instance = self.store.instances.get(self.route.instance_id)
        if instance is None:
            raise no_instance()
        return instance


class Dds:
    """Answers the calls on the projects it holds."""

    def __init__(self, stores: Mapping[str, Store]) -> None:
        self._stores = stores
        self._calls = {
            "list": self._list,
            "instances": self._instances,
            "policy": self._policy,
            "restore-time": self._restore_time,
        }

    def answer(self, route: Route, request: Request, *, scope: str | None, now: float) -> Answer:
        """The answer to an admitted request; `scope` is its token's project, None: any.

        Raises:
            ApiError: for everything that is not a page.
        """
        if route.name not in self._calls:
            raise gateway_error(
                404, "APIGW.0101", "The API does not exist or has not been published"
            )
        if not _PROJECT.fullmatch(route.project_id):
            raise dds_error(400, "DBS.280408", "Invalid project ID.")
        store = self._stores.get(route.project_id)
        if store is None or scope not in (None, route.project_id):
            raise dds_error(403, "DBS.280032", "You do not have permission for this project.")
        self._check_project_header(request, store)
        return self._calls[route.name](Call(store, route, request, now))

    def _check_project_header(self, request: Request, store: Store) -> None:
        """A signed request for a sub-project must name it in X-Project-Id (API signing guide)."""
        if "authorization" not in request.headers:
            return
        named = request.headers.get("x-project-id", "")
        if named not in ("", store.project.id) or (store.project.parent_id and not named):
            raise dds_error(403, "DBS.280032", "X-Project-Id does not name this project.")

    def rows_at(
        self, route: Route, request: Request, offset: int, limit: int, *, now: float
    ) -> list[dict[str, Any]]:
        """Other rows of the list that a request asked for, for faults that need them."""
        store = self._stores[route.project_id]
        query = query_from(request.parameters(), reading=store.reading, now=now)
        return store.list(replace(query, offset=offset, limit=limit), now=now)[0]

    def _list(self, call: Call) -> Answer:
        store = call.store
        query = query_from(call.request.parameters(), reading=store.reading, now=call.now)
        return Answer(200, store.body(query, now=call.now), JSON)

    def _instances(self, call: Call) -> Answer:
        store = call.store
        rules = {"region": store.project.region, "gone": store.reading.gone_instance}
        instances = [*store.instances.values()]
        return json_answer(200, instance_page(instances, call.request.parameters(), **rules))

    def _policy(self, call: Call) -> Answer:
        return json_answer(200, policy(call.instance))

    def _restore_time(self, call: Call) -> Answer:
        rows = call.store.incrementals(call.instance.id, now=call.now)
        return json_answer(200, restore_times(rows, dict(call.request.parameters()).get("date")))
