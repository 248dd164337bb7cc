"""What a sync has to say, in order. The faces turn it into their messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tap_dds_backups.api.models import Backup
from tap_dds_backups.replication.bookmark import Bookmark


@dataclass(frozen=True)
class Progress:
    """A page was read: `written` of about `total` rows of this project's window so far."""

    project_id: str
    written: int
    total: int


@dataclass(frozen=True)
class Records:
    """Backups to write now, begin_time ascending; `extracted_at` is the page's, UTC seconds."""

    project_id: str
    backups: Sequence[Backup]
    extracted_at: float


@dataclass(frozen=True)
class Checkpoint:
    """Everything that this bookmark covers has been yielded before: a STATE may say it."""

    project_id: str
    bookmark: Bookmark


@dataclass(frozen=True)
class Waiting:
    """The service throttles: nothing is sent before `until` (UTC seconds)."""

    until: float
    reason: str


@dataclass(frozen=True)
class Finished:
    """The project was read to its end."""

    project_id: str
    written: int
    total: int


@dataclass(frozen=True)
class Failed:
    """The project ended with an error; the others go on and the run ends non-zero."""

    project_id: str
    error: Exception


Event = Progress | Records | Checkpoint | Waiting | Finished | Failed
