"""Composition: from settings to the listings of a run. Brings the HTTP stack, so import it late."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tap_dds_backups import __version__
from tap_dds_backups.api.auth import AccessKey, Auth, PasswordToken, StaticToken
from tap_dds_backups.api.client import Client
from tap_dds_backups.api.clock import Clock, SystemClock
from tap_dds_backups.api.endpoints import host_of
from tap_dds_backups.api.errors import DdsError, NotFound
from tap_dds_backups.api.exchange import Exchange, OnWait, Sender
from tap_dds_backups.api.gate import Gate
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.models import Page, PageRequest, Window
from tap_dds_backups.api.pacing import Pacer
from tap_dds_backups.api.password import PASSWORD_TRIES
from tap_dds_backups.api.projects import ListedProject, listed_projects, projects_request
from tap_dds_backups.api.readahead import ReadAhead, Source
from tap_dds_backups.api.redaction import secrets_in
from tap_dds_backups.api.responses import object_from
from tap_dds_backups.api.retry import Budget
from tap_dds_backups.api.server_clock import ServerClock
from tap_dds_backups.api.transport import Transport
from tap_dds_backups.api.trial import Trial
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.sync import Sync, Wanted
from tap_dds_backups.settings import Settings
from tap_dds_backups.settings.credentials import KeyPair, Password
from tap_dds_backups.settings.discovery import Discovery
from tap_dds_backups.settings.projects import Project

_NONE_FOUND = (
    "Check project_name_pattern where set, and that region or iam_url is of the account's cloud"
)
OnSecret = Callable[[str], None]


@dataclass(frozen=True)
class Listing:
    """The backup list of one partition."""

    client: Client
    partition: Partition

    @property
    def key(self) -> Hashable:
        """What tells this listing from another."""
        return self.partition

    def page(self, request: PageRequest, window: Window) -> Page:
        """Read one page. Raises DdsError."""
        return self.client.page(request, window, self.partition.filters)


@dataclass(frozen=True)
class Connection:
    """The way to each project of a run, over one transport and one pace."""

    projects: Sequence[Project]
    clients: dict[str, Client]
    pages: ReadAhead
    clock: Clock

    def sources(self, partitions: Iterable[Partition]) -> dict[Partition, Source]:
        """The listing of each partition."""
        return {each: Listing(self.clients[each.project_id], each) for each in partitions}

    def sync(self, wanted: Wanted) -> Sync:
        """A sync over these listings, the next of which are read ahead."""
        return Sync(wanted, self.pages, self.clock, ahead=self.pages.threads)


@contextmanager
def connect(
    settings: Settings,
    *,
    clock: Clock | None = None,
    on_secret: OnSecret = lambda _token: None,
) -> Iterator[Connection]:
    """Open the way to the service. Nothing is sent before a sync asks, unless projects are found.

    `on_secret` is told each token issued on the way, to be masked in output.

    Raises:
        DdsError: the projects of the account could not be listed.
    """
    clock = clock or SystemClock()
    transport = Transport(
        user_agent=settings.user_agent or f"tap-dds-backups/{__version__}",
        timeout_seconds=settings.request_timeout_seconds,
        ca_bundle=settings.ca_bundle,
        connections=settings.concurrency,
    )
    budget = Budget()
    gate = Gate(Pacer(settings.concurrency, settings.requests_per_minute), budget, clock)
    pages = ReadAhead(settings.concurrency, lambda: gate.allowed)
    exchanges = _Exchanges(settings, transport, clock, gate, budget, pages.waiting, on_secret)
    try:
        projects = exchanges.found(settings.discovery) if settings.discovery else settings.projects
        clients = {project.project_id: exchanges.client(project) for project in projects}
        yield Connection(projects, clients, pages, clock)
    finally:
        pages.close()
        transport.close()


@dataclass(frozen=True)
class _Exchanges:
    """What all projects of a run share: pace, patience, the count of refused signatures."""

    settings: Settings
    sender: Sender
    clock: Clock
    gate: Gate
    budget: Budget
    on_wait: OnWait
    on_secret: OnSecret
    key_trial: Trial = field(default_factory=lambda: Trial(1))
    password_trial: Trial = field(default_factory=lambda: Trial(PASSWORD_TRIES))

    def client(self, project: Project) -> Client:
        """The way to one project, with its own idea of the server's clock."""
        clock = ServerClock(self.clock)
        exchange = self._exchange(
            self.gate, clock, self._auth(project.project_id, project.iam_url, clock)
        )
        return Client(project.api_url, project.project_id, exchange)

    def found(self, discovery: Discovery) -> tuple[Project, ...]:
        """The projects of the account that are to be read."""
        clock, request = ServerClock(self.clock), projects_request(discovery.iam_url)
        exchange = self._exchange(
            self._iam_gate(), clock, self._auth(None, discovery.iam_url, clock)
        )

        def judge(response: Response, signed: Request, received: float) -> list[ListedProject]:
            host, hide = host_of(signed.url), secrets_in(signed)
            return listed_projects(object_from(response, host, hide, received))

        try:
            projects = discovery.projects(exchange.ask(request, judge))
        except DdsError as error:
            error.message = f"the account's projects could not be listed: {error.message}"
            raise
        if not projects:
            raise NotFound("no project is open to this sign-in", hint=_NONE_FOUND)
        return projects

    def _exchange(self, gate: Gate, clock: ServerClock, auth: Auth | None) -> Exchange:
        attempts = self.settings.max_attempts
        return Exchange(
            self.sender, gate, clock, auth=auth, max_attempts=attempts, on_wait=self.on_wait
        )

    def _auth(self, project_id: str | None, iam_url: str | None, clock: ServerClock) -> Auth:
        """Sign-in for one project, or for the account where there is none."""
        sign_in = self.settings.sign_in
        if isinstance(sign_in, KeyPair):
            return AccessKey(
                **sign_in._asdict(),
                project_id=project_id,
                clock=clock,
                trial=self.key_trial,
            )
        if isinstance(sign_in, Password):
            return PasswordToken(
                **sign_in._asdict(),
                project_id=project_id,
                iam_url=iam_url or "",
                send=self._to_iam().send,
                clock=clock,
                on_secret=self.on_secret,
                trial=self.password_trial,
            )
        return StaticToken(sign_in.auth_token)

    def _to_iam(self) -> Exchange:
        return self._exchange(self._iam_gate(), ServerClock(self.clock), None)

    def _iam_gate(self) -> Gate:
        """IAM is another service with limits of its own, the run's patience is one."""
        return Gate(Pacer(self.settings.concurrency), self.budget, self.clock)
