"""The metadata service of an ECS, versions 1 and 2, and the pod identity endpoint of CCE.

with Emulator(store) as emulator, Metadata(emulator.identity) as metadata:
    metadata.url          in the place of http://169.254.169.254
    metadata.pod_url      for HC_CONTAINER_CREDENTIALS_FULL_URI
    metadata.pod_token    what HC_CONTAINER_AUTHORIZATION_TOKEN_FILE has to hold
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Self

from tap_dds_backups.emulator.answers import Answer, Request, json_answer
from tap_dds_backups.emulator.iam_bodies import credential_body
from tap_dds_backups.emulator.identity import Identity
from tap_dds_backups.emulator.log import Seen
from tap_dds_backups.emulator.server import Listener
from tap_dds_backups.emulator.times import http_date, iam_time

TOKEN_PATH = "/meta-data/latest/api/token"  # noqa: S105 - a path
KEY_PATH = "/openstack/latest/securitykey"
POD_PATH = "/v1/credentials"
NO_AGENCY = "Please configure Cloud Service Agency first"
LONGEST_TOKEN = 21_600


@dataclass(frozen=True, slots=True)
class Machine:
    """How the ECS is set up: keys live `key_seconds`.

    `version_2` says what a request for a metadata token gives: a token, or a status that means
    "version 1 only". `token_required` refuses requests without one.
    """

    version_2: Literal["spoken", 404, 405, 503] = "spoken"
    token_required: bool = False
    agency: bool = True
    key_seconds: float = 86_400.0


class Metadata:
    """A machine's metadata service and a pod's identity endpoint, on one loopback port."""

    def __init__(
        self,
        identity: Identity,
        machine: Machine | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._identity = identity
        self._machine = machine or Machine()
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self.requests: list[Seen] = []
        self.pod_token, _ = identity.issue_token("", now=clock())
        self._listener = Listener(self._answer)
        self.url = self._listener.url
        self.pod_url = self.url + POD_PATH

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.stop()

    def expire_tokens(self) -> None:
        """Refuse the metadata tokens that are out, as after a restart of the service."""
        self._tokens.clear()

    def _answer(self, request: Request) -> Answer:
        now = self._clock()
        calls = {
            ("PUT", TOKEN_PATH): self._token,
            ("GET", KEY_PATH): self._key,
            ("POST", POD_PATH): self._pod_key,
        }
        call = calls.get((request.method, request.path))
        answer = call(request, now) if call else _text(404, "Not Found")
        names = tuple(sorted(request.headers))
        status = answer.status
        self.requests.append(Seen("metadata", request.method, request.path, {}, names, status, now))
        return replace(answer, headers={**answer.headers, "Date": http_date(now)})

    def _token(self, request: Request, now: float) -> Answer:
        if self._machine.version_2 != "spoken":
            return _text(self._machine.version_2, "Not spoken here")
        life = request.headers.get("x-metadata-token-ttl-seconds", "")
        if not life.isdigit() or not 1 <= int(life) <= LONGEST_TOKEN:
            return _text(400, "Bad Request")
        token, _ = self._identity.issue_token("", now=now)
        self._tokens[token] = now + int(life)
        return _text(200, token)

    def _key(self, request: Request, now: float) -> Answer:
        given = request.headers.get("x-metadata-token")
        if given is None and self._machine.token_required:
            return _text(401, "Unauthorized")
        if given is not None and now >= self._tokens.get(given, 0.0):
            return _text(401, "Unauthorized")
        if not self._machine.agency:
            return _text(401, NO_AGENCY)
        return self._new_key(now)

    def _pod_key(self, request: Request, now: float) -> Answer:
        if request.headers.get("authorization") != self.pod_token:
            return _text(401, "Unauthorized")
        key = self._identity.issue_temporary_key(now=now, seconds=self._machine.key_seconds)
        return json_answer(
            200,
            {
                "credentials": {
                    "accessKeyId": key.access_key,
                    "secretAccessKey": key.secret_key,
                    "securityToken": key.security_token,
                    "expiration": iam_time(key.expires_at),
                }
            },
        )

    def _new_key(self, now: float) -> Answer:
        key = self._identity.issue_temporary_key(now=now, seconds=self._machine.key_seconds)
        return json_answer(200, {"credential": credential_body(key)})


def _text(status: int, body: str) -> Answer:
    return Answer(status, body.encode(), {"Content-Type": "text/plain"})
