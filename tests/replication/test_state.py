"""States: those of every release can be read, foreign and broken ones are refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tap_dds_backups.api.errors import StateError
from tap_dds_backups.replication.bookmark import Bookmark, Conditions
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.state import bookmarks_of, forget_gone, remember, stream_states
from tap_dds_backups.schema import STREAMS

NAMES = {stream.name for stream in STREAMS}
STATES = Path(__file__).parent / "states"
ONE = Partition("0605767b5780d5762fc5c0118072a564")
TWO = Partition("b7c2bd8cbd3f4e4f9c1c5f0d1a8b2c3d")
INSTANCE = "1fc3a7dc5b0f4ab6a4c6a8f6d2b1c3e4in02"
MARK = "2026-03-01T18:00:07+00:00"
PLAIN = Bookmark(MARK)
FILTERED = Bookmark(
    MARK,
    Conditions({"instance_id": INSTANCE, "backup_type": "Manual"}, "2025-01-01T00:00:00+00:00"),
)
# What each frozen file means for ever; never change one, add those of a new form.
MEANING: dict[str, dict[Partition, Bookmark]] = {
    "1.0-nothing-yet.json": {},
    "1.0-one-project.json": {ONE: PLAIN},
    "1.0-several-projects.json": {ONE: PLAIN},
    "1.0-filters.json": {ONE: FILTERED},
    "1.0-top-level.json": {ONE: PLAIN},
    "1.0-siblings.json": {ONE: PLAIN},
}


def frozen(name: str) -> Any:
    """A frozen state."""
    return json.loads((STATES / name).read_text())


def entry(partition: Partition, value: str = MARK, **more: Any) -> dict[str, Any]:
    """A partition's part of a state."""
    return {"context": partition.context, "replication_key_value": value, **more}


def backups(*entries: Any, **more: Any) -> dict[str, Any]:
    """A state of the stream of backups."""
    return {"bookmarks": {"backups": {"partitions": list(entries), **more}}}


def test_every_frozen_state_is_known() -> None:
    """No file without a meaning, no meaning without a file."""
    assert {path.name for path in STATES.iterdir()} == MEANING.keys()


@pytest.mark.parametrize("name", MEANING)
def test_frozen_states_stay_readable(name: str) -> None:
    """A state of any release means today what it meant then."""
    state = stream_states(frozen(name), NAMES)["backups"]
    partitions = [ONE] if name == "1.0-top-level.json" else [ONE, TWO]
    assert bookmarks_of(state, partitions) == MEANING[name]


def test_the_bookmark_of_an_instance() -> None:
    """Where a listing is read per instance, the context says which."""
    state = stream_states(frozen("1.0-siblings.json"), NAMES)["incremental_backups"]
    instance = Partition(ONE.project_id, instance_id=INSTANCE)
    read = {"instance_id": INSTANCE, "backup_type": "Incremental"}
    wanted = Bookmark("2026-03-01T17:55:00+00:00", Conditions(read))
    assert bookmarks_of(state, [ONE, instance]) == {instance: wanted}


@pytest.mark.parametrize(
    "state", [{}, {"bookmarks": {}}, {"bookmarks": {}, "currently_syncing": None}]
)
def test_an_empty_state(state: dict[str, Any]) -> None:
    """Nothing remembered yet is no mistake."""
    assert stream_states(state, NAMES) == {}


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (None, "not a JSON object"),
        ([], "not a JSON object"),
        ("{}", "not a JSON object"),
        (7, "not a JSON object"),
        ({"type": "STATE", "value": {"bookmarks": {}}}, "a whole STATE message"),
        ({"bookmarks": None}, "was not written by this tap"),
        ({"bookmarks": []}, "was not written by this tap"),
        ({"backups": {"replication_key_value": MARK}}, "was not written by this tap"),
        ({"bookmarks": {}, "completed": {}}, "was not written by this tap"),
        ({"bookmarks": {"orders": {}}}, "a stream that this tap does not have"),
        ({"bookmarks": {"backups": []}}, "a stream that this tap does not have"),
        ({"bookmarks": {"backups": {"partitions": {}}}}, "'partitions' are no list"),
        (backups({"replication_key_value": MARK}), "a partition without its 'context'"),
        (backups("x"), "a partition without its 'context'"),
        (backups({"context": {"project_id": 7}}), "a partition without its 'context'"),
        (backups(entry(ONE, "soon")), "'replication_key_value' is not a time"),
        (backups(entry(ONE, version=2)), "written by a newer version"),
        (backups(entry(ONE, start_date="soon")), "'start_date' is not a time"),
        (backups(entry(ONE, filters={"colour": "red"})), "'filters' are not ours"),
        (backups(replication_key_value="soon"), "'replication_key_value' is not a time"),
        (backups(entry(ONE), entry(TWO, version=99)), "written by a newer version"),
    ],
)
def test_states_that_cannot_be_used(state: object, said: str) -> None:
    """Foreign, broken or newer: one line that names what is wrong and says what to do."""
    with pytest.raises(StateError, match=said) as refused:
        stream_states(state, NAMES)
    assert refused.value.hint
    assert "\n" not in str(refused.value)
    assert "soon" not in str(refused.value), "values stay out of the text"


def test_a_bookmark_at_the_top_is_refused_for_several() -> None:
    """Nobody can say whose it is."""
    state = {"replication_key_value": MARK}
    assert bookmarks_of(state, [ONE]) == {ONE: PLAIN}
    with pytest.raises(StateError, match="one bookmark for several projects"):
        bookmarks_of(state, [ONE, TWO])


def test_a_bookmark_at_the_top_beside_the_partition() -> None:
    """The partition's own counts: the top is from before there were partitions."""
    state = {"replication_key_value": "2020-01-01T00:00:00+00:00", "partitions": [entry(ONE)]}
    assert bookmarks_of(state, [ONE]) == {ONE: PLAIN}


@pytest.mark.parametrize("newer_first", [False, True])
def test_of_two_entries_the_older(newer_first: bool) -> None:
    """A project that stands twice is read from the older of its bookmarks."""
    entries = [entry(ONE), entry(ONE, "2026-03-05T00:00:00+00:00")]
    state = {"partitions": entries[::-1] if newer_first else entries}
    assert bookmarks_of(state, [ONE]) == {ONE: PLAIN}


def test_a_project_that_is_no_longer_read() -> None:
    """Its entry is nobody's, and stays where it is."""
    state = {"partitions": [entry(TWO)]}
    assert bookmarks_of(state, [ONE]) == {}
    assert state == {"partitions": [entry(TWO)]}


def test_an_instance_is_not_its_project() -> None:
    """The context must be equal, not alike."""
    instance = Partition(ONE.project_id, instance_id=INSTANCE)
    assert bookmarks_of({"partitions": [entry(ONE)]}, [instance]) == {}
    assert bookmarks_of({"partitions": [entry(instance)]}, [ONE]) == {}


def test_remembering() -> None:
    """The new bookmark replaces the old one whole: conditions that are gone leave no trace."""
    held: dict[str, Any] = {"context": ONE.context}
    remember(held, FILTERED)
    assert Bookmark.from_json(held) == FILTERED
    remember(held, PLAIN)
    assert Bookmark.from_json(held) == PLAIN
    assert held == {"context": ONE.context, **PLAIN.to_json()}
    remember(held, PLAIN)
    stream_states(backups(held), NAMES)


def test_what_is_forgotten() -> None:
    """Instances of this project that are gone; other projects and the project itself stay."""
    gone = entry(Partition(ONE.project_id, instance_id="gone"))
    kept = [
        entry(ONE),
        entry(Partition(ONE.project_id, instance_id="here")),
        entry(Partition(TWO.project_id, instance_id="gone")),
    ]
    state = {"partitions": [*kept, gone]}
    forget_gone(state, ONE.project_id, ["here"])
    assert state == {"partitions": kept}
    forget_gone({}, ONE.project_id, [])
