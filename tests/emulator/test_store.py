"""The store by itself: what happens to backups, and what can be seen of it when."""

from __future__ import annotations

import itertools
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_dds_backups.emulator import Project, Query, Reading, Store, advance, estate, plain_store

NOON = 1_700_000_000


def seen(store: Store, now: float = NOON) -> list[str]:
    """The statuses in the list, newest first."""
    return [row["status"] for row in store.list(Query(), now=now)[0]]


def test_the_life_of_a_backup() -> None:
    """It starts, completes, is being deleted, and is gone."""
    store = Store()
    backup = store.start(store.add_instance("db"), begin=NOON)
    assert seen(store) == ["BUILDING"]
    store.finish(backup.id, end=NOON + 60, size=2803)
    row = store.list(Query(), now=NOON)[0][0]
    assert (row["status"], row["size"], row["end_time"]) == (
        "COMPLETED",
        2803,
        "2023-11-14 22:14:20",
    )
    store.disable(backup.id)
    assert seen(store) == ["DISABLED"]
    store.delete(backup.id)
    assert store.list(Query(), now=NOON) == ([], 0)


def test_a_failed_backup_has_an_end_and_no_size() -> None:
    """A backup that fails ends too."""
    store = Store()
    backup = store.start(store.add_instance("db"), begin=NOON)
    store.fail(backup.id, end=NOON + 5)
    row = store.list(Query(), now=NOON)[0][0]
    assert (row["status"], row["size"], row["end_time"] != "") == ("FAILED", 0, True)


def test_http_sees_a_change_at_once() -> None:
    """The spelled row is kept only until the backup changes."""
    store = Store()
    backup = store.start(store.add_instance("db"), begin=NOON)
    before = store.body(Query(), now=NOON)
    store.finish(backup.id, end=NOON + 1)
    after = store.body(Query(), now=NOON)
    assert json.loads(before)["backups"][0]["status"] == "BUILDING"
    assert json.loads(after)["backups"][0]["status"] == "COMPLETED"


def test_a_late_backup_appears_in_its_place() -> None:
    """It is hidden until its time, and then stands where it began."""
    store = plain_store(5, until=NOON)
    late = store.start(
        next(iter(store.instances.values())), begin=NOON - 1500, visible_from=NOON + 60
    )
    assert late.id not in [row["id"] for row in store.visible(Query(), now=NOON + 59)]
    rows = store.visible(Query(), now=NOON + 60)
    assert [row["id"] for row in rows].index(late.id) == 2
    store.delete(late.id)
    assert store.list(Query(), now=NOON + 60)[1] == 5


def test_a_hidden_backup_can_be_deleted_and_survives_a_change_of_reading() -> None:
    """What is not visible yet stays so under another reading, and may go before it shows."""
    store = Store()
    hidden = store.start(store.add_instance("db"), begin=NOON, visible_from=NOON + 60)
    store.reading = Reading(size="float")
    assert store.list(Query(), now=NOON)[1] == 0
    store.delete(hidden.id)
    assert store.list(Query(), now=NOON + 60)[1] == 0


def test_an_instance_goes_with_its_automatic_backups() -> None:
    """Manual backups outlive their instance, automatic ones do not (DDS user guide)."""
    store = Store()
    instance = store.add_instance("db")
    store.start(instance, begin=NOON)
    manual = store.start(instance, begin=NOON, kind="Manual")
    store.delete_instance(instance.id)
    assert [row["id"] for row in store.visible(Query(), now=NOON)] == [manual.id]
    assert store.instances == {}


def test_incremental_backups_show_for_one_instance_only() -> None:
    """The plain list holds full backups; incremental ones come for their instance and type."""
    store = Store()
    one, other = store.add_instance("one"), store.add_instance("other")
    full = store.start(one, begin=NOON)
    increments = [store.start(one, begin=NOON + n, kind="Incremental").id for n in (1, 2)]

    def ids(**filters: str) -> list[str]:
        return [row["id"] for row in store.list(Query(**filters), now=NOON)[0]]  # type: ignore[arg-type]  # parametrized

    assert ids() == ids(instance_id=one.id) == [full.id]
    assert ids(instance_id=one.id, backup_type="Incremental") == increments[::-1]
    assert ids(instance_id=other.id, backup_type="Incremental") == []
    assert ids(instance_id=one.id, backup_id=increments[0]) == [increments[0]]
    assert ids(backup_id=increments[0]) == []


def test_one_id_cannot_be_held_twice() -> None:
    """A second backup of the same id is a mistake of the test that makes it."""
    store = Store()
    instance = store.add_instance("db")
    store.start(instance, begin=NOON, id="a" * 32 + "br02")
    with pytest.raises(ValueError, match="is there already"):
        store.start(instance, begin=NOON, id="a" * 32 + "br02")


@given(
    begins=st.lists(st.integers(0, 40), max_size=40),
    window=st.tuples(st.integers(-1, 41), st.integers(0, 41)),
    page=st.tuples(st.integers(0, 45), st.integers(1, 45)),
    bounds=st.tuples(*[st.sampled_from(["inclusive", "exclusive"])] * 2),
    acts_on=st.sampled_from(["begin", "end", "span", "overlap"]),
    seed=st.integers(0, 9),
)
def test_a_page_is_what_a_plain_search_finds(
    begins: list[int],
    window: tuple[int, int],
    page: tuple[int, int],
    bounds: tuple[str, str],
    acts_on: str,
    seed: int,
) -> None:
    """Bisection, caches and slices give what sorting and filtering the rows gives."""
    random = Random(seed)
    reading = Reading(*bounds, acts_on=acts_on)  # type: ignore[arg-type]  # parametrized
    store = Store(reading=reading)
    instance = store.add_instance("db")
    for begin in begins:
        backup = store.start(instance, begin=begin)
        if random.random() < 0.8:
            store.finish(backup.id, end=begin + random.randrange(9))
    for backup in store.backups()[::5]:
        store.delete(backup.id)
    low, high = window
    found = sorted(store.backups(), key=lambda row: (-row.begin, -row.serial))
    found = [row for row in found if reading.in_window(row, low, high)]
    rows, total = store.list(Query(page[0], page[1], low, high), now=99)
    assert total == len(found)
    assert [row["id"] for row in rows] == [row.id for row in found][page[0] : page[0] + page[1]]


@pytest.mark.parametrize("acts_on", ["begin", "end", "overlap"])
@pytest.mark.parametrize("filtered", [False, True])
def test_a_list_follows_every_change(acts_on: Any, filtered: bool) -> None:
    """Starting, finishing, uncovering and deleting show in the next answer to the same question."""
    store = Store(reading=Reading(acts_on=acts_on))
    instance = store.add_instance("db")
    query = Query(begin=0, end=NOON + 99, instance_id=instance.id if filtered else None)

    def total(now: float = NOON) -> int:
        rows, count = store.list(query, now=now)
        assert len(rows) == count
        return count

    hidden_while_running = acts_on == "end"
    assert total() == 0
    backup = store.start(instance, begin=NOON)
    assert total() == (0 if hidden_while_running else 1)
    store.finish(backup.id, end=NOON + 1)
    assert total() == 1
    late = store.start(instance, begin=NOON, visible_from=NOON + 60)
    store.finish(late.id, end=NOON + 2)
    assert (total(NOON + 59), total(NOON + 60)) == (1, 2)
    store.delete(backup.id)
    assert total() == 1


def campaign(seed: int) -> bytes:
    """An estate that lives on for ten hours, seen through shuffled pages, as bytes."""
    store = estate(400, seed=seed, until=NOON, reading=Reading(ties="shuffled"))
    pages = []
    for hour in range(10):
        now = NOON + hour * 3600
        advance(store, now=now, fail=1, expire=2)
        pages += [store.body(Query(offset=offset), now=now) for offset in (0, 100)]
    return b"\n".join(pages)


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Everything random hangs on the seed, byte for byte."""
    assert campaign(1) == campaign(1)
    assert campaign(1) != campaign(2)


def test_advance_ends_what_runs_and_starts_more() -> None:
    """Running backups fail or finish, the oldest automatic ones expire, new ones start."""
    store = Store()
    instance = store.add_instance("db")
    running = [store.start(instance, begin=NOON - 100 + n).id for n in range(4)]
    changes = advance(store, now=NOON, start=3, fail=1, finish=2, expire=1)
    assert changes.failed == running[:1]
    assert changes.finished == running[1:3]
    assert changes.expired == running[:1]
    assert len(changes.started) == 3
    assert seen(store).count("BUILDING") == 4
    assert all(row.begin < NOON for row in store.backups())


def test_a_stuck_backup_stays_stuck() -> None:
    """What has been running for more than a day is not finished by the passing of time."""
    store = Store()
    stuck = store.start(store.add_instance("db"), begin=NOON - 2 * 86_400)
    assert advance(store, now=NOON, start=0).finished == []
    assert store.backup(stuck.id).end is None


def test_projects_of_one_seed_can_differ() -> None:
    """The seed makes the project's id unless one is given."""
    given = Project("c" * 32, "eu-west-101_team", "eu-west-101", parent_id="d" * 32)
    assert Store(given).project == given
    assert Store(seed=1).project.id != Store(seed=2).project.id
    assert Store(seed=1).project.id == Store(seed=1).project.id


def test_many_syncs_are_cheap() -> None:
    """A campaign reads tens of thousands of pages: rows are made once, not once a page."""
    store = plain_store(500, until=NOON)
    first = store.list(Query(), now=NOON)[0]
    pages = itertools.repeat(Query(), 50)
    assert all(store.list(query, now=NOON)[0] == first for query in pages)
    first[0]["id"] = "changed by a reader"
    assert store.list(Query(), now=NOON)[0][0]["id"] != "changed by a reader"
