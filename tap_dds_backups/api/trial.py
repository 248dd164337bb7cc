"""What one credential has gone through in this run, shared by all projects that use it.

Services lock a credential that fails a few times in a row (AK/SK: more than 5, for 5 minutes, API
signing guide, FAQ; passwords: 5 by default, IAM login policy). So a credential that never worked
is tried by one thread at a time, and one that was refused often enough is not tried again.
"""

from __future__ import annotations

import copy
import threading

from tap_dds_backups.api.errors import DdsError, SignInError
from tap_dds_backups.api.http import Response
from tap_dds_backups.api.responses import error_from
from tap_dds_backups.api.secret import Secret

TRY_SECONDS = 60.0


class Trial:
    """Admits the uses of a credential until it was refused `limit` times without a success.

    A thread that never says how its try ended holds the others for `try_seconds`.
    """

    def __init__(self, limit: int, try_seconds: float = TRY_SECONDS) -> None:
        self._limit = limit
        self._try_seconds = try_seconds
        self._refusals = 0
        self._proven = False
        self._trying: int | None = None
        self._over: SignInError | None = None
        self._changed = threading.Condition()

    def admit(self) -> None:
        """Wait until this thread may use the credential. Raises the SignInError that ended it."""
        me = threading.get_ident()
        with self._changed:
            self._changed.wait_for(lambda: self._is_free_for(me), self._try_seconds)
            if self._over is not None:
                raise copy.copy(self._over)  # a traceback belongs to one thread
            if not self._proven:
                self._trying = me

    def _is_free_for(self, thread: int) -> bool:
        # The same thread asking again means that its last try ended without an answer.
        return self._over is not None or self._trying in {None, thread}

    def passed(self) -> None:
        """The service accepted the credential."""
        with self._changed:
            self._proven, self._refusals, self._trying = True, 0, None
            self._changed.notify_all()

    def failed(self, error: SignInError) -> None:
        """The service refused the credential."""
        with self._changed:
            self._refusals += 1
            if self._refusals >= self._limit:
                self._over = self._over or error
            self._trying = None
            self._changed.notify_all()

    def ended(self) -> None:
        """The try ended without a word on the credential, such as in an outage."""
        with self._changed:
            self._trying = None
            self._changed.notify_all()


def refusal(response: Response, hint: str, hide: list[Secret | None]) -> SignInError:
    """Return the error for an answer that refuses a credential: the service's words, our hint."""
    texts = [secret.reveal() for secret in hide if secret]
    said = error_from(response, "the service", texts) or DdsError("the service gave no reason")
    return SignInError(
        said.message,
        hint=hint,
        error_code=said.error_code,
        request_id=said.request_id,
        status=response.status,
        server_time=said.server_time,
    )
