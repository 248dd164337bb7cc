"""One run of either face: which events make up a stream. Brings the HTTP stack, so import it late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from uuid import uuid4

from msgspec import Struct, field

from tap_dds_backups import __version__
from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.listings import Source
from tap_dds_backups.api.models import Filters
from tap_dds_backups.connect import Connection, connect
from tap_dds_backups.replication.account import Row
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Event, Failed, Finished, Found, Listed
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.siblings import Siblings
from tap_dds_backups.replication.sync import Wanted
from tap_dds_backups.replication.sync_log import SyncLog
from tap_dds_backups.schema import BACKUP_SYNCS, BACKUPS, INCREMENTAL_BACKUPS
from tap_dds_backups.settings import Settings
from tap_dds_backups.sign_ins import OnSecret

Bookmarks = Callable[[Iterable[Partition]], Mapping[Partition, Bookmark]]


@contextmanager
def opened(settings: Settings, *, on_secret: OnSecret = lambda _token: None) -> Iterator[Run]:
    """Open the way to the service. Raises DdsError where projects are to be found and cannot be."""
    with connect(settings, on_secret=on_secret) as connection:
        yield Run(settings, connection)


class Run(Struct, dict=True):
    """One run: its listings, its instances, the rows of `backup_syncs` that it brings about."""

    settings: Settings
    connection: Connection
    run_id: str = field(default_factory=lambda: uuid4().hex)
    _rows: list[tuple[str, Row]] = field(default_factory=list)

    @cached_property
    def partitions(self) -> Sequence[Partition]:
        """One for each project, in the order of the config, or of their names where found."""
        filters = self.settings.filters
        return [Partition(project.project_id, filters) for project in self.connection.projects]

    @cached_property
    def regions(self) -> Mapping[str, str | None]:
        """Each project's region, where it is known."""
        return {project.project_id: project.region for project in self.connection.projects}

    def events(
        self, stream: str, bookmarks: Bookmarks, *, full_table: bool = False
    ) -> Iterator[Event]:
        """What happens while a stream is read; `bookmarks` gives those of partitions."""
        if stream == BACKUPS.name:
            yield from self._backups(bookmarks, full_table=full_table)
        elif stream == INCREMENTAL_BACKUPS.name:
            yield from self._incremental(bookmarks, full_table=full_table)
        elif stream == BACKUP_SYNCS.name:
            yield from self._sync_rows()
        else:
            yield from self._siblings.run(stream)

    @cached_property
    def _siblings(self) -> Siblings:
        settings, clients = self.settings, self.connection.clients
        return Siblings(
            {project_id: client.get_json for project_id, client in clients.items()},
            settings.concurrency,
            self.connection.clock,
            settings.restore_window_days,
            settings.filters.instance_id,
        )

    def _wanted(self, lookback_seconds: int, *, full_table: bool) -> Wanted:
        settings = self.settings
        return Wanted(
            start_date=settings.start_date,
            end_date=settings.end_date,
            lookback_seconds=lookback_seconds,
            page_size=settings.page_size,
            full_table=full_table,
        )

    def _backups(self, bookmarks: Bookmarks, *, full_table: bool) -> Iterator[Event]:
        wanted = self._wanted(self.settings.lookback_seconds, full_table=full_table)
        log = SyncLog(self.run_id, wanted, self.connection.clock, __version__)
        known = {} if full_table else bookmarks(self.partitions)
        sync = self.connection.sync(wanted)
        for event in sync.run(self.connection.sources(self.partitions), known):
            row = log.row(event)
            if row is not None and isinstance(event, Finished | Failed):
                self._rows.append((event.partition.project_id, row))
            yield event

    def _sync_rows(self) -> Iterator[Event]:
        """What the stream `backups` has brought about so far in this run, each row once."""
        rows, self._rows = self._rows, []
        for project_id, row in rows:
            yield Found(Partition(project_id), [row], self.connection.clock.now())

    def _incremental(self, bookmarks: Bookmarks, *, full_table: bool) -> Iterator[Event]:
        """The service lists incremental backups of one instance at a time only."""
        sources: dict[Partition, Source] = {}
        for project in self.partitions:
            try:
                instances = self._siblings.instances(project.project_id)
            except DdsError as error:
                yield Failed(project, error, 0)
                continue
            ids = [row["id"] for row in instances]
            yield Listed(project, ids)
            sources |= self.connection.sources(_per_instance(project.project_id, ids))
        known = {} if full_table else bookmarks(sources)
        lookback = self.settings.incremental_lookback_seconds
        sync = self.connection.sync(self._wanted(lookback, full_table=full_table))
        yield from sync.run(sources, known)


def _per_instance(project_id: str, ids: Iterable[str]) -> list[Partition]:
    return [
        Partition(project_id, Filters(instance_id=name, backup_type="Incremental"), name)
        for name in ids
    ]
