"""The streams that exist: name, keys and schema, for both faces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple


class StreamDefinition(NamedTuple):
    """What a face announces about a stream."""

    name: str
    primary_key: tuple[str, ...]
    replication_key: str | None
    selected_by_default: bool

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of a record: a new copy with each call."""
        path = _schemas() / f"{self.name}.json"
        schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return schema


BACKUPS = StreamDefinition(
    name="backups",
    primary_key=("id",),
    replication_key="begin_time",
    selected_by_default=True,
)

INCREMENTAL_BACKUPS = StreamDefinition(
    name="incremental_backups",
    primary_key=("id",),
    replication_key="begin_time",
    selected_by_default=False,
)
INSTANCES = StreamDefinition("instances", ("id",), None, selected_by_default=False)
BACKUP_POLICIES = StreamDefinition(
    "backup_policies", ("instance_id",), None, selected_by_default=False
)
RESTORE_WINDOWS = StreamDefinition(
    "restore_windows", ("instance_id", "date", "start_time"), None, selected_by_default=False
)
BACKUP_SYNCS = StreamDefinition(
    "backup_syncs", ("sync_id",), "finished_at", selected_by_default=False
)

STREAMS = (BACKUPS, BACKUP_POLICIES, BACKUP_SYNCS, INCREMENTAL_BACKUPS, INSTANCES, RESTORE_WINDOWS)


def _schemas() -> Path:
    """Inside the package where it was installed from a wheel, else beside it."""
    here = Path(__file__).parent
    installed = here / "schemas"
    return installed if installed.is_dir() else here.parent / "schemas"
