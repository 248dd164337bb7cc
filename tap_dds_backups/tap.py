"""Singer face: settings, discovery and state of the tap."""

from __future__ import annotations

import os
import time
import weakref
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import singer_sdk
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)
from singer_sdk.singerlib import Catalog, CatalogEntry

from tap_dds_backups import __version__
from tap_dds_backups import settings as settings_of
from tap_dds_backups.api.errors import CatalogError, ConfigError, quoted
from tap_dds_backups.api.models import Filters
from tap_dds_backups.imports import version_in
from tap_dds_backups.interrupts import Interrupts
from tap_dds_backups.messages import MessageWriter
from tap_dds_backups.narration import Narrator
from tap_dds_backups.replication.events import Event, Listed
from tap_dds_backups.replication.state import bookmarks_of, forget_gone, stream_states
from tap_dds_backups.schema import BACKUP_SYNCS, STREAMS
from tap_dds_backups.settings import Settings
from tap_dds_backups.settings.schemas import singer_schema
from tap_dds_backups.streams import EventStream

if TYPE_CHECKING:
    from tap_dds_backups.run import Run


class TapDDSBackups(Tap):
    """Singer tap for the backup history of Huawei Cloud Document Database Service (DDS)."""

    name = "tap-dds-backups"
    config_jsonschema: ClassVar[dict[str, Any]] = singer_schema()
    message_writer_class = MessageWriter
    # BATCH is not offered: at 100 rows a request it gains nothing, and the SDK's skips maps.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    interrupts = Interrupts()
    _stream_names: ClassVar[set[str]] = {stream.name for stream in STREAMS}

    @cached_property
    def settings(self) -> Settings:
        """The checked settings. Raises ConfigError."""
        return settings_of.from_singer(self.config, os.environ)

    @classmethod
    def get_plugin_version(cls) -> str:
        """Our version; looking it up in the installed packages takes 3 ms."""
        return __version__

    @classmethod
    def get_sdk_version(cls) -> str:
        """The SDK's version; looking it up as the SDK does takes 4 ms."""
        site = Path(singer_sdk.__file__).parents[1]
        return version_in(site, "singer_sdk") or super().get_sdk_version()

    @property
    def lines(self) -> MessageWriter:
        """The writer of messages that are already encoded."""
        return cast("MessageWriter", self.message_writer)

    @property
    def reads_everything(self) -> bool:
        """Whether a FULL_TABLE run lists all there is: what it did not list is gone."""
        settings = self.settings
        bounded = settings.start_date or settings.end_date or settings.filters != Filters()
        return settings.emit_activate_version_messages and not bounded

    def discover_streams(self) -> list[EventStream]:
        """The streams that exist; needs no settings and no network."""
        return [EventStream(self, definition) for definition in STREAMS]

    @property
    def input_catalog(self) -> Catalog | None:
        """The catalog given. Raises CatalogError where it asks for what we do not have."""
        catalog = super().input_catalog
        for name, entry in (catalog or {}).items():
            if entry.metadata.resolve_selection()[()]:
                self._check_selected(name, entry)
        return catalog

    def _check_selected(self, name: str, entry: CatalogEntry) -> None:
        method = entry.replication_method or entry.metadata.root.forced_replication_method
        if name not in self._stream_names:
            raise CatalogError(
                f"the catalog selects {quoted(name)!r}, a stream that this tap has not"
            )
        if method not in (None, "", "INCREMENTAL", "FULL_TABLE"):
            raise CatalogError(
                f"the catalog wants {name} replicated as {quoted(method)!r}",
                hint="INCREMENTAL and FULL_TABLE are what there is",
            )

    def load_state(self, state: dict[str, Any]) -> None:
        """Take over a state. Raises StateError where it is not one of ours."""
        stream_states(state, self._stream_names)
        super().load_state(state)

    @cached_property
    def run(self) -> Run:
        """The way to the service, opened once for all streams and closed when the tap is gone."""
        # Only here, because it brings the HTTP stack, which --about and --discover need not load.
        from tap_dds_backups.run import opened  # noqa: PLC0415  # as above

        way = ExitStack()
        weakref.finalize(self, way.close)
        return way.enter_context(opened(self.settings))

    def events(self, stream: EventStream) -> Iterator[Event]:
        """What happens while a stream is read, logged as it happens."""
        narrator = Narrator(time.monotonic)
        state = self._bookmarks_in(stream.name)
        full_table = stream.replication_method == "FULL_TABLE"
        bookmarks = partial(bookmarks_of, state)
        for event in self.run.events(stream.name, bookmarks, full_table=full_table):
            if line := narrator.line(event):
                self.logger.log(*line)
            if isinstance(event, Listed):
                forget_gone(state, event.partition.project_id, event.instance_ids)
            yield event

    def write_sync_rows(self) -> None:
        """Write the rows of `backup_syncs` of the projects that have ended, where they are wanted."""
        stream = self.streams[BACKUP_SYNCS.name]
        if stream.selected and stream.ABORT_AT_RECORD_COUNT is None:
            cast("EventStream", stream).write_found(self.events(cast("EventStream", stream)))

    def _bookmarks_in(self, stream: str) -> dict[str, Any]:
        states: dict[str, dict[str, Any]] = self.state.get("bookmarks", {})
        return states.get(stream, {})

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check the settings our way: all mistakes at once, and never a value in the text."""
        try:
            _ = self.settings
        except ConfigError as error:
            if raise_errors:
                raise ConfigValidationError(
                    "Config validation failed", errors=error.problems, schema=self.config_jsonschema
                ) from None
            return error.problems
        return []

    def _setup_signal_handlers(self) -> None:
        self.interrupts.install()
