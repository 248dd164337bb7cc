"""One question until it is answered: pace, sign, send, judge, wait, again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from tap_dds_backups.api.auth import Auth
from tap_dds_backups.api.errors import (
    DdsError,
    ProtocolError,
    ServiceUnavailable,
    SignInError,
    Throttled,
    TlsError,
)
from tap_dds_backups.api.gate import Gate
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.pacing import Ticket
from tap_dds_backups.api.redaction import secrets_in
from tap_dds_backups.api.responses import error_from, server_time
from tap_dds_backups.api.retry import Tries, may_try_again
from tap_dds_backups.api.server_clock import ServerClock

# Each replay follows a renewal; the credential itself ends a run of refusals long before this. Not
# fewer: where a token serves 2 requests, one of 8 threads was seen to lose the race 10 times.
MAX_REPLAYS = 50

Answer = TypeVar("Answer")
Judge = Callable[[Response, Request, float], Answer]
OnWait = Callable[[float, str], None]


class Sender(Protocol):
    """What carries a request: `Transport`, or a service in the same process."""

    def send(self, request: Request) -> Response:
        """Exchange a request for a response."""


class Exchange:
    """Sends requests until they are answered, for one credential. Thread-safe.

    Args:
        sender: carries the requests.
        gate: says when one may be sent.
        clock: the service's clock; set by each answer.
        auth: signs requests; None for the sign-in itself.
        max_attempts: tries of one request; throttled answers are not counted.
        on_wait: told until when (UTC seconds, our clock) nothing is sent, and why.
    """

    def __init__(
        self,
        sender: Sender,
        gate: Gate,
        clock: ServerClock,
        *,
        auth: Auth | None = None,
        max_attempts: int = 5,
        on_wait: OnWait = lambda until, reason: None,  # noqa: ARG005  # the callable's own names
    ) -> None:
        self._sender = sender
        self._gate = gate
        self._clock = clock
        self._auth = auth
        self._max_attempts = max_attempts
        self._on_wait = on_wait
        self._told_until = 0.0

    def ask(self, request: Request, judge: Judge[Answer]) -> Answer:
        """Return what `judge` makes of the response to the signed request at our time of receipt.

        Raises:
            DdsError: what `judge` or the sending raised, once no other try can help.
            RequestBudgetSpent: the run may not ask or wait any longer.
        """
        tries = Tries()
        while True:
            ticket = self._gate.enter()
            try:
                answer = self._try(request, judge)
            except DdsError as error:
                self._wait_or_raise(error, ticket, tries)
            except BaseException:
                self._gate.withdrawn(ticket)
                raise
            else:
                self._gate.succeeded(ticket)
                return answer

    def send(self, request: Request) -> Response:
        """Return the response, whatever it says, once the service is neither failing nor throttling.

        Raises as `ask`.
        """
        return self.ask(request, _whatever_it_says)

    def _try(self, request: Request, judge: Judge[Answer]) -> Answer:
        signed = self._signed(request)
        try:
            return self._judged(signed, judge)
        except (Throttled, ServiceUnavailable, ProtocolError, TlsError):
            if self._auth is not None:  # no word on the credential
                self._auth.unanswered(signed.headers)
            raise

    def _judged(self, signed: Request, judge: Judge[Answer]) -> Answer:
        response = self._sender.send(signed)
        received = self._clock.local()
        date = server_time(response)
        if date is not None:
            self._clock.saw(date, received)
        try:
            answer = judge(response, signed, received)
        except (Throttled, ServiceUnavailable, ProtocolError):
            raise
        except SignInError:
            if self._auth is None or not self._auth.refused(signed.headers, response):
                raise
            raise _Renewed("the service refuses each credential as soon as it is renewed") from None
        except DdsError:
            self._worked(signed)
            raise
        self._worked(signed)
        return answer

    def _signed(self, request: Request) -> Request:
        if self._auth is None:
            return request
        headers = {**request.headers, **self._auth.headers(request)}
        return Request(request.method, request.url, headers, request.body)

    def _worked(self, signed: Request) -> None:
        if self._auth is not None:
            self._auth.worked(signed.headers)

    def _wait_or_raise(self, error: DdsError, ticket: Ticket, tries: Tries) -> None:
        """Return where the request is to be sent again; the gate then says when."""
        tries.count(error)
        again = may_try_again(error, tries, self._max_attempts)
        if isinstance(error, _Renewed):
            self._gate.answered(ticket)
            again = tries.renewed <= MAX_REPLAYS
        elif isinstance(error, Throttled):
            seconds = self._gate.throttled(ticket, error)
            self._gate.allow(seconds, error)
            self._tell(self._clock.local() + seconds, error.message)
        elif isinstance(error, ServiceUnavailable) or again:
            seconds = self._gate.failed(ticket, error)
            if again:
                self._gate.allow(seconds, error)
        else:
            self._gate.answered(ticket)
        if not again:
            raise error from None

    def _tell(self, until: float, reason: str) -> None:
        """Report a wait; the requests that were refused together report one."""
        if until > self._told_until + 1.0:
            self._told_until = until
            self._on_wait(until, reason)


class _Renewed(SignInError):
    """Refused, but the credential has changed meanwhile: ask again with the new one."""


def _whatever_it_says(response: Response, signed: Request, received: float) -> Response:
    host = urlsplit(signed.url).hostname or ""
    error = error_from(response, host, secrets_in(signed), received)
    if isinstance(error, Throttled | ServiceUnavailable):
        raise error
    return response
