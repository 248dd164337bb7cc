"""The running service: two hosts on loopback, DDS and IAM, over one or more stores."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Literal, Self

from tap_dds_backups.emulator.answers import (
    REQUEST_ID_MARK,
    Answer,
    ApiError,
    Request,
    json_answer,
)
from tap_dds_backups.emulator.dds import Dds, route_of
from tap_dds_backups.emulator.iam import NAMES, Iam
from tap_dds_backups.emulator.identity import Identity
from tap_dds_backups.emulator.readings import Reading
from tap_dds_backups.emulator.server import Listener
from tap_dds_backups.emulator.store import Store
from tap_dds_backups.emulator.throttle import Throttle
from tap_dds_backups.emulator.times import http_date

SignIn = Literal["token", "password", "access_key", "temporary_key"]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that came: `name` is the call (list, sign-in, ...), `time` UTC seconds."""

    name: str
    method: str
    path: str
    query: dict[str, str]
    header_names: tuple[str, ...]
    status: int
    time: float


class Emulator:
    """A DDS and an IAM on loopback, between `with` and its end.

    `store` is one store or several (one per project); without one there is an empty store.
    `latency` is in seconds. `clock` gives UTC seconds to everything: token life, signature dates,
    rate limits, the Date header. A `reading` given here is set on every store.
    """

    def __init__(
        self,
        store: Store | Sequence[Store] | None = None,
        *,
        reading: Reading | None = None,
        throttle: Throttle | None = None,
        identity: Identity | None = None,
        latency: float = 0.0,
        clock: Clock = time.time,
        seed: int = 0,
        port: int = 0,
        iam_port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        stores = [store] if isinstance(store, Store) else list(store or [Store(seed=seed)])
        for each in stores:
            each.reading = reading or each.reading
        self.stores = {each.project.id: each for each in stores}
        self.store = stores[0]
        self.identity = identity or Identity(seed=seed)
        self.throttle = throttle
        self.latency = latency
        self.clock = clock
        self.requests: list[Seen] = []
        self.bugs: list[Exception] = []
        self._request_ids = Random(f"requests {seed}")
        self._lock = threading.Lock()
        self._static_token = ""
        self._dds_host = Listener(self._at_dds, port=port, tls=tls)
        self._iam_host = Listener(self._at_iam, port=iam_port, tls=tls)
        self.url = self._dds_host.url
        self.iam_url = self._iam_host.url
        self._dds = Dds(self.stores)
        projects = {each.project.id: each.project for each in stores}
        self._iam = Iam(self.identity, projects, self.url, self.iam_url)

    def __enter__(self) -> Self:
        self._dds_host.start()
        self._iam_host.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._dds_host.stop()
        self._iam_host.stop()
        if self.bugs:
            raise RuntimeError("the emulator itself failed") from self.bugs[0]

    def config(self, sign_in: SignIn = "token") -> dict[str, Any]:
        """Settings of the tap for the first project and one way to sign in."""
        project_id = self.store.project.id
        hosts = {"project_id": project_id, "api_url": self.url, "iam_url": self.iam_url}
        return {**hosts, **self._sign_in_fields(sign_in)}

    def configs(self) -> dict[str, dict[str, Any]]:
        """Settings for each way to sign in, as the command line prints them."""
        ways: tuple[SignIn, ...] = ("token", "password", "access_key")
        return {way: self.config(way) for way in ways}

    def seen(self, name: str) -> Iterable[Seen]:
        """The requests of one call, in the order of their answers."""
        return [request for request in self.requests if request.name == name]

    def _sign_in_fields(self, sign_in: SignIn) -> dict[str, Any]:
        user, now = self.identity.user, self.clock()
        if sign_in == "password":
            secrets = {"username": user.name, "password": user.password}
            return {**secrets, "domain_name": user.domain_name}
        if sign_in == "token":
            if not self._static_token:
                self._static_token, _ = self.identity.issue_token(self.store.project.id, now=now)
            return {"auth_token": self._static_token}
        if sign_in == "access_key":
            key = self.identity.access_key
            return {"access_key": key.access_key, "secret_key": key.secret_key}
        key = self.identity.issue_temporary_key(now=now, seconds=86_400)
        pair = {"access_key": key.access_key, "secret_key": key.secret_key}
        return {**pair, "security_token": key.security_token}

    def _at_dds(self, request: Request) -> Answer:
        route = route_of(request)

        def answer(now: float) -> Answer:
            scope = self.identity.admit(request, now=now)
            wait = self.throttle.admit(now=now) if self.throttle else 0.0
            if self.throttle and wait:
                return self.throttle.refusal(wait, now=now)
            return self._dds.answer(route, request, scope=scope, now=now)

        return self._finish(route.name, request, answer)

    def _at_iam(self, request: Request) -> Answer:
        name = NAMES.get((request.method, request.path), "unknown")
        return self._finish(name, request, lambda now: self._iam.answer(name, request, now=now))

    def _finish(self, name: str, request: Request, work: Callable[[float], Answer]) -> Answer:
        """The answer with what every answer has: date, request id, an entry in the log."""
        now = self.clock()
        with self._lock:
            request_id = f"{self._request_ids.getrandbits(128):032x}"
        try:
            answer = work(now)
        except ApiError as refused:
            answer = refused.answer
        except Exception as bug:  # ours, not the client's: told when the emulator ends
            self.bugs.append(bug)
            answer = json_answer(500, {"error_code": "EMULATOR", "error_msg": repr(bug)})
        body = answer.body
        if answer.status != 200:
            body = body.replace(REQUEST_ID_MARK.encode(), request_id.encode())
        headers = {"Date": http_date(now), "X-Request-Id": request_id, **answer.headers}
        answer = replace(answer, body=body, headers=headers)
        self._note(name, request, answer.status, now)
        self._dds_host.pause(self.latency)
        return answer

    def _note(self, name: str, request: Request, status: int, now: float) -> None:
        names = tuple(sorted(request.headers))
        query = dict(request.parameters())
        seen = Seen(name, request.method, request.path, query, names, status, now)
        with self._lock:
            self.requests.append(seen)
