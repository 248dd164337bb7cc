"""Sign-in with an IAM user's password: one token per project, renewed in time.

Renewal is per credential, not per request: of eight threads whose requests are refused under one
token, one signs in and the others replay with what it got.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Mapping

from tap_dds_backups.api.clock import Clock
from tap_dds_backups.api.endpoints import host_of
from tap_dds_backups.api.errors import DdsError, ServiceUnavailable, SignInError, Throttled
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.iam import explained, issued_token, token_request
from tap_dds_backups.api.responses import error_from
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.api.trial import Trial, refusal

TOKEN_HEADER = "X-Auth-Token"  # noqa: S105  # a header's name
# Renewed when a tenth of its life is left, at the earliest half an hour before its end (seconds).
RENEW_SHARE, RENEW_AT_MOST = 0.1, 30 * 60.0
RENEW_AGAIN_AFTER = 60.0
PASSWORD_TRIES = 3  # IAM locks a user after 5 by default


class PasswordToken:
    """Tokens of one project, or of the account where it is None, got from IAM with a user's password and renewed in time.

    `send` brings a request to IAM and retries what is worth it; `on_secret` hears of each token,
    so that it can be masked in output; `trial` is shared by the projects of one user.
    """

    def __init__(  # noqa: PLR0913  # the parts of a sign-in, each by its name
        self,
        *,
        project_id: str | None,
        iam_url: str,
        username: str,
        password: Secret,
        domain_name: str,
        send: Callable[[Request], Response],
        clock: Clock,
        on_secret: Callable[[str], None] = lambda _token: None,
        trial: Trial | None = None,
    ) -> None:
        self._request = token_request(
            iam_url,
            username=username,
            password=password.reveal(),
            domain_name=domain_name,
            project_id=project_id,
        )
        self._password = password
        self._send = send
        self._clock = clock
        self._on_secret = on_secret
        self._trial = trial or Trial(PASSWORD_TRIES)
        self._lock = threading.Lock()
        self._token: Secret | None = None
        self._renew_at = 0.0
        self._proven = False
        self._token_worked = False
        self._renewals = 0
        self._over: SignInError | None = None

    def headers(self, request: Request) -> dict[str, str]:  # noqa: ARG002  # the protocol's
        """Return the current token's header; signs in first where there is none or it is old."""
        with self._lock:
            if self._over is not None:
                raise copy.copy(self._over)
            if self._token is None:
                self._token = self._signed_in()
            elif self._token_worked and self._clock.monotonic() >= self._renew_at:
                self._token = self._renewed_early(self._token)
            return {TOKEN_HEADER: self._token.reveal()}

    def worked(self, sent: Mapping[str, str]) -> None:
        """Take note that the password gives tokens that work."""
        with self._lock:
            self._proven = True
            self._renewals = 0
            self._token_worked = self._token_worked or self._is_current(sent)

    def unanswered(self, sent: Mapping[str, str]) -> None:
        """Nothing to learn: the token stays what it is."""

    def refused(self, sent: Mapping[str, str], response: Response) -> bool:
        """Drop the refused token, unless it was replaced meanwhile.

        A token that never worked is renewed once. Where tokens have worked, the second renewal in
        a row that brought no success is the last.
        """
        with self._lock:
            if self._over is not None:
                raise copy.copy(self._over)
            if self._is_current(sent):
                if self._renewals >= (2 if self._proven else 1):
                    self._over = refusal(
                        response,
                        "IAM issues tokens that the service does not accept: check that region, "
                        "api_url and iam_url belong together, and project_id",
                        [self._password, self._token],
                    )
                    raise copy.copy(self._over)
                self._renewals += 1
                self._token = None
            return True

    def _is_current(self, sent: Mapping[str, str]) -> bool:
        return self._token is not None and sent.get(TOKEN_HEADER) == self._token.reveal()

    def _renewed_early(self, token: Secret) -> Secret:
        try:
            return self._signed_in()
        except (ServiceUnavailable, Throttled):
            self._renew_at = self._clock.monotonic() + RENEW_AGAIN_AFTER
            return token  # still good for a while

    def _signed_in(self) -> Secret:
        self._trial.admit()
        try:
            issued = issued_token(self._answer())
        except SignInError as error:
            self._trial.failed(error)
            self._over = error
            raise
        except BaseException:
            self._trial.ended()
            raise
        self._trial.passed()
        self._on_secret(issued.value.reveal())
        early = min(RENEW_SHARE * issued.life, RENEW_AT_MOST)
        self._renew_at = self._clock.monotonic() + issued.life - early
        self._token_worked = False
        return issued.value

    def _answer(self) -> Response:
        try:
            response = self._send(self._request)
            error = error_from(response, host_of(self._request.url), [self._password.reveal()])
        except DdsError as raised:
            error = raised
        if error is not None:
            raise explained(error, self._password) from None
        return response
