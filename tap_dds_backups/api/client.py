"""The read calls of one project, each until it is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from tap_dds_backups.api.endpoints import host_of
from tap_dds_backups.api.exchange import Exchange
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.models import Filters, Page, PageRequest, Window
from tap_dds_backups.api.redaction import secrets_in
from tap_dds_backups.api.responses import object_from, page_from
from tap_dds_backups.api.times import for_query

# Content-Type on a GET too: the vendor's SDK sends and signs it.
_HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}
_FILTERS = ("instance_id", "backup_id", "backup_type", "mode")
_NO_FILTERS = Filters()


class Client:
    """Reads from one project of one region. Thread-safe.

    Args:
        api_url: base URL of DDS, without a slash at its end.
        project_id: the project.
        exchange: sends, signs and tries again.
    """

    def __init__(self, api_url: str, project_id: str, exchange: Exchange) -> None:
        self.project_id = project_id
        self._host = host_of(api_url)
        self._base = f"{api_url}/v3/{quote(project_id, safe='')}"
        self._exchange = exchange

    def page(self, request: PageRequest, window: Window, filters: Filters = _NO_FILTERS) -> Page:
        """Read one page of the backup list (GET /v3/{project_id}/backups).

        Raises:
            DdsError: any of them, see `errors`.
        """
        url = f"{self._base}/backups?{page_query(request, window, filters)}"

        def judge(response: Response, signed: Request, received: float) -> Page:
            return page_from(response, self._host, request, filters, received, secrets_in(signed))

        return self._exchange.ask(Request("GET", url, _HEADERS), judge)

    def get_json(self, path: str, params: Mapping[str, str | int]) -> dict[str, Any]:
        """Read another call of this project: `path` begins with a slash, after the project id.

        Raises:
            DdsError: any of them, see `errors`.
        """
        query = _query(params.items())
        url = f"{self._base}{quote(path)}{'?' if query else ''}{query}"

        def judge(response: Response, signed: Request, received: float) -> dict[str, Any]:
            return object_from(response, self._host, secrets_in(signed), received)

        return self._exchange.ask(Request("GET", url, _HEADERS), judge)


def page_query(request: PageRequest, window: Window, filters: Filters) -> str:
    """Return the query of the list call: always the same order, both times or none.

    A blank is `%20`: what is signed must be what is sent, and there a `+` means itself.
    """
    return f"offset={request.offset}&limit={request.limit}{_conditions(window, filters)}"


@lru_cache(maxsize=32)
def _conditions(window: Window, filters: Filters) -> str:
    times = [("begin_time", for_query(window.begin)), ("end_time", for_query(window.end))]
    set_filters = [(name, value) for name in _FILTERS if (value := getattr(filters, name))]
    return f"&{_query([*times, *set_filters])}"


def _query(params: Iterable[tuple[str, str | int]]) -> str:
    return "&".join(
        f"{quote(name, safe='')}={quote(str(value), safe='')}" for name, value in params
    )
