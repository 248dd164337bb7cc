"""Hostile pages: nothing outside the error tree, no wrong row, bounded memory."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from typing import Any

import msgspec
import pytest

from tap_dds_backups.api.http import Response
from tap_dds_backups.api.models import Filters, Page
from tap_dds_backups.api.responses import page_from
from tests.laws.hostile import (
    JUNK,
    NAMES,
    REQUEST,
    assert_true_to,
    campaign,
    honest_row,
    verdict,
)

MIB = 1 << 20
BODY = 4 * MIB  # a quarter of what the transport takes
HONEST = {"backups": [honest_row(0), honest_row(1)], "total_count": 2}


def dumped(answer: object, *, escaped: bool = True) -> bytes:
    """JSON as bytes, lone surrogates included."""
    return json.dumps(answer, ensure_ascii=escaped).encode("utf-8", "surrogatepass")


def chosen() -> list[bytes]:
    """Each odd value in each field, escaped and not, and answers of odd shapes."""
    bodies = []
    for value in JUNK:
        for name in NAMES:
            answer = HONEST | {"backups": [honest_row(0) | {name: value}, honest_row(1)]}
            bodies += [dumped(answer), dumped(answer, escaped=False)]
        bodies += [dumped(HONEST | {name: value}) for name in (*HONEST, "error_code", "id")]
        bodies += [dumped(value), dumped([HONEST, value])]
    honest = dumped(HONEST)
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-7", "latin-1"):
        bodies.append(honest.decode().encode(encoding))
    bodies += [
        honest * 2,
        honest[::-1],
        gzip.compress(honest),
        b"while(1);" + honest,
        honest + b",",
    ]
    bodies += [honest.replace(b'"', b"'"), b"/**/" + honest, honest.replace(b"}", b",}")]
    for depth in (10**3, 10**4, 10**5, 10**6):
        bodies += [b"[" * depth, b'{"backups":' * depth]
        bodies.append(b'{"total_count":0,"backups":[],"x":' + b"[" * depth + b"]" * depth + b"}")
    return bodies


def large(kind: str) -> bytes:
    """An answer of four MiB of one thing."""
    row = b'{"id":"a","begin_time":"2018-08-06 12:41:14"}'
    inner: dict[str, tuple[bytes, bytes, bytes]] = {
        "numbers": (b'"backups":[', b"0,", b"0]"),
        "lists": (b'"backups":[', b"[],", b"0]"),
        "rows": (b'"backups":[', row + b",", row + b"]"),
        "rows beside an unknown field": (b'"x":1,"backups":[', row + b",", row + b"]"),
        "an unknown field": (b'"backups":[],"x":[', b'{"a":{}},', b"0]"),
        "one string": (b'"backups":[],"x":"', b"long", b'"'),
        "escapes": (b'"backups":[{"begin_time":"2018-08-06 12:41:14","id":"', b"\\ud83d", b'"}]'),
        "digits": (b'"backups":[],"x":', b"1234", b"5"),
    }
    start, repeated, end = inner[kind]
    times = (BODY - len(start) - len(end)) // len(repeated)
    return b'{"total_count":1,' + start + repeated * times + end + b"}"


class TestHostilePages:
    """Whatever a page holds, it becomes true rows, named unusable ones, or an error with a name."""

    def test_chosen_pages(self) -> None:
        """At least 300 pages chosen for their malice."""
        bodies = chosen()
        assert len(bodies) >= 300
        outcomes = {verdict(body) for body in bodies}
        assert outcomes == {"page", "page with unusable rows", "ProtocolError"}

    def test_some_generated_pages(self) -> None:
        """Five thousand generated pages in each run of the tests."""
        outcomes = campaign(5_000, seed=1)
        assert min(outcomes.values()) > 300
        assert len(outcomes) == 3

    @pytest.mark.laws
    def test_generated_pages(self) -> None:
        """A hundred thousand generated pages, the same for the same seed."""
        outcomes = campaign(100_000, seed=0)
        assert sum(outcomes.values()) == 100_000
        assert campaign(1_000, seed=0) == campaign(1_000, seed=0)

    @pytest.mark.parametrize(
        "kind",
        [
            *["numbers", "lists", "rows", "rows beside an unknown field", "an unknown field"],
            *["one string", "escapes", "digits"],
        ],
    )
    def test_memory_is_bounded(self, kind: str) -> None:
        """An answer takes at most forty times its size while it is read, and then nothing."""
        body = large(kind)
        tracemalloc.start()
        try:
            rows = _kept(body)
            kept, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert rows <= 1_000
        assert peak < 40 * BODY
        assert kept < 2 * BODY

    def test_names_without_end(self) -> None:
        """A row with a hundred thousand unknown fields has a few of them named."""
        row = honest_row(0) | {f"field {number}": 0 for number in range(100_000)}
        page = read(dumped(HONEST | {"backups": [row]}))
        assert len(page.backups) == 1
        assert 1 < len(page.notes) <= 20


def read(body: bytes) -> Page:
    """The page in a 200 with this body."""
    return page_from(Response(200, {}, body), "dds.test", REQUEST, Filters(), 0.0)


def _kept(body: bytes) -> int:
    """How many rows a run would hold of this answer; 0 where it is refused."""
    try:
        return len(read(body).backups)
    except Exception as refused:  # noqa: BLE001  # its kind is another test's matter
        del refused
        return 0


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b7"},
        {"begin_time": "2018-08-06T12:41:58+00:00"},
        {"end_time": None},
        {"status": None},
        {"size": 101},
        {"kms_enable": None},
        {"datastore": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_wrong_row_is_seen(change: dict[str, Any]) -> None:
    """The judge of these campaigns sees any field that became another."""
    body = dumped(HONEST)
    page = read(body)
    assert_true_to(body, page)
    wrong = msgspec.structs.replace(page.backups[0], **change)
    with pytest.raises(AssertionError):
        assert_true_to(body, Page([wrong, *page.backups[1:]], 2))


def test_a_missing_row_is_seen() -> None:
    """The judge of these campaigns sees a row that was dropped, or counted wrongly."""
    body = dumped(HONEST)
    page = read(body)
    for wrong in (Page(page.backups[:1], 2), Page(page.backups, 1), Page(page.backups[::-1], 2)):
        with pytest.raises(AssertionError):
            assert_true_to(body, wrong)
