"""Faults inside a 200: bodies that are no page, and pages that lie."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tap_dds_backups.emulator.answers import Answer, json_bytes
from tap_dds_backups.emulator.faults.fault import Effect, Exchange, Fault, Page, altered, with_body

Row = dict[str, Any]


def _recoded(change: Callable[[bytes], bytes]) -> Effect:
    return lambda answer, _: replace(answer, body=change(answer.body))


def _counted(by: int) -> Effect:
    def change(page: Page, _: Exchange) -> None:
        page["total_count"] = page["total_count"] + by

    return altered(change)


def _count(value: Any) -> Effect:
    return altered(lambda page, _: page.update(total_count=value))


def _rows(value: Any) -> Effect:
    return altered(lambda page, _: page.update(backups=value))


def _without(key: str) -> Effect:
    def change(page: Page, _: Exchange) -> None:
        page.pop(key, None)

    return altered(change)


def _middle(change: Callable[[list[Row], int], None]) -> Effect:
    """Change the rows around the one in the middle; an empty page passes."""

    def alter(page: Page, _: Exchange) -> None:
        if page.get("backups"):
            change(page["backups"], len(page["backups"]) // 2)

    return altered(alter)


def _field(name: str, value: Any) -> Effect:
    return _middle(lambda rows, at: rows[at].update({name: value}))


def _missing_field(name: str) -> Effect:
    def change(rows: list[Row], at: int) -> None:
        rows[at].pop(name, None)

    return _middle(change)


def _refilled(page: Page, exchange: Exchange) -> None:
    """A row is left out and the page filled from behind, so that its length shows nothing."""
    rows = page["backups"]
    if not rows:
        return
    del rows[len(rows) // 2]
    rows += exchange.rows_at(exchange.number("offset", 0) + exchange.number("limit", 100), 1)


def _drop(rows: list[Row], at: int) -> None:
    del rows[at]


def _repeat(rows: list[Row], at: int) -> None:
    rows.insert(at, dict(rows[at]))


def _replace_by_neighbour(rows: list[Row], at: int) -> None:
    rows[at] = dict(rows[at - 1])


def _reverse(rows: list[Row], _: int) -> None:
    rows.reverse()


def _swap_ends(rows: list[Row], _: int) -> None:
    rows[0], rows[-1] = rows[-1], rows[0]


def _same_id_other_begin(rows: list[Row], at: int) -> None:
    twin = {**rows[at], "begin_time": rows[-1]["begin_time"], "end_time": rows[-1]["end_time"]}
    rows.append(twin)


def _stranger(begin: str, end: str) -> Effect:
    def change(rows: list[Row], _: int) -> None:
        place = 0 if begin > "2050" else len(rows)
        stranger = {**copy.deepcopy(rows[0]), "id": "f" * 32 + "br02"}
        rows.insert(place, {**stranger, "begin_time": begin, "end_time": end})

    return _middle(change)


def _other_page(page: Page, exchange: Exchange) -> None:
    """The page before or after the one that was asked for."""
    limit = exchange.number("limit", 100)
    offset = exchange.number("offset", 0)
    page["backups"] = exchange.rows_at(offset - limit if offset >= limit else limit, limit)


def _too_many(page: Page, exchange: Exchange) -> None:
    limit = exchange.number("limit", 100)
    page["backups"] += exchange.rows_at(exchange.number("offset", 0) + limit, 50)


def _duplicate_keys(body: bytes) -> bytes:
    return body.replace(b'"status":', b'"status":"UNKNOWN","status":')


def _raw_size(text: bytes) -> Effect:
    def change(answer: Answer, _: Exchange) -> Answer:
        page = json.loads(answer.body)
        for row in (page.get("backups") or [])[:1]:
            row["size"] = "MARK"
        return replace(answer, body=json_bytes(page).replace(b'"MARK"', text))

    return change


_DEEP = b'{"backups":' + b"[" * 100_000 + b"]" * 100_000 + b',"total_count":1}'

PAGES = (
    Fault("html_200", "a page of a proxy", with_body(b"<html>login</html>", "text/html")),
    Fault(
        "error_200",
        "an error inside a 200",
        with_body(b'{"error_code":"DBS.280005","error_msg":"x"}'),
    ),
    Fault("empty_200", "no body", with_body(b"")),
    Fault("null_200", "null", with_body(b"null")),
    Fault("list_200", "a bare list", with_body(b"[]")),
    Fault("text_200", "a text", with_body(b'"backups"')),
    Fault("broken_json", "JSON cut in the middle", _recoded(lambda body: body[: len(body) // 2])),
    Fault("trailing_json", "two values in one body", _recoded(lambda body: body + body)),
    Fault("deep_json", "100,000 levels", with_body(_DEEP)),
    Fault("bom", "a byte order mark", _recoded(lambda body: b"\xef\xbb\xbf" + body)),
    Fault("utf16", "another encoding", _recoded(lambda body: body.decode().encode("utf-16"))),
    Fault(
        "bad_utf8",
        "bytes that are no UTF-8",
        _recoded(lambda b: b.replace(b'"name":"', b'"name":"\xff\xfe')),
    ),
    Fault("duplicate_keys", "each status twice, the right one last", _recoded(_duplicate_keys)),
    Fault("size_nan", "NaN", _raw_size(b"NaN")),
    Fault("size_infinite", "Infinity", _raw_size(b"Infinity")),
    Fault("size_huge", "an integer of 5,000 digits", _raw_size(b"9" * 5_000)),
    Fault("size_1e999", "a number beyond floats", _raw_size(b"1e999")),
    Fault("size_text", "a text", _field("size", "2803")),
    Fault("size_negative", "below zero", _field("size", -1)),
    Fault("long_text", "a text of 10 MB", _field("description", "d" * 10_000_000)),
    Fault(
        "control_text", "NUL, escape and a lone surrogate", _field("name", "a\x00\x1b[31m\n\ud800b")
    ),
    Fault("no_backups", "backups missing", _without("backups")),
    Fault("null_backups", "backups null", _rows(None)),
    Fault("object_backups", "backups an object", _rows({})),
    Fault("rows_no_objects", "rows that are texts", _rows(["a", "b"])),
    Fault("no_count", "total_count missing", _without("total_count")),
    Fault("null_count", "total_count null", _count(None)),
    Fault("text_count", "total_count a text", _count("17")),
    Fault("negative_count", "total_count below zero", _count(-1)),
    Fault("zero_count", "total_count 0 beside rows", _count(0)),
    Fault("count_one_more", "total_count one too large", _counted(+1)),
    Fault("count_one_less", "total_count one too small", _counted(-1)),
    Fault("count_far_more", "total_count 1,000 too large", _counted(+1_000)),
    Fault("empty_page", "no rows beside the right count", _rows([])),
    Fault("row_dropped", "a row left out", _middle(_drop)),
    Fault("row_dropped_refilled", "a row left out, the page filled up", altered(_refilled)),
    Fault("row_repeated", "a row twice", _middle(_repeat)),
    Fault("row_replaced", "a row's place taken by its neighbour", _middle(_replace_by_neighbour)),
    Fault("page_reversed", "oldest first", _middle(_reverse)),
    Fault("page_unsorted", "first and last row change places", _middle(_swap_ends)),
    Fault("page_other", "another page of the list", altered(_other_page)),
    Fault("page_too_long", "more rows than were asked for", altered(_too_many)),
    Fault("id_twice", "one id with two begins", _middle(_same_id_other_begin)),
    Fault(
        "row_long_before",
        "began and ended in 1999",
        _stranger("1999-01-01 00:00:00", "1999-01-01 01:00:00"),
    ),
    Fault("row_in_future", "begins in 2099", _stranger("2099-01-01 00:00:00", "")),
    Fault("row_without_id", "id missing", _missing_field("id")),
    Fault("row_empty_id", "id empty", _field("id", "")),
    Fault("row_number_id", "id a number", _field("id", 17)),
    Fault("row_without_begin", "begin_time missing", _missing_field("begin_time")),
    Fault(
        "row_bad_begin", "a begin that does not exist", _field("begin_time", "2024-02-30 25:61:61")
    ),
    Fault("row_leap_begin", "a leap second", _field("begin_time", "2016-12-31 23:59:60")),
    Fault("row_bad_end", "an end that does not exist", _field("end_time", "0000-00-00 00:00:00")),
    Fault(
        "row_null_fields",
        "optional fields null",
        _middle(
            lambda rows, at: rows[at].update(
                dict.fromkeys(("name", "description", "datastore", "size"))
            )
        ),
    ),
    Fault("datastore_text", "datastore a text", _field("datastore", "DDS-Community")),
)
