"""Composition: from settings to the listings of a run. Brings the HTTP stack, so import it late."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property

from msgspec import Struct

from tap_dds_backups import __version__
from tap_dds_backups.api.auth import Auth
from tap_dds_backups.api.client import Client
from tap_dds_backups.api.clock import Clock, SystemClock
from tap_dds_backups.api.endpoints import host_of
from tap_dds_backups.api.errors import DdsError, NotFound
from tap_dds_backups.api.exchange import Exchange, OnWait, Sender
from tap_dds_backups.api.gate import Gate
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.listings import Source
from tap_dds_backups.api.models import Page, PageRequest, Window
from tap_dds_backups.api.pacing import Pacer
from tap_dds_backups.api.projects import ListedProject, listed_projects, projects_request
from tap_dds_backups.api.readahead import ReadAhead
from tap_dds_backups.api.redaction import secrets_in
from tap_dds_backups.api.responses import object_from
from tap_dds_backups.api.retry import Budget
from tap_dds_backups.api.server_clock import ServerClock
from tap_dds_backups.api.transport import Transport
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.sync import Sync, Wanted
from tap_dds_backups.settings import Settings
from tap_dds_backups.settings.discovery import Discovery
from tap_dds_backups.settings.projects import Project
from tap_dds_backups.sign_ins import OnSecret, SignIns

MACHINE_SECONDS = 3.0
_NONE_FOUND = (
    "Check project_name_pattern where set, and that region or iam_url is of the account's cloud"
)


class Listing(Struct, frozen=True):
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


class Connection(Struct, frozen=True):
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
        user_agent=_user_agent(settings),
        timeout_seconds=settings.request_timeout_seconds,
        ca_bundle=settings.ca_bundle,
    )
    budget = Budget()
    gate = Gate(Pacer(settings.concurrency, settings.requests_per_minute), budget, clock)
    pages = ReadAhead(settings.concurrency, lambda: gate.allowed)
    closing = ExitStack()
    closing.callback(transport.close)
    closing.callback(pages.close)
    exchanges = _Exchanges(
        settings, transport, clock, gate, budget, pages.waiting, on_secret, closing
    )
    with closing:
        projects = exchanges.found(settings.discovery) if settings.discovery else settings.projects
        clients = {project.project_id: exchanges.client(project) for project in projects}
        yield Connection(projects, clients, pages, clock)


class _Exchanges(Struct, frozen=True, dict=True):
    """What all projects of a run share: pace, patience, the count of refused signatures."""

    settings: Settings
    sender: Sender
    clock: Clock
    gate: Gate
    budget: Budget
    on_wait: OnWait
    on_secret: OnSecret
    closing: ExitStack

    def client(self, project: Project) -> Client:
        """The way to one project, with its own idea of the server's clock."""
        clock = ServerClock(self.clock)
        exchange = self._exchange(
            self.gate, clock, self._sign_ins.auth(project.project_id, project.iam_url, clock)
        )
        return Client(project.api_url, project.project_id, exchange)

    def found(self, discovery: Discovery) -> tuple[Project, ...]:
        """The projects of the account that are to be read."""
        clock, request = ServerClock(self.clock), projects_request(discovery.iam_url)
        exchange = self._exchange(
            self._iam_gate(), clock, self._sign_ins.auth(None, discovery.iam_url, clock)
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

    @cached_property
    def _sign_ins(self) -> SignIns:
        """What signs the requests of all projects."""
        settings = self.settings
        places = [settings.discovery] if settings.discovery else settings.projects
        return SignIns(
            settings.sign_in,
            next((each.iam_url for each in places if each.iam_url), ""),
            self.clock,
            lambda auth, clock: self._exchange(self._iam_gate(), clock, auth),
            self._to_machine,
            self.on_secret,
        )

    def _exchange(self, gate: Gate, clock: ServerClock, auth: Auth | None) -> Exchange:
        attempts = self.settings.max_attempts
        return Exchange(
            self.sender, gate, clock, auth=auth, max_attempts=attempts, on_wait=self.on_wait
        )

    def _iam_gate(self) -> Gate:
        """IAM is another service with limits of its own, the run's patience is one."""
        return Gate(Pacer(self.settings.concurrency), self.budget, self.clock)

    def _to_machine(self) -> Exchange:
        """What is on this machine answers at once or is not there; no proxy leads to it.

        One attempt: the request that needs the key pair is tried again.
        """
        transport = Transport(
            user_agent=_user_agent(self.settings),
            timeout_seconds=MACHINE_SECONDS,
            environ={},
            connect_seconds=MACHINE_SECONDS,
        )
        self.closing.callback(transport.close)
        gate = Gate(Pacer(1), self.budget, self.clock)
        return Exchange(transport, gate, ServerClock(self.clock), max_attempts=1)


def _user_agent(settings: Settings) -> str:
    return settings.user_agent or f"tap-dds-backups/{__version__}"
