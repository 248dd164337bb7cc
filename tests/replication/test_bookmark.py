"""The bookmark: what it may say, and when it still holds."""

from __future__ import annotations

import json

import pytest

from tap_dds_backups.api.errors import StateError
from tap_dds_backups.api.models import Backup, Filters
from tap_dds_backups.replication.bookmark import (
    Bookmark,
    Conditions,
    Progress,
    is_unfinished,
)

NOW = "2026-03-20T12:00:00+00:00"
CLOSED = "2026-03-20T11:59:59+00:00"
ANY = Conditions()


def backup(begin: str, status: str | None = "COMPLETED", end: str | None = "") -> Backup:
    """A backup of March 2026; it ended when it began unless said otherwise."""
    begin = f"2026-03-{begin}+00:00"
    return Backup(id=begin, begin_time=begin, status=status, end_time=begin if end == "" else end)


def progress(old: str | None = None) -> Progress:
    """A sync at NOW, that goes on from `old`."""
    return Progress(Bookmark(old, ANY) if old else None, ANY, CLOSED, NOW)


def mark(of: Progress) -> str | None:
    """Day and time that the bookmark says."""
    bookmark = of.bookmark()
    return bookmark.begin_time[8:19] if bookmark else None


@pytest.mark.parametrize(
    ("status", "end", "unfinished"),
    [
        ("BUILDING", None, True),
        ("building", None, True),
        ("Building", NOW, True),
        ("COMPLETED", None, False),
        ("completed", None, False),
        ("Failed", None, False),
        ("disabled", None, False),
        ("CREATING", None, True),
        ("CREATING", NOW, False),
        (None, None, True),
        (None, NOW, False),
        ("", None, True),
    ],
)
def test_unfinished(status: str | None, end: str | None, unfinished: bool) -> None:
    """BUILDING in any letter case, or without an end in a status that we do not know."""
    assert is_unfinished(backup("20T01:00:00", status, end)) is unfinished


def test_nothing_written_is_no_bookmark() -> None:
    """A first sync that wrote nothing has nothing to say."""
    assert progress().bookmark() is None


def test_newest_written() -> None:
    """The bookmark is the newest begin_time that was written, after each of them."""
    sync = progress()
    marks = []
    for begin in ("18T01:00:00", "18T01:00:00", "19T01:00:00"):
        sync.wrote([backup(begin)])
        marks.append(mark(sync))
    assert marks == ["18T01:00:00", "18T01:00:00", "19T01:00:00"]


def test_the_oldest_unfinished_holds_it() -> None:
    """What is still to change is read again: the bookmark waits at the oldest of them."""
    sync = progress()
    sync.wrote([backup("17T01:00:00")])
    sync.wrote([backup("18T01:00:00", "BUILDING", None)])
    sync.wrote([backup("18T02:00:00", "BUILDING", None)])
    sync.wrote([backup("19T01:00:00")])
    assert mark(sync) == "18T01:00:00"


@pytest.mark.parametrize("status", ["BUILDING", "building", "CREATING", "RESTORING", "", None])
def test_every_unfinished_one_holds_it(status: str | None) -> None:
    """Whatever the service calls it."""
    sync = progress()
    sync.wrote([backup("18T01:00:00", status, None), backup("19T01:00:00")])
    assert mark(sync) == "18T01:00:00"


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "disabled"])
def test_no_finished_one_holds_it(status: str) -> None:
    """Whatever it ended as."""
    sync = progress()
    assert sync.wrote([backup("18T01:00:00", status), backup("19T01:00:00")]) == []
    assert mark(sync) == "19T01:00:00"


def test_the_oldest_unfinished_holds_it_in_any_order() -> None:
    """The oldest counts, not the one that was written first."""
    sync = progress()
    for begin in ("18T02:00:00", "18T01:00:00", "18T03:00:00"):
        sync.wrote([backup(begin, "BUILDING", None)])
    assert mark(sync) == "18T01:00:00"


def test_a_finished_one_lets_go() -> None:
    """The next sync finds it finished and moves on."""
    sync = progress("2026-03-18T01:00:00+00:00")
    sync.wrote([backup("18T01:00:00")])
    assert mark(sync) == "18T01:00:00"
    sync.wrote([backup("19T01:00:00")])
    assert mark(sync) == "19T01:00:00"


def test_the_look_back_does_not_move_it_back() -> None:
    """Finished backups from before the bookmark change nothing."""
    sync = progress("2026-03-19T01:00:00+00:00")
    sync.wrote([backup("18T01:00:00")])
    assert mark(sync) == "19T01:00:00"


def test_an_unfinished_one_in_the_look_back_moves_it_back() -> None:
    """One of the two ways back."""
    sync = progress("2026-03-19T01:00:00+00:00")
    sync.wrote([backup("18T01:00:00", "BUILDING", None)])
    sync.wrote([backup("19T09:00:00")])
    assert mark(sync) == "18T01:00:00"


@pytest.mark.parametrize(
    ("begin", "stuck"),
    [("13T12:00:00", False), ("13T11:59:59", True), ("18T01:00:00", False)],
)
def test_stuck_for_over_seven_days(begin: str, stuck: bool) -> None:
    """By the service's clock, to the second: then it is named and holds the bookmark no more."""
    sync = progress()
    row = backup(begin, "BUILDING", None)
    assert sync.wrote([row]) == [row] * stuck
    sync.wrote([backup("19T01:00:00")])
    assert mark(sync) == ("19T01:00:00" if stuck else begin)


def test_a_finished_one_is_never_stuck() -> None:
    """However old it is."""
    assert not progress().wrote([backup("01T01:00:00")])


def test_a_stuck_one_is_a_written_one() -> None:
    """It counts as written, like any other."""
    sync = progress()
    sync.wrote([backup("01T01:00:00", "BUILDING", None)])
    assert mark(sync) == "01T01:00:00"


def test_never_past_the_closed_second() -> None:
    """Whatever is written, or stood in a state from a clock that was ahead."""
    sync = progress("2026-03-21T00:00:00+00:00")
    sync.wrote([backup("20T12:00:30")])
    assert mark(sync) == "20T11:59:59"


FILTERS = {"instance_id": "i", "backup_id": "b", "backup_type": "Auto", "mode": "Single"}


def test_conditions_are_the_filters_that_are_set() -> None:
    """Filters that are not set leave no trace."""
    wanted = Filters(instance_id="i", mode="Single")
    conditions = Conditions.of(wanted, "2026-01-01T00:00:00+00:00")
    assert conditions.filters == {"instance_id": "i", "mode": "Single"}
    assert Conditions.of(Filters(**FILTERS), None).filters == FILTERS


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_changed_or_removed_is_not_covered(name: str) -> None:
    """What the old filter left out was never read."""
    read = Conditions(json.loads(json.dumps(FILTERS)))  # equal texts, not the same ones
    assert read.cover(Conditions(FILTERS))
    assert not read.cover(Conditions(FILTERS | {name: "another"}))
    assert not read.cover(Conditions({key: FILTERS[key] for key in FILTERS if key != name}))


@pytest.mark.parametrize(
    ("added", "covered"),
    [
        ({"instance_id": "i"}, True),
        ({"mode": "Single"}, True),
        ({"backup_type": "Auto"}, True),
        ({"backup_type": "Manual", "mode": "Single"}, True),
        ({"backup_type": "Incremental", "instance_id": "i"}, False),
        ({"backup_id": "b"}, False),
    ],
)
def test_an_added_filter_is_covered(added: dict[str, str], covered: bool) -> None:
    """Except where it shows incremental backups, which the list without it does not hold."""
    assert ANY.cover(Conditions(added)) is covered
    assert Conditions(added).cover(Conditions(added))


@pytest.mark.parametrize(
    ("read", "wanted", "covered"),
    [
        (None, None, True),
        (None, "2026-02-01T00:00:00+00:00", True),
        ("2026-02-01T00:00:00+00:00", None, False),
        ("2026-02-01T00:00:00+00:00", "2026-01-31T23:59:59+00:00", False),
        ("2026-02-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00", True),
        ("2026-02-01T00:00:00+00:00", "2026-02-01T00:00:01+00:00", True),
    ],
)
def test_an_earlier_start_is_not_covered(
    read: str | None, wanted: str | None, covered: bool
) -> None:
    """None is the earliest start of all."""
    assert Conditions({}, read).cover(Conditions({}, wanted)) is covered


@pytest.mark.parametrize("filters", [{}, FILTERS])
@pytest.mark.parametrize("start_date", [None, "2026-01-01T00:00:00+00:00"])
def test_there_and_back(filters: dict[str, str], start_date: str | None) -> None:
    """A bookmark reads what it wrote."""
    bookmark = Bookmark("2026-03-01T00:00:00+00:00", Conditions(filters, start_date))
    assert Bookmark.from_json(bookmark.to_json()) == bookmark


def test_what_stands_in_the_state() -> None:
    """Bookmark, filters in the clear, start_date, version; nothing else."""
    conditions = Conditions({"mode": "Single"}, "2026-01-01T00:00:00+00:00")
    assert Bookmark("2026-03-01T00:00:00+00:00", conditions).to_json() == {
        "replication_key": "begin_time",
        "replication_key_value": "2026-03-01T00:00:00+00:00",
        "filters": {"mode": "Single"},
        "start_date": "2026-01-01T00:00:00+00:00",
        "version": 1,
    }


@pytest.mark.parametrize(
    "value", ["2026-03-01 00:00:00", "2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00.5Z"]
)
def test_other_spellings_of_a_time(value: str) -> None:
    """A person may have written it."""
    bookmark = Bookmark.from_json({"replication_key_value": value})
    assert bookmark == Bookmark("2026-03-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"replication_key_value": "yesterday"}, "'replication_key_value' is not a time"),
        ({"replication_key_value": 1}, "'replication_key_value' is not a time"),
        ({"replication_key_value": NOW, "start_date": "x"}, "'start_date' is not a time"),
        ({"replication_key_value": NOW, "start_date": ""}, "'start_date' is not a time"),
        ({"replication_key_value": NOW, "filters": []}, "'filters' are not ours"),
        ({"replication_key_value": NOW, "filters": {"size": "1"}}, "'filters' are not ours"),
        ({"replication_key_value": NOW, "filters": {"mode": 1}}, "'filters' are not ours"),
        ({"replication_key_value": NOW, "version": 2}, "newer version"),
        ({"replication_key_value": NOW, "version": "1"}, "newer version"),
        ({"replication_key_value": NOW, "version": True}, "newer version"),
        ({"version": 2}, "newer version"),
    ],
)
def test_an_entry_that_cannot_be_used(entry: dict[str, object], said: str) -> None:
    """Refused by name, without the value, with what to do."""
    with pytest.raises(StateError, match=said) as refused:
        Bookmark.from_json(entry)
    assert refused.value.hint
    assert "yesterday" not in str(refused.value)


def test_an_entry_of_an_older_version() -> None:
    """Only newer ones are refused."""
    entry = {"replication_key_value": NOW, "version": 0}
    assert Bookmark.from_json(entry) == Bookmark(NOW)


@pytest.mark.parametrize(("value", "name"), [(Bookmark(NOW), "begin_time"), (ANY, "start_date")])
def test_what_was_remembered_stays(value: object, name: str) -> None:
    """A bookmark and its conditions are values: nothing changes them in passing."""
    with pytest.raises(AttributeError):
        setattr(value, name, CLOSED)


def test_an_entry_without_a_bookmark() -> None:
    """A partition that was named but never written."""
    assert Bookmark.from_json({"replication_key": "begin_time"}) is None
