"""Each open point of the API page, played on both sides."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tap_dds_backups.emulator import (
    READINGS,
    REFUSALS,
    ApiError,
    Query,
    Reading,
    Store,
    plain_store,
)
from tap_dds_backups.emulator.listing import query_from

NOON = 1_700_000_000


def three() -> Store:
    """Backups of [100, 200], [150, 400] and [300, running], in seconds after noon."""
    store = Store()
    instance = store.add_instance("db")
    for begin, end in ((100, 200), (150, 400), (300, None)):
        backup = store.start(instance, begin=NOON + begin, name=f"from-{begin}")
        if end:
            store.finish(backup.id, end=NOON + end)
    return store


def names(store: Store, begin: int, end: int, **reading: object) -> list[str]:
    """The names inside a window, given in seconds after noon."""
    store.reading = replace(Reading(), **reading)  # type: ignore[arg-type]  # parts by their names
    query = Query(begin=NOON + begin, end=NOON + end)
    return [row["name"] for row in store.list(query, now=NOON)[0]]


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        ("inclusive", "inclusive", ["from-300", "from-150", "from-100"]),
        ("exclusive", "inclusive", ["from-300", "from-150"]),
        ("inclusive", "exclusive", ["from-150", "from-100"]),
        ("exclusive", "exclusive", ["from-150"]),
    ],
)
@pytest.mark.parametrize("order", ["begin", "creation"])
def test_bounds(lower: str, upper: str, expected: list[str], order: str) -> None:
    """Each bound may hold its own second or not, on both ways that the rows are found."""
    found = names(three(), 100, 300, lower=lower, upper=upper, order=order)
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("acts_on", "begin", "end", "expected"),
    [
        ("begin", 120, 350, ["from-300", "from-150"]),
        ("end", 120, 350, ["from-100"]),
        ("end", 120, 400, ["from-150", "from-100"]),
        ("span", 100, 250, ["from-100"]),
        ("span", 101, 999, ["from-150"]),
        ("overlap", 201, 250, ["from-150"]),
        ("overlap", 401, 999, ["from-300"]),
    ],
)
def test_what_the_time_filter_acts_on(
    acts_on: str, begin: int, end: int, expected: list[str]
) -> None:
    """The filter compares the begin, the end (hiding what runs), the span, or any overlap."""
    assert names(three(), begin, end, acts_on=acts_on) == expected


def test_a_backup_shows_once_it_has_ended_where_the_filter_acts_on_the_end() -> None:
    """Where unfinished backups are hidden, finishing one brings it into the window."""
    store = three()
    assert names(store, 0, 999, acts_on="end") == ["from-150", "from-100"]
    running = next(row for row in store.backups() if row.end is None)
    store.finish(running.id, end=NOON + 500)
    query = Query(begin=NOON, end=NOON + 999)
    assert store.list(query, now=NOON)[0][0]["name"] == "from-300"


def storm(**reading: object) -> Store:
    """Thirty backups in one second between two others."""
    store = Store(reading=replace(Reading(), **reading))  # type: ignore[arg-type]  # parts by their names
    instance = store.add_instance("db")
    for begin in (NOON - 1, *[NOON] * 30, NOON + 1):
        store.start(instance, begin=begin)
    return store


def test_ties_keep_their_order_or_are_shuffled_for_each_request() -> None:
    """Equal seconds stay or change places between two requests; nothing else moves."""

    def pages(store: Store) -> list[list[str]]:
        return [[row["id"] for row in store.list(Query(), now=NOON + 9)[0]] for _ in range(3)]

    stable, shuffled = pages(storm()), pages(storm(ties="shuffled"))
    assert stable[0] == stable[1] == stable[2]
    assert len({tuple(page) for page in shuffled}) == 3
    assert {frozenset(page) for page in shuffled} == {frozenset(stable[0])}
    assert {(page[0], page[-1]) for page in shuffled} == {(stable[0][0], stable[0][-1])}


def test_a_shuffled_page_may_repeat_or_omit_rows_of_its_neighbour() -> None:
    """A second that spans two pages is cut at another place in each request."""
    store = storm(ties="shuffled")
    first, second = (
        {row["id"] for row in store.list(Query(offset=offset, limit=16), now=NOON + 9)[0]}
        for offset in (0, 16)
    )
    assert len(first) == len(second) == 16
    assert first & second


def test_a_shuffle_takes_the_whole_second() -> None:
    """Rows of a crowded second may come from any of its pages, and no other rows do."""
    store = storm(ties="shuffled")
    query = Query(offset=11, limit=5)
    pages = [store.list(query, now=NOON + 9)[0] for _ in range(100)]
    assert len({row["id"] for page in pages for row in page}) == 30
    assert {len(page) for page in pages} == {5}


def test_order_by_creation_swaps_begins_by_up_to_an_hour() -> None:
    """The list is then out of order by begin, but never by more than an hour."""
    store = plain_store(200, until=NOON, every=60, reading=READINGS["ordered by creation"])
    begins = [row["begin_time"] for row in store.visible(Query(), now=NOON)]
    assert begins != sorted(begins, reverse=True)
    order = [Reading(order="creation").order_second(row) for row in store.backups()]
    assert all(
        0 <= second - row.begin <= 3600 for second, row in zip(order, store.backups(), strict=True)
    )


def test_a_lagging_count_is_that_of_the_request_before() -> None:
    """The count follows one request late, for each set of filters by itself."""
    store = three()
    store.reading = READINGS["count lags by a request"]
    counts = [store.list(Query(), now=NOON)[1]]
    store.start(next(iter(store.instances.values())), begin=NOON + 500)
    counts += [store.list(Query(), now=NOON)[1] for _ in range(2)]
    assert counts == [3, 3, 4]


@pytest.mark.parametrize(
    ("name", "total"), [("count one too small", 2), ("count one too large", 4)]
)
def test_a_count_that_is_off_by_one(name: str, total: int) -> None:
    """The count differs from the rows that are there."""
    store = three()
    store.reading = {**READINGS, **REFUSALS}[name]
    assert store.list(Query(), now=NOON)[1] == total


def test_past_the_end_is_an_empty_page_or_refused() -> None:
    """An offset past the end is an empty page with its count, or 400 DBS.280440."""
    store = three()
    assert store.list(Query(offset=3), now=NOON) == ([], 3)
    store.reading = READINGS["past the end refused"]
    with pytest.raises(ApiError, match=r"DBS\.280440"):
        store.list(Query(offset=3), now=NOON)
    assert Store(reading=store.reading).list(Query(), now=NOON) == ([], 0)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("as documented", "end_time", ""),
        ("unfinished end null", "end_time", None),
        ("unfinished end absent", "end_time", KeyError),
        ("type in lower case", "type", "auto"),
        ("type in upper case", "type", "AUTO"),
        ("size a float", "size", 0.0),
        ("times with T", "begin_time", "2023-11-14T22:18:20"),
        ("times with a zone", "begin_time", "2023-11-14T22:18:20+0000"),
        ("newer fields", "instance_mode", "ReplicaSet"),
        ("newer fields", "deletable", False),
        ("extra fields", "storage_class", {"name": "standard", "copies": [1, 2, 3]}),
        ("fields missing", "description", KeyError),
    ],
)
def test_how_a_row_is_spelled(name: str, field: str, value: object) -> None:
    """Values and fields of a running backup under each reading."""
    store = three()
    store.reading = READINGS[name]
    row = store.list(Query(limit=1), now=NOON)[0][0]
    assert row.get(field, KeyError) == value
    assert type(row.get(field, KeyError)) is type(value)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("as documented", b'{"backups":[],"total_count":0}'),
        ("empty list null", b'{"backups":null,"total_count":0}'),
        ("empty list absent", b'{"total_count":0}'),
    ],
)
def test_an_empty_list(name: str, body: bytes) -> None:
    """No rows: an array, null, or no key at all."""
    assert Store(reading=READINGS[name]).body(Query(), now=NOON) == body


def test_pages_can_be_capped_below_what_is_asked_for() -> None:
    """A service may answer fewer rows than the limit."""
    store = plain_store(80, until=NOON, reading=REFUSALS["pages capped at 50"])
    assert len(store.list(Query(limit=100), now=NOON)[0]) == 50


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("future end refused", ("1970-01-01 00:00:00", "2099-01-01 00:00:00"), "DBS.280068"),
        ("both times or none", ("1970-01-01 00:00:00", ""), "DBS.280068"),
    ],
)
def test_windows_that_some_services_refuse(
    name: str, parameters: tuple[str, str], code: str
) -> None:
    """An end in the future and a begin alone pass by default and can be refused."""
    pairs = zip(("begin_time", "end_time"), parameters, strict=True)
    given = [(key, value) for key, value in pairs if value]
    query_from(given, reading=Reading(), now=NOON)
    with pytest.raises(ApiError, match=code):
        query_from(given, reading=READINGS[name], now=NOON)


@pytest.mark.parametrize(
    ("query", "code"),
    [(Query(instance_id="gone"), "DBS.280110"), (Query(backup_id="gone"), "DBS.201214")],
)
def test_unknown_ids_are_no_rows_or_refused(query: Query, code: str) -> None:
    """An id that is gone gives an empty list, or the code that says so."""
    store = three()
    assert store.list(query, now=NOON) == ([], 0)
    store.reading = READINGS["unknown id refused"]
    with pytest.raises(ApiError, match=code):
        store.list(query, now=NOON)


@pytest.mark.parametrize("name", READINGS)
def test_body_and_rows_are_the_same_page(name: str) -> None:
    """What goes over HTTP and what a campaign reads in-process is one page."""
    one, other = (plain_store(7, until=NOON, reading=READINGS[name]) for _ in range(2))
    query = Query(begin=NOON - 3000, end=NOON, limit=5)
    rows, total = one.list(query, now=NOON)
    assert json.loads(other.body(query, now=NOON)) == {"backups": rows, "total_count": total}
