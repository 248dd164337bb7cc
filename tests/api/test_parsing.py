"""From bytes to a page: the fast way and the careful one agree, and neither guesses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tap_dds_backups.api.models import Backup, Datastore, Page
from tap_dds_backups.api.parsing import careful_page, load_object, typed_page

ROW: dict[str, Any] = {"id": "a1br02", "begin_time": "2018-08-06 12:41:14"}
BEGIN = "2018-08-06T12:41:14+00:00"
# API page, Tables 4 and 5, with every field that a newer cloud adds.
FULL: dict[str, Any] = ROW | {
    "name": "nightly",
    "instance_id": "i1in02",
    "instance_name": "orders",
    "datastore": {"type": "DDS-Community", "version": "4.2"},
    "type": "Auto",
    "end_time": "2018-08-06 12:43:14",
    "status": "COMPLETED",
    "size": 2803,
    "description": "",
    "instance_status": "normal",
    "instance_mode": "Sharding",
    "is_instance_restoring": False,
    "backup_method": "Physical",
    "kms_enable": True,
    "deletable": True,
}

seconds = st.integers(0, 59).map("{:02}".format)
times = st.builds(
    "20{}-{}-{} 12:{}:{}".format, *[st.sampled_from(["10", "11"])] * 3, seconds, seconds
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
rows = st.fixed_dictionaries(
    {"id": texts.filter(bool), "begin_time": times},
    optional={
        **dict.fromkeys(("name", "instance_id", "instance_name", "type", "status"), texts),
        **dict.fromkeys(("description", "instance_status", "backup_method"), st.none() | texts),
        **dict.fromkeys(("kms_enable", "deletable"), st.none() | st.booleans()),
        "size": st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
        "end_time": st.just("") | times,
        "datastore": st.none()
        | st.fixed_dictionaries({"type": texts}, optional={"version": texts}),
    },
)


def body(rows: object, total: object = None, **more: object) -> bytes:
    """A page's JSON in UTF-8, not escaped."""
    count = len(rows) if total is None and isinstance(rows, list) else total
    answer = {"backups": rows, "total_count": count, **more}
    return json.dumps(answer, ensure_ascii=False).encode()


def careful(raw: bytes) -> Page:
    """The careful way."""
    return careful_page(load_object(raw))


def plain(page: Page) -> tuple[list[Backup], int | None, list[object], list[object]]:
    """What a page holds, comparable."""
    return [*page.backups], page.total_count, [*page.flaws], [*page.notes]


class TestTwoWays:
    """Typed decoding is only a faster way to what row by row reading finds."""

    @given(st.lists(rows, max_size=4), st.integers(0, 2**53 - 1))
    @example([FULL], 1)
    @example([FULL | {"end_time": "2018-08-06 12:41:13"}], 1)
    def test_agree_on_every_page_of_the_manual(self, listed: list[Any], total: int) -> None:
        """On a page as the manual says both find the same, without flaw or note."""
        raw = body(listed, total)
        fast, slow = typed_page(raw), careful(raw)
        assert not slow.flaws
        if fast is not None:
            assert plain(fast) == plain(slow)
        emptied = any(row.get("end_time") == "" for row in listed)
        reversed_end = any(note.kind == "end_before_begin" for note in slow.notes)
        assert (fast is None) is (emptied or reversed_end or b"\\u" in raw)

    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | times,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=6,
    )

    @given(st.sampled_from([*FULL, "backups", "total_count", "storage"]), junk, st.booleans())
    @example("size", 2**63, False)
    @example("size", 2**64, False)
    @example("size", -(2**63), False)
    @example("total_count", 2**53, False)
    @example("total_count", 2**53 + 1, False)
    @example("total_count", -1, False)
    @example("begin_time", "2018-08-06T12:41+01", False)
    @example("end_time", "soon", False)
    @example("id", "", False)
    @example("datastore", {"type": "x", "edition": "y"}, False)
    def test_fast_way_never_knows_better(self, name: str, value: object, escaped: bool) -> None:
        """Whatever stands in one field, the fast way says the same as the careful one, or nothing."""
        page = {"backups": [FULL, ROW | {"id": "b"}], "total_count": 2}
        if name in page:
            page[name] = value
        else:
            page["backups"] = [FULL | {name: value}, ROW | {"id": "b"}]
        raw = json.dumps(page, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
        fast = typed_page(raw)
        if fast is not None:
            assert plain(fast) == plain(careful(raw))

    def test_the_largest_count(self) -> None:
        """A count that every JSON reader holds exactly is taken by both ways."""
        raw = body([], 2**53 - 1)
        fast = typed_page(raw)
        assert fast is not None
        assert fast.total_count == careful(raw).total_count == 2**53 - 1

    def test_every_field_arrives(self) -> None:
        """All fields of Tables 4 and 5 and the newer ones, under their own names."""
        found = typed_page(body([FULL]))
        assert found is not None
        (backup,) = found.backups
        times = {"begin_time": BEGIN, "end_time": "2018-08-06T12:43:14+00:00"}
        expected = FULL | times | {"datastore": Datastore("DDS-Community", "4.2")}
        assert {name: getattr(backup, name) for name in expected} == expected
        assert set(Backup.__struct_fields__) == set(expected)


def only(**fields: object) -> Page:
    """A page of one row with these fields changed, read with care."""
    return careful(body([FULL | fields]))


class TestCare:
    """What changes no meaning is forgiven; nothing is guessed."""

    @pytest.mark.parametrize(
        ("value", "size"),
        [
            *[(None, None), ("", None), (0, 0), (7, 7), (7.0, 7), (7.4, 7), (7.6, 8), (-1, -1)],
            *[("12", 12), (" 12 ", 12), ("12.0", 12), ("1e3", 1_000), (2**63 - 1, 2**63 - 1)],
            (str(2**53 + 1), 2**53 + 1),
        ],
    )
    def test_sizes(self, value: object, size: int | None) -> None:
        """Whole floats and numbers in quotes become integers, others are rounded, said once."""
        page = only(size=value)
        assert [backup.size for backup in page.backups] == [size]
        assert [note[::2] for note in page.notes] == [("size", False)] * (value in (7.4, 7.6))

    @pytest.mark.parametrize(
        "value",
        [
            *[
                True,
                [],
                {},
                "many",
                "1_000",
                "0x10",
                "NaN",
                "inf",
                "\uff11\uff12",
                "1,5",
                1e300,
                2**63,
            ],
            *[-(2**63), "9" * 401, "8" * 5_000],
        ],
        ids=lambda value: str(value)[:12],
    )
    def test_what_is_no_size(self, value: object) -> None:
        """What is no number, or one that no warehouse holds, makes the row unusable."""
        page = only(size=value)
        assert (page.backups, len(page.flaws)) == ([], 1)
        assert "'size'" in page.flaws[0].reason

    @pytest.mark.parametrize(
        ("value", "end", "kinds"),
        [
            *[("", None, []), (None, None, []), ("soon", None, ["end_time"])],
            ("0000-00-00 00:00:00", None, ["end_time"]),
            ("2018-08-06 12:41:14", BEGIN, []),
            ("2018-08-06 12:41:13", "2018-08-06T12:41:13+00:00", ["end_before_begin"]),
        ],
    )
    def test_end_times(self, value: object, end: str | None, kinds: list[str]) -> None:
        """An end that is none is null, with a warning unless it is empty; one too early is passed on."""
        page = only(end_time=value)
        assert [backup.end_time for backup in page.backups] == [end]
        assert [(note.kind, note.is_warning) for note in page.notes] == [
            (kind, True) for kind in kinds
        ]

    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            *[("id", value, "'id' is missing or empty") for value in (None, "")],
            *[("begin_time", value, "'begin_time' is missing") for value in (None, "", "0", "x")],
            *[("id", 5, "'id' is not text"), ("id", [], "'id' is not text")],
            *[("id", {}, "'id' is not text"), ("id", True, "'id' is not text")],
            ("begin_time", 1_533_559_274, "'begin_time' is not text"),
            ("end_time", 5, "'end_time' is not text"),
            ("name", [], "'name' is not text"),
            ("kms_enable", "yes", "'kms_enable' is neither true nor false"),
            ("kms_enable", 1, "'kms_enable' is neither true nor false"),
            ("datastore", "DDS", "'datastore' is not an object"),
            ("datastore", {"type": 1}, "'type' is not text"),
        ],
    )
    def test_unusable_rows(self, name: str, value: object, reason: str) -> None:
        """What no reading of the manual explains is a flaw at its place, never a row with a hole."""
        page = careful(body([ROW | {"id": "x"}, FULL | {name: value}, ROW | {"id": "y"}]))
        assert [backup.id for backup in page.backups] == ["x", "y"]
        (flaw,) = page.flaws
        assert flaw.place == 1
        assert flaw.reason.startswith(reason)
        assert flaw.backup_id == ("" if name == "id" else "a1br02")

    @pytest.mark.parametrize("row", [None, 5, "row", [], [ROW]])
    def test_rows_that_are_none(self, row: object) -> None:
        """A row that is no object is a flaw without an id."""
        assert careful(body([row])).flaws[0][:2] == (0, "")

    def test_texts_that_no_warehouse_takes(self) -> None:
        """Lone surrogates and NUL become U+FFFD, in ids too; other control characters stay."""
        raw = json.dumps(
            {"backups": [ROW | {"id": "a\ud800\x00b", "name": "\u2028\t\x1b"}], "total_count": 1}
        )
        (backup,) = careful(raw.encode()).backups
        assert (backup.id, backup.name) == ("a\ufffd\ufffdb", "\u2028\t\x1b")
        assert typed_page(raw.encode()) is None

    def test_what_is_said_of_a_row_is_short(self) -> None:
        """Of an id 80 characters are shown, of a field's name 40, of a row's unknown fields 20."""
        (flaw,) = careful(body([ROW | {"id": "i" * 99, "begin_time": "x"}])).flaws
        assert flaw.backup_id == "i" * 77 + "..."
        (note,) = careful(body([ROW | {"x" * 99: 1}])).notes
        assert f"'{'x' * 37}...'" in note.text
        assert len(careful(body([ROW | {f"x{n}": 1 for n in range(30)}])).notes) == 20

    def test_unknown_fields_are_named(self) -> None:
        """Fields that we do not know are dropped and named, escaped and short, once a page."""
        row = FULL | {"tier\n": 1, "x" * 99: 2, "datastore": {"type": "t", "edition": 3}}
        page = careful(body([row, row | {"id": "b"}]))
        named = sorted(note.text for note in page.notes)
        assert named[0] == "unknown field 'datastore.edition' is dropped"
        assert named[1] == "unknown field 'tier\\n' is dropped"
        assert len(named) == 3
        assert all(
            len(text) < 80 and not note.is_warning
            for text, note in zip(named, page.notes, strict=True)
        )
