"""What a sync has to say, in order. The faces turn it into their messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tap_dds_backups.api.errors import DdsError
from tap_dds_backups.api.listings import Waiting
from tap_dds_backups.api.models import Backup, Window
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.partition import Partition


class Started(Struct, frozen=True):
    """The partition answered for the first time: about `total` rows in `window`.

    `resumed`: it goes on from its bookmark; otherwise history is read from start_date. `asked_at`:
    our clock before its first request, UTC seconds.
    """

    partition: Partition
    window: Window
    total: int
    resumed: bool
    asked_at: float


class Records(Struct, frozen=True):
    """Backups to write now, begin_time ascending; `extracted_at` is their page's, UTC seconds.

    `written` counts the partition's records up to and with these, of about `total`.
    """

    partition: Partition
    backups: Sequence[Backup]
    extracted_at: float
    written: int
    total: int


class Found(Struct, frozen=True):
    """Records of a sibling stream, as plain values; `extracted_at` is in UTC seconds."""

    partition: Partition
    records: Sequence[dict[str, Any]]
    extracted_at: float


class Listed(Struct, frozen=True):
    """The project has these instances: what is remembered of others can go."""

    partition: Partition
    instance_ids: Sequence[str]


class Checkpoint(Struct, frozen=True):
    """All that this bookmark covers has been yielded before: a STATE may say it."""

    partition: Partition
    bookmark: Bookmark


class Remark(Struct, frozen=True):
    """Something that a person should know, once a run."""

    partition: Partition
    text: str
    is_warning: bool


class Finished(Struct, frozen=True):
    """The partition was read to its end: `written` records; the service reported `total` rows."""

    partition: Partition
    written: int
    total: int


class Failed(Struct, frozen=True):
    """The partition ended with an error; the others go on and the run ends non-zero."""

    partition: Partition
    error: DdsError
    written: int


Event = Started | Records | Found | Listed | Checkpoint | Remark | Waiting | Finished | Failed
