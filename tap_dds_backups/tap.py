"""Singer face: settings, discovery and state of the tap."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, cast

from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)
from singer_sdk.singerlib import Catalog, CatalogEntry

from tap_dds_backups import settings as settings_of
from tap_dds_backups.api.errors import CatalogError, ConfigError, quoted
from tap_dds_backups.api.models import Filters
from tap_dds_backups.interrupts import Interrupts
from tap_dds_backups.messages import MessageWriter
from tap_dds_backups.narration import Narrator
from tap_dds_backups.replication.events import Event
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.state import bookmarks_of, stream_states
from tap_dds_backups.schema import STREAMS
from tap_dds_backups.settings import Settings
from tap_dds_backups.settings_schema import singer_schema
from tap_dds_backups.streams import BackupsStream


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
        TapCapabilities.ACTIVATE_VERSION,
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

    @cached_property
    def partitions(self) -> Sequence[Partition]:
        """One for each project, in the order of the config."""
        filters = self.settings.filters
        return [Partition(project.project_id, filters) for project in self.settings.projects]

    @cached_property
    def regions(self) -> dict[str, str | None]:
        """Each project's region."""
        return {project.project_id: project.region for project in self.settings.projects}

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

    def discover_streams(self) -> list[BackupsStream]:
        """The streams that exist; needs no settings and no network."""
        return [BackupsStream(self)]

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

    def events(self, stream: BackupsStream) -> Iterator[Event]:
        """Sync a stream's partitions; what happens is logged as it happens."""
        # Only here, because it brings the HTTP stack, which --about and --discover need not load.
        from tap_dds_backups.connect import connect  # noqa: PLC0415

        full_table = stream.replication_method == "FULL_TABLE"
        known = {} if full_table else bookmarks_of(self._bookmarks_in(stream.name), self.partitions)
        narrator = Narrator(time.monotonic)
        with connect(self.settings, self.partitions) as connection:
            sync = connection.sync(full_table=full_table)
            for event in sync.run(connection.sources, known):
                if line := narrator.line(event):
                    self.logger.log(*line)
                yield event

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
