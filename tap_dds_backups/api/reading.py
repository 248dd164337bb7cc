"""Reading one place of the list until its page is whole. Shared by the scan and its relatives."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import NamedTuple, cast

from msgspec.structs import replace

from tap_dds_backups.api.errors import BadRow, ScanNotSettled
from tap_dds_backups.api.judging import OUT_OF_ORDER, Held, contradiction, hold
from tap_dds_backups.api.models import Backup, Flaw, Note, Page, PageRequest, Window

MAX_REREADS = 8
MAX_FLAWED_REREADS = 2


class Rows(NamedTuple):
    """Backups to write now, oldest first. A resume from `frontier`, itself included, is safe.

    `frontier` is None while nothing may be remembered yet.
    """

    backups: Sequence[Backup]
    frontier: str | None
    page: Page


Question = PageRequest | Rows | Note
Scan = Generator[Question, Page | None, None]
Reading = Generator[Question, Page | None, Held]


class OutOfOrder(Exception):
    """The list is not in the order newest begin first, however often it is read."""


def read_whole(request: PageRequest, window: Window, *, ordered: bool = True) -> Reading:
    """Read a place until its page no longer contradicts itself.

    Raises:
        OutOfOrder: its rows stay in another order than newest first.
        ScanNotSettled: it contradicts itself in another way after all re-reads.
    """
    flawed = 0
    for attempt in range(MAX_REREADS + 1):
        page = yield replace(request, attempt=attempt, fresh=request.fresh or attempt > 0)
        candidate = hold(request.offset, request.limit, cast("Page", page))
        reason = contradiction(candidate, window, ordered=ordered)
        flawed += candidate.flaw is not None
        if reason is None and (candidate.flaw is None or flawed > MAX_FLAWED_REREADS):
            return candidate
    if reason == OUT_OF_ORDER:
        raise OutOfOrder
    raise not_settled(candidate, reason or "rows of it cannot be used")


def not_settled(page: Held, reason: str) -> ScanNotSettled:
    """The error for a page that was read again and again in vain."""
    last = page.offset + page.limit
    message = f"rows {page.offset + 1} to {last} of the listing contradict it after every re-read: {reason}"
    hint = "What was written is safe; run again later"
    if page.short and page.offset + page.count < page.total:
        hint = f"If the service gives fewer than {page.limit} rows a page, lower page_size. {hint}"
    return ScanNotSettled(message, hint=hint)


def bad_row(page: Held, flaw: Flaw) -> BadRow:
    """The error for a row that cannot be used, with the way past it."""
    place = page.offset + flaw.place + 1
    named = f" (id {flaw.backup_id})" if flaw.backup_id else ""
    newer = [row.begin_time for row in page.page.backups[: len(page.page.backups) - len(page.rows)]]
    way = f"a start_date of {newer[-1]}" if newer else "a later start_date"
    return BadRow(
        f"backup {place} of the listing{named} cannot be used: {flaw.reason}",
        hint=f"What is older has been written. To step past it, set {way}, or a filter that leaves it out",
    )
