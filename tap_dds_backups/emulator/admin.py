"""Paths that no real service has: what the store holds, and pushing it along.

GET  /emulator/backups          every visible full backup of each project, newest first
GET  /emulator/requests         the requests seen so far
POST /emulator/advance          {"start": 2, "finish": 1, "fail": 0, "expire": 0}
POST /emulator/faults           {"faults": ["html_502@list:3"]}, to come from now on
POST /emulator/expire-tokens    end every token and temporary key
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tap_dds_backups.emulator.answers import Answer, Request, dds_error, json_answer
from tap_dds_backups.emulator.faults import Faults
from tap_dds_backups.emulator.identity import Identity
from tap_dds_backups.emulator.life import advance
from tap_dds_backups.emulator.listing import Query
from tap_dds_backups.emulator.log import Seen
from tap_dds_backups.emulator.store import Store

PREFIX = "/emulator/"


class Admin:
    """Answers on the admin paths. They ask for no sign-in: the host is loopback."""

    def __init__(
        self,
        stores: Mapping[str, Store],
        identity: Identity,
        faults: Faults,
        requests: Sequence[Seen],
    ) -> None:
        self._stores = stores
        self._identity = identity
        self._faults = faults
        self._requests = requests
        self._calls: dict[tuple[str, str], Callable[[dict[str, Any], float], Any]] = {
            ("GET", "backups"): self._backups,
            ("GET", "requests"): self._seen,
            ("POST", "advance"): self._advance,
            ("POST", "faults"): self._add_faults,
            ("POST", "expire-tokens"): self._expire_tokens,
        }

    def answer(self, request: Request, *, now: float) -> Answer:
        """The answer on an admin path.

        Raises:
            ApiError: for a path or a body that is none.
        """
        call = self._calls.get((request.method, request.path.removeprefix(PREFIX)))
        if call is None:
            raise dds_error(404, "EMULATOR", "No such path of the emulator.")
        try:
            given = json.loads(request.body or b"{}")
            return json_answer(200, call(given, now))
        except (ValueError, TypeError, KeyError) as error:
            raise dds_error(400, "EMULATOR", str(error)) from None

    def _backups(self, _: dict[str, Any], now: float) -> Any:
        visible = {key: each.visible(Query(), now=now) for key, each in self._stores.items()}
        return {"projects": visible}

    def _seen(self, *_: object) -> Any:
        return {"requests": [asdict(seen) for seen in [*self._requests]]}

    def _advance(self, given: dict[str, Any], now: float) -> Any:
        return {
            key: advance(store, now=now, **given).as_json() for key, store in self._stores.items()
        }

    def _add_faults(self, given: dict[str, Any], _: float) -> Any:
        for text in given["faults"]:
            self._faults.add(text)
        return {"struck": self._faults.struck}

    def _expire_tokens(self, _: dict[str, Any], now: float) -> Any:
        self._identity.expire(now=now)
        return {}
