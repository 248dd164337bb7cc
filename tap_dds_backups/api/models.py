"""The values of the list call: one backup, one page, one question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Struct

MAX_SIZE_KB = 2**63 - 1


class Datastore(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """Engine and version of the database (API page, Table 5)."""

    type: str | None = None
    version: str | None = None


class Backup(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """One backup (API page, Table 4, and six newer fields that a cloud may lack).

    Times are RFC 3339 in UTC at a fixed width, so that they sort as text. `size` is in KB.
    All but `id` and `begin_time` may be missing: a running backup has no end yet. The bounds are
    checked where a page is decoded.
    """

    id: Annotated[str, msgspec.Meta(min_length=1)]
    name: str | None = None
    instance_id: str | None = None
    instance_name: str | None = None
    datastore: Datastore | None = None
    type: str | None = None
    begin_time: str
    end_time: str | None = None
    status: str | None = None
    size: Annotated[int, msgspec.Meta(ge=-MAX_SIZE_KB, le=MAX_SIZE_KB)] | None = None
    description: str | None = None
    instance_status: str | None = None
    instance_mode: str | None = None
    is_instance_restoring: bool | None = None
    backup_method: str | None = None
    kms_enable: bool | None = None
    deletable: bool | None = None


class Flaw(NamedTuple):
    """A row that cannot be used: its place in the page, the backup's id if it has one, and why."""

    place: int
    backup_id: str
    reason: str


class Note(NamedTuple):
    """Something about a page that is worth one log line a run."""

    kind: str
    text: str
    is_warning: bool


class Page(Struct, frozen=True):
    """One answer: rows newest first, and the number of all rows that match.

    `total_count` is None where the service only said that the offset is past the end
    (400 DBS.280440). `flaws` are rows that cannot be used; their places are empty in `backups`.
    `date` is the server's clock and `received` ours, both UTC seconds.
    """

    backups: Sequence[Backup]
    total_count: int | None
    flaws: Sequence[Flaw] = ()
    notes: Sequence[Note] = ()
    date: float | None = None
    received: float = 0.0


class Window(Struct, frozen=True):
    """The bounds sent with each request of a sync, both included in what is wanted; RFC 3339."""

    begin: str
    end: str


class Filters(Struct, frozen=True):
    """The API's own filters, in the API's spelling; None where not set."""

    instance_id: str | None = None
    backup_id: str | None = None
    backup_type: str | None = None
    mode: str | None = None


class PageRequest(Struct, frozen=True):
    """A question of the scan: rows `offset` to `offset + limit`.

    `fresh`: the answer must be younger than the question. `attempt`: how often this place was
    read and refused before. `ahead`: the offsets that will be wanted next, which may be read in
    any order and at any time.
    """

    offset: int
    limit: int
    fresh: bool = False
    attempt: int = 0
    ahead: Sequence[int] = ()
