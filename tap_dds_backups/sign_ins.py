"""Composition: from the configured sign-in to what signs each project's requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from msgspec import Struct, field

from tap_dds_backups.api import agency, metadata
from tap_dds_backups.api.auth import (
    AccessKey,
    Auth,
    PasswordToken,
    StaticToken,
    TemporaryAccessKey,
)
from tap_dds_backups.api.clock import Clock
from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.exchange import Exchange
from tap_dds_backups.api.password import PASSWORD_TRIES
from tap_dds_backups.api.server_clock import ServerClock
from tap_dds_backups.api.temporary import TemporaryKey, TemporaryKeys
from tap_dds_backups.api.trial import Trial
from tap_dds_backups.settings.credentials import (
    AssumedAgency,
    EcsAgency,
    KeyPair,
    Password,
    PodIdentity,
    SignIn,
    Token,
)

OnSecret = Callable[[str], None]


class SignIns(Struct, frozen=True, dict=True):
    """One sign-in for all projects of a run: its tokens, or its key pair, and what it went through.

    `to_iam` opens a way to IAM that signs with an Auth or not at all, `to_machine` one to the
    service that gives this machine its keys. `iam_url` is where agencies are assumed.
    """

    sign_in: SignIn
    iam_url: str
    clock: Clock
    to_iam: Callable[[Auth | None, ServerClock], Exchange]
    to_machine: Callable[[], Exchange]
    on_secret: OnSecret
    key_trial: Trial = field(default_factory=lambda: Trial(1))
    password_trial: Trial = field(default_factory=lambda: Trial(PASSWORD_TRIES))

    def auth(self, project_id: str | None, iam_url: str | None, clock: ServerClock) -> Auth:
        """What signs for one project, or for the account where there is none."""
        sign_in = self.sign_in
        if isinstance(sign_in, Token):
            return StaticToken(sign_in.auth_token)
        if isinstance(sign_in, KeyPair | Password):
            return self._lasting(sign_in, project_id, iam_url, clock)
        return TemporaryAccessKey(self._keys, project_id=project_id, clock=clock)

    def _lasting(
        self,
        sign_in: KeyPair | Password,
        project_id: str | None,
        iam_url: str | None,
        clock: ServerClock,
    ) -> Auth:
        if isinstance(sign_in, KeyPair):
            return AccessKey(
                **sign_in._asdict(), project_id=project_id, clock=clock, trial=self.key_trial
            )
        return PasswordToken(
            **sign_in._asdict(),
            project_id=project_id,
            iam_url=iam_url or "",
            send=self.to_iam(None, ServerClock(self.clock)).send,
            clock=clock,
            on_secret=self.on_secret,
            trial=self.password_trial,
        )

    @cached_property
    def _keys(self) -> TemporaryKeys:
        """The key pair of the run; nothing is asked for before the first request."""
        fetch, source = self._fetching()
        return TemporaryKeys(fetch, self.clock, source, self.on_secret)

    def _fetching(self) -> tuple[Callable[[], TemporaryKey], str]:
        """How a key pair is got, and from whom."""
        sign_in = self.sign_in
        if isinstance(sign_in, AssumedAgency):
            return self._from_agency(sign_in), "IAM"
        ask = self.to_machine().ask
        if isinstance(sign_in, PodIdentity):
            pod = sign_in
            return _told(lambda: metadata.pod_key(ask, *pod), metadata.in_a_pod), "the pod"
        assert isinstance(sign_in, EcsAgency)  # noqa: S101  # for the type checker
        url = sign_in.metadata_url
        return _told(lambda: metadata.server_key(ask, url), metadata.on_a_server), "this machine"

    def _from_agency(self, sign_in: AssumedAgency) -> Callable[[], TemporaryKey]:
        clock = ServerClock(self.clock)
        base = self._lasting(sign_in.base, None, self.iam_url, clock)
        exchange = self.to_iam(base, clock)
        request = agency.assume_request(
            self.iam_url,
            agency_name=sign_in.agency_name,
            domain_name=sign_in.agency_domain_name,
        )
        return _told(lambda: exchange.ask(request, agency.assumed_key), agency.explained)


def _told(
    fetch: Callable[[], TemporaryKey], explained: Callable[[DdsError], DdsError]
) -> Callable[[], TemporaryKey]:
    """`fetch`, its errors naming the usual causes."""

    def fetched() -> TemporaryKey:
        try:
            return fetch()
        except DdsError as error:
            raise explained(error) from None

    return fetched
