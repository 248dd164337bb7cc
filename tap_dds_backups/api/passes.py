"""For a list in another order than newest begin first: read it whole until two passes agree.

The manual says in one place that rows are counted from the most recently created. Where creation
and begin differ, the scan's witnesses fail for good. Then the whole window is held in memory, and
nothing is remembered before its end.
"""

from __future__ import annotations

from collections.abc import Generator

from tap_dds_backups.api.errors import ScanNotSettled
from tap_dds_backups.api.models import Backup, Note, Page, PageRequest, Window
from tap_dds_backups.api.reading import Question, Rows, Scan, bad_row, read_whole

MAX_PASSES = 16
MAX_ROWS = 200_000
WARNING = Note(
    "order",
    "the service does not list newest backups first: reading the whole listing until two readings"
    " agree; nothing is written or remembered before that",
    True,
)

_Listing = dict[str, Backup]


def collect(window: Window, limit: int) -> Scan:
    """Read the window in passes, then write it in ascending begin_time.

    Raises:
        ScanNotSettled: no two passes in a row agree, or there are over 200,000 rows.
        BadRow: a row cannot be used; nothing was written.
    """
    yield WARNING
    before: _Listing = {}
    for number in range(MAX_PASSES):
        listing, total, page = yield from _one_pass(window, limit)
        if number and listing.keys() == before.keys() and len(listing) >= total:
            break
        before = listing
    else:
        raise ScanNotSettled(
            "the listing is in no order and never the same twice; nothing was written"
        )
    rows = sorted(listing.values(), key=lambda row: row.begin_time)
    for start in range(0, len(rows), limit):
        last = start + limit >= len(rows)
        yield Rows(rows[start : start + limit], rows[-1].begin_time if last else None, page)


def _one_pass(
    window: Window, limit: int
) -> Generator[Question, Page | None, tuple[_Listing, int, Page]]:
    listing: _Listing = {}
    offset = 0
    while True:
        held = yield from read_whole(PageRequest(offset, limit, fresh=True), window, ordered=False)
        if held.flaw is not None:
            raise bad_row(held, held.flaw)
        listing.update((row.id, row) for row in held.page.backups)
        if len(listing) > MAX_ROWS:
            raise ScanNotSettled(
                f"the listing is in no order and has over {MAX_ROWS} rows",
                hint="Set start_date, end_date or instance_id to read it in parts",
            )
        if held.short:
            return listing, held.total, held.page
        offset += limit
