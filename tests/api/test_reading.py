"""What is said of a page that was read again and again in vain."""

from __future__ import annotations

import pytest

from tap_dds_backups.api.judging import hold
from tap_dds_backups.api.models import Page
from tap_dds_backups.api.reading import not_settled
from tests.api.scanning import backups


@pytest.mark.parametrize(
    ("rows", "total", "hinted"),
    [
        (3, 304, False),
        (3, 305, True),
        (3, 303, False),
        (4, 999, False),
    ],
    ids=["its end", "one more", "one fewer", "full"],
)
def test_a_page_that_ends_too_early(rows: int, total: int, *, hinted: bool) -> None:
    """Rows are counted from 1; only pages shorter than the list are answered by a lower page_size."""
    page = hold(301, 4, Page(backups(*[1] * rows), total))
    error = not_settled(page, "the reason")
    assert "rows 302 to 305 of the listing" in str(error)
    assert "the reason" in str(error)
    assert ("lower page_size" in str(error.hint)) is hinted
