"""What can go wrong, named by who has to act.

    DdsError
    |-- ConfigError           you: a setting is missing or wrong (all mistakes at once)
    |-- StateError            you: the state given cannot be used
    |-- CatalogError          you: the catalog asks for what we do not have
    |-- SignInError           you: the service does not accept these credentials
    |-- AccessDenied          you: signed in, but not allowed
    |-- NotFound              you: project, instance or address unknown
    |-- RequestRefused        you or us: the service will not answer this request
    |-- TlsError              you: the host's certificate could not be verified
    |-- Throttled             nobody: too many calls, wait
    |-- ServiceUnavailable    them: 5xx, resets, timeouts, after every try
    |-- ProtocolError         them: an answer that is none (HTML, broken JSON, a redirect, ...)
    |   |-- BadRow            them: a row without a usable id or begin_time
    |   `-- ScanNotSettled    them: pages keep contradicting themselves or each other
    `-- RequestBudgetSpent    us: a limit of this run was reached, state is safe

The text of an error is one line and never holds a secret or a body. Text that came from the
server is escaped and short (see `quoted`).
"""

from __future__ import annotations

QUOTE_LIMIT = 200


def quoted(text: object, limit: int = QUOTE_LIMIT) -> str:
    """Server text made fit for one log line: printable ASCII, at most `limit` characters."""
    escaped = ascii(str(text)[: limit + 1])[1:-1]
    return escaped if len(escaped) <= limit else escaped[: limit - 3] + "..."


class DdsError(Exception):
    """Base of every error that this package raises on purpose.

    `hint` says what to do about it; `error_code` and `request_id` are the service's own, if any.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        error_code: str = "",
        request_id: str = "",
        status: int = 0,
        server_time: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.error_code = error_code
        self.request_id = request_id
        self.status = status
        self.server_time = server_time

    def __str__(self) -> str:
        marks = [
            m for m in (self.error_code, self.request_id and f"request {self.request_id}") if m
        ]
        text = self.message + (f" [{', '.join(marks)}]" if marks else "")
        return f"{text}. {self.hint}" if self.hint else text


class ConfigError(DdsError):
    """Settings that cannot be used: `problems` has one line for each mistake, never a value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class StateError(DdsError):
    """The state is unreadable, foreign, or written by a newer version."""


class CatalogError(DdsError):
    """The catalog selects a stream or a mode that we do not have."""


class SignInError(DdsError):
    """Credentials refused: wrong, expired, or of another region or account."""


class AccessDenied(DdsError):
    """Signed in, but without the right to do this (403)."""


class NotFound(DdsError):
    """The address, project or instance does not exist (404 and the codes that mean it)."""


class RequestRefused(DdsError):
    """The service refused the request for good (400 and other 4xx)."""


class TlsError(DdsError):
    """The certificate of the host could not be verified."""


class Throttled(DdsError):
    """Too many calls. `retry_after` and `window` are seconds, where the service named them."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        limit: int | None = None,
        window: float | None = None,
        **details: object,
    ) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]  # the base's own keywords
        self.retry_after = retry_after
        self.limit = limit
        self.window = window


class ServiceUnavailable(DdsError):
    """The service failed for now: 5xx, reset, timeout, truncated body.

    `retry_after` is in seconds, where the service named it.
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, **details: object
    ) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]  # the base's own keywords
        self.retry_after = retry_after


class ProtocolError(DdsError):
    """The answer is none: HTML, broken JSON, a redirect, too large, an error inside a 200."""


class BadRow(ProtocolError):
    """A row whose id or begin_time cannot be used, again after it was read anew."""


class ScanNotSettled(ProtocolError):
    """Pages contradict themselves or their neighbours however often they are read."""


class RequestBudgetSpent(DdsError):
    """This run may not send or wait any longer; the state is safe."""
