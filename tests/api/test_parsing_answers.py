"""Answers that are no page, and those that are hardly one."""

from __future__ import annotations

import pytest

from tap_dds_backups.api.errors import ProtocolError
from tap_dds_backups.api.parsing import typed_page
from tests.api.test_parsing import body, careful, plain

COUNTS: list[object] = ["0", True, [], -1, 0.5, 2**53, 1e300]
LISTS: list[object] = [None, {}, "rows", 5]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        *[
            (raw, "is not JSON")
            for raw in (b"", b"{", b"<html>", b"\xff\xfe", b"{}x", b'{"a":NaN}')
        ],
        *[(raw, "not an object") for raw in (b"[]", b"null", b'"x"', b"5")],
        (b"[" * 100_000, "is not JSON (RecursionError)"),
        (b'{"total_count":' + b"9" * 5_000 + b"}", "is not JSON"),
        (b"{}", "no usable 'total_count'"),
        *[(body([], total), "no usable 'total_count'") for total in COUNTS],
        *[(body(rows, 1), "no list 'backups'") for rows in LISTS],
    ],
    ids=lambda value: repr(value[-30:]),
)
def test_answers_that_are_none(raw: bytes, reason: str) -> None:
    """What is no page is refused with a sentence, by both ways."""
    assert typed_page(raw) is None
    with pytest.raises(ProtocolError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        careful(raw)


@pytest.mark.parametrize(
    "raw", [b'{"total_count":0}', body(None, 0), b"\xef\xbb\xbf" + body([]), body([], 0.0)]
)
def test_empty_lists(raw: bytes) -> None:
    """No list and a count of 0 is an empty page; so is one behind a byte order mark."""
    assert plain(careful(raw)) == ([], 0, [], [])


def test_far_too_many_rows() -> None:
    """A thousand rows are read, more are refused by both ways: nobody asked for them."""
    rows = [{"id": f"b{n}", "begin_time": "2018-08-06 12:41:14"} for n in range(1_001)]
    fast = typed_page(body(rows[:-1]))
    assert fast is not None
    assert len(fast.backups) == len(careful(body(rows[:-1])).backups) == 1_000
    assert typed_page(body(rows)) is None
    with pytest.raises(ProtocolError, match="the answer holds 1001 backups"):
        careful(body(rows))


def test_duplicate_keys() -> None:
    """The last of two equal keys wins, both ways, as in every reader downstream."""
    raw = b'{"total_count":5,"backups":[{"id":"x","id":"y","begin_time":"2018-08-06 12:41:14"}],"total_count":1}'
    fast = typed_page(raw)
    assert fast is not None
    assert plain(fast) == plain(careful(raw))
    assert (fast.backups[0].id, fast.total_count) == ("y", 1)
