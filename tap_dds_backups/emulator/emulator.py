"""The running service: two hosts on loopback, DDS and IAM, over one or more stores."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal, Self

from tap_dds_backups.emulator.admin import PREFIX, Admin
from tap_dds_backups.emulator.answers import REQUEST_ID_MARK, Answer, ApiError, Request, json_answer
from tap_dds_backups.emulator.dds import Dds, route_of
from tap_dds_backups.emulator.faults import Exchange, Faults, PlacedFault
from tap_dds_backups.emulator.iam import NAMES, Iam
from tap_dds_backups.emulator.identity import Identity
from tap_dds_backups.emulator.log import Seen
from tap_dds_backups.emulator.readings import Reading
from tap_dds_backups.emulator.server import Listener
from tap_dds_backups.emulator.store import Store
from tap_dds_backups.emulator.throttle import Throttle
from tap_dds_backups.emulator.times import http_date

SignIn = Literal["token", "password", "access_key", "temporary_key"]
RowsAt = Callable[[int, int], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where the emulator listens: ports (0: any free one) and, for https, a TLS context."""

    port: int = 0
    iam_port: int = 0
    tls: ssl.SSLContext | None = None


class Emulator:
    """A DDS and an IAM on loopback, between `with` and its end.

    `store` is one store or several, one per project; without one there is an empty store.
    `latency` is in seconds. `clock` gives UTC seconds to everything: token life, signature dates,
    rate limits, the Date header. A `reading` given here is set on every store. `faults` are
    texts, see `faults.placing`.
    """

    def __init__(
        self,
        store: Store | Sequence[Store] | None = None,
        *,
        reading: Reading | None = None,
        faults: Iterable[str | PlacedFault] = (),
        throttle: Throttle | None = None,
        identity: Identity | None = None,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
        hosts: Hosts | None = None,
    ) -> None:
        stores = [store] if isinstance(store, Store) else list(store or [Store()])
        if reading is not None:
            for each in stores:
                each.reading = reading
        hosts = hosts or Hosts()
        self.store = stores[0]
        self.stores = {each.project.id: each for each in stores}
        self.identity = identity or Identity()
        self.faults = Faults(faults)
        self.throttle = throttle
        self.latency = latency
        self.clock = clock
        self.requests: list[Seen] = []
        self._bugs: list[Exception] = []
        self._random = Random("request ids")
        self._lock = threading.Lock()
        self._static_tokens: dict[str, str] = {}
        self._dds_host = Listener(self._at_dds, port=hosts.port, tls=hosts.tls)
        try:
            self._iam_host = Listener(self._at_iam, port=hosts.iam_port, tls=hosts.tls)
        except OSError:
            self._dds_host.stop()
            raise
        self.url = self._dds_host.url
        self.iam_url = self._iam_host.url
        self._dds = Dds(self.stores)
        projects = {each.project.id: each.project for each in stores}
        self._iam = Iam(self.identity, projects, self.url, self.iam_url)
        self._admin = Admin(self.stores, self.identity, self.faults, self.requests)

    def __enter__(self) -> Self:
        self._dds_host.start()
        self._iam_host.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._dds_host.stop()
        self._iam_host.stop()
        if self._bugs:
            raise RuntimeError("the emulator itself failed") from self._bugs[0]

    def config(self, sign_in: SignIn = "token", *, project_id: str = "") -> dict[str, Any]:
        """Settings of the tap for one project (the first) and one way to sign in."""
        project_id = project_id or self.store.project.id
        hosts = {"project_id": project_id, "api_url": self.url, "iam_url": self.iam_url}
        return {**hosts, **self._sign_in_fields(sign_in, project_id)}

    def config_for_projects(self, sign_in: SignIn = "password") -> dict[str, Any]:
        """Settings for all projects at once; a token serves one project only."""
        projects = [
            {"project_id": each.project.id, "region": each.project.region, "api_url": self.url}
            for each in self.stores.values()
        ]
        fields = self._sign_in_fields(sign_in, self.store.project.id)
        return {"projects": projects, "iam_url": self.iam_url, **fields}

    def config_for_discovery(self, sign_in: SignIn = "access_key") -> dict[str, Any]:
        """Settings with which the tap finds the projects by itself."""
        hosts = {"discover_projects": True, "api_url": self.url, "iam_url": self.iam_url}
        return {**hosts, **self._sign_in_fields(sign_in, "")}

    def configs(self) -> dict[str, dict[str, Any]]:
        """Settings for each way to sign in, as the command line prints them."""
        ways: tuple[SignIn, ...] = ("token", "password", "access_key")
        return {way: self.config(way) for way in ways}

    def seen(self, name: str) -> list[Seen]:
        """The requests of one call (list, sign-in, ...), in the order of their answers."""
        with self._lock:
            return [request for request in self.requests if request.name == name]

    def expire_tokens(self) -> None:
        """End every token, the static one too, and every temporary key."""
        self.identity.expire(now=self.clock())

    def _sign_in_fields(self, sign_in: SignIn, project_id: str) -> dict[str, Any]:
        user, now = self.identity.user, self.clock()
        if sign_in == "password":
            secrets = {"username": user.name, "password": user.password}
            return {**secrets, "domain_name": user.domain_name}
        if sign_in == "token":
            if project_id not in self._static_tokens:
                self._static_tokens[project_id], _ = self.identity.issue_token(project_id, now=now)
            return {"auth_token": self._static_tokens[project_id]}
        if sign_in == "access_key":
            key = self.identity.access_key
            return {"access_key": key.access_key, "secret_key": key.secret_key}
        key = self.identity.issue_temporary_key(now=now, seconds=86_400)
        pair = {"access_key": key.access_key, "secret_key": key.secret_key}
        return {**pair, "security_token": key.security_token}

    def _at_dds(self, request: Request) -> Answer:
        if request.path.startswith(PREFIX):
            return self._worked(lambda now: self._admin.answer(request, now=now), self.clock())
        route = route_of(request)

        def answer(now: float) -> Answer:
            scope = self.identity.admit(request, now=now)
            wait = self.throttle.admit(now=now) if self.throttle else 0.0
            if self.throttle and wait:
                return self.throttle.refusal(wait, now=now)
            return self._dds.answer(route, request, scope=scope, now=now)

        def rows_at(offset: int, limit: int) -> list[dict[str, Any]]:
            return self._dds.rows_at(route, request, offset, limit, now=self.clock())

        return self._finish(route.name, request, answer, rows_at)

    def _at_iam(self, request: Request) -> Answer:
        name = NAMES.get((request.method, request.path), "unknown")
        return self._finish(name, request, lambda now: self._iam.answer(name, request, now=now))

    def _finish(
        self,
        name: str,
        request: Request,
        work: Callable[[float], Answer],
        rows_at: RowsAt = lambda *_: [],
    ) -> Answer:
        """The answer with what every answer has: date, request id, its fault, a line in the log."""
        now = self.clock()
        answer = self._with_headers(self._worked(work, now), now)
        exchange = Exchange(request, name, now, rows_at, self.expire_tokens)
        placed = self.faults.due(name, answer, exchange)
        if placed is not None:
            clean = answer
            answer = self._worked(lambda _: placed.strike(clean, exchange), now)
        self._note(name, request, answer.status, placed, now)
        self._dds_host.pause(self.latency)
        return answer

    def _worked(self, work: Callable[[float], Answer], now: float) -> Answer:
        try:
            return work(now)
        except ApiError as refused:
            return refused.answer
        except Exception as bug:  # noqa: BLE001 - ours, not the client's: raised when we end
            self._bugs.append(bug)
            return json_answer(500, {"error_code": "EMULATOR", "error_msg": repr(bug)})

    def _with_headers(self, answer: Answer, now: float) -> Answer:
        with self._lock:
            request_id = f"{self._random.getrandbits(128):032x}"
        body = answer.body
        if answer.status != 200:
            body = body.replace(REQUEST_ID_MARK.encode(), request_id.encode())
        headers = {"Date": http_date(now), "X-Request-Id": request_id, **answer.headers}
        return replace(answer, body=body, headers=headers)

    def _note(
        self, name: str, request: Request, status: int, placed: PlacedFault | None, now: float
    ) -> None:
        names = tuple(sorted(request.headers))
        query = dict(request.parameters())
        fault = placed.fault.name if placed else ""
        seen = Seen(name, request.method, request.path, query, names, status, now, fault)
        with self._lock:
            self.requests.append(seen)
