"""The sign-ins as one interface: headers for a request, and what became of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from tap_dds_backups.api.clock import Clock
from tap_dds_backups.api.errors import SignInError
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.password import TOKEN_HEADER, PasswordToken
from tap_dds_backups.api.responses import server_time
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.api.signing import SECURITY_TOKEN_HEADER, sign
from tap_dds_backups.api.temporary import TemporaryKeys
from tap_dds_backups.api.trial import Trial, refusal

__all__ = ["AccessKey", "Auth", "PasswordToken", "StaticToken", "TemporaryAccessKey"]

_SDK_DATE = "%Y%m%dT%H%M%SZ"
MAX_SKEW = 15 * 60.0  # seconds (API signing guide, X-Sdk-Date)


class Auth(Protocol):
    """A way to sign in; used by several threads at once."""

    def headers(self, request: Request) -> dict[str, str]:
        """Return the headers that sign `request`, after a sign-in where one is due.

        Raises:
            SignInError: the credential was refused before, or is now.
            DdsError: the sign-in did not come about, such as in an outage.
        """

    def worked(self, sent: Mapping[str, str]) -> None:
        """Take note that a request with the headers `sent` was not refused."""

    def unanswered(self, sent: Mapping[str, str]) -> None:
        """Take note that a request brought no word on the credential, such as in an outage."""

    def refused(self, sent: Mapping[str, str], response: Response) -> bool:
        """Take note of a refusal (401); True: replay the request with new headers.

        False: the answer does not refuse the credential. Raises SignInError, with the usual
        causes, where no other try can help.
        """


class StaticToken:
    """A token that somebody else got. One refusal ends it: nothing here can renew it."""

    def __init__(self, token: Secret) -> None:
        self._token = token
        self._over: SignInError | None = None

    def headers(self, request: Request) -> dict[str, str]:  # noqa: ARG002  # the protocol's
        """Return the token's header."""
        if self._over is not None:
            raise copy.copy(self._over)
        return {TOKEN_HEADER: self._token.reveal()}

    def worked(self, sent: Mapping[str, str]) -> None:
        """Nothing to learn: the token stays what it is."""

    def unanswered(self, sent: Mapping[str, str]) -> None:
        """Nothing to learn: the token stays what it is."""

    def refused(self, sent: Mapping[str, str], response: Response) -> bool:  # noqa: ARG002  # Auth's
        """End the token's use."""
        hint = (
            "auth_token has expired (24 hours after its issue), or it is of another region or project. "
            "Get a new one, or give username, password and domain_name for tokens that renew"
        )
        self._over = refusal(response, hint, [self._token])
        raise copy.copy(self._over)


class AccessKey:
    """Signs each request for one project. One refused signature ends the key pair's use.

    `trial` is shared by the projects of one key pair.
    """

    def __init__(
        self,
        *,
        access_key: Secret,
        secret_key: Secret,
        security_token: Secret | None,
        project_id: str | None,
        clock: Clock,
        trial: Trial | None = None,
    ) -> None:
        self._access_key = access_key
        self._secret_key = secret_key
        self._security_token = security_token
        self._project_id = project_id
        self._clock = clock
        self._trial = trial or Trial(1)

    def headers(self, request: Request) -> dict[str, str]:
        """Return the signature's headers, dated now."""
        self._trial.admit()
        return sign(
            request,
            access_key=self._access_key.reveal(),
            secret_key=self._secret_key.reveal(),
            project_id=self._project_id,
            security_token=self._security_token.reveal() if self._security_token else None,
            sdk_date=_sdk_date(self._clock),
        )

    def worked(self, sent: Mapping[str, str]) -> None:  # noqa: ARG002  # the protocol's
        """Take note that the key pair is good: other threads may sign at the same time."""
        self._trial.passed()

    def unanswered(self, sent: Mapping[str, str]) -> None:  # noqa: ARG002  # the protocol's
        """Let another thread try the key pair."""
        self._trial.ended()

    def refused(self, sent: Mapping[str, str], response: Response) -> bool:
        """End the key pair's use: more refusals would lock it."""
        hide = [self._access_key, self._secret_key, self._security_token]
        error = refusal(response, _why(sent, response), hide)
        self._trial.failed(error)
        raise error


class TemporaryAccessKey:
    """Signs each request for one project with the run's current temporary key pair."""

    def __init__(self, keys: TemporaryKeys, *, project_id: str | None, clock: Clock) -> None:
        self._keys = keys
        self._project_id = project_id
        self._clock = clock

    def headers(self, request: Request) -> dict[str, str]:
        """Return the signature's headers, dated now; gets a key pair first where one is due."""
        key = self._keys.current()
        return sign(
            request,
            access_key=key.access_key.reveal(),
            secret_key=key.secret_key.reveal(),
            project_id=self._project_id,
            security_token=key.security_token.reveal(),
            sdk_date=_sdk_date(self._clock),
        )

    def worked(self, sent: Mapping[str, str]) -> None:  # noqa: ARG002  # the protocol's
        """Take note that key pairs work."""
        self._keys.worked()

    def unanswered(self, sent: Mapping[str, str]) -> None:
        """Nothing to learn: the key pair stays what it is."""

    def refused(self, sent: Mapping[str, str], response: Response) -> bool:
        """Drop the refused key pair, unless it was replaced meanwhile, and sign anew."""
        self._keys.refused(sent[SECURITY_TOKEN_HEADER], response)
        return True


def _sdk_date(clock: Clock) -> str:
    return datetime.fromtimestamp(clock.now(), UTC).strftime(_SDK_DATE)


def _why(sent: Mapping[str, str], response: Response) -> str:
    """The likely cause of a refused signature; the clock is judged by the date that was signed."""
    date = server_time(response)
    skew = 0.0 if date is None else _signed_at(sent) - date
    if abs(skew) <= MAX_SKEW:
        return (
            "access_key or secret_key is wrong, disabled, or of another account or cloud; a "
            "temporary pair needs its security_token and expires. It is not tried again, because "
            "the service locks a key pair after a few refusals"
        )
    side = "ahead of" if skew > 0 else "behind"
    return (
        f"This machine's clock is {round(abs(skew) / 60)} minutes {side} the service's, and "
        "signatures are accepted up to 15 minutes off: set the clock"
    )


def _signed_at(sent: Mapping[str, str]) -> float:
    return datetime.strptime(sent["X-Sdk-Date"], _SDK_DATE).replace(tzinfo=UTC).timestamp()
