"""The estate: exactly as many backups as asked for, and the faults a report must find."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tap_dds_backups.emulator import Backup, Query, Store, estate, plain_store
from tap_dds_backups.emulator import cast as planted

NOON = 1_700_000_000
DAY = 86_400


@pytest.fixture(scope="module")
def store() -> Store:
    """A thousand backups."""
    return estate(1_000, seed=3, until=NOON)


def nights(store: Store, name: str) -> list[Backup]:
    """The automatic backups of an instance, newest first."""
    rows = [row for row in store.backups() if row.instance.name == name and row.type == "Auto"]
    return sorted(rows, key=lambda row: -row.begin)


def instance_names(store: Store) -> set[str]:
    """The names of the instances that exist."""
    return {instance.name for instance in store.instances.values()}


@pytest.mark.parametrize("backups", [0, 1, 99, 100, 101, 299, 300, 301, 1_000, 5_000])
def test_the_number_of_backups_is_exact(backups: int) -> None:
    """The list holds what was asked for, all of it before the end of history."""
    store = estate(backups, until=NOON)
    rows, total = store.list(Query(), now=NOON)
    assert total == backups
    assert len(rows) == min(backups, 100)
    assert all(row.begin < NOON for row in store.backups())
    assert plain_store(backups, until=NOON).list(Query(), now=NOON)[1] == backups


def test_an_instance_without_backups(store: Store) -> None:
    """It exists, its automatic backup is off, and nothing of it is listed."""
    (instance,) = (i for i in store.instances.values() if i.name == planted.NO_BACKUP)
    assert instance.keep_days == 0
    assert instance.id not in {row.instance.id for row in store.backups()}


def test_one_instance_failed_three_nights_running(store: Store) -> None:
    """The last three and no others."""
    statuses = [row.status for row in nights(store, planted.FAILING)]
    assert statuses[:4] == ["FAILED", "FAILED", "FAILED", "COMPLETED"]
    assert "FAILED" not in statuses[3:]


def test_one_instance_gets_slower(store: Store) -> None:
    """The last week's MiB a second are less than half of those of a month before."""

    def speed(rows: list[Backup]) -> float:
        return sum(row.size / 1024 / (row.end - row.begin) for row in rows if row.end) / len(rows)

    rows = nights(store, planted.SLOWING)
    assert speed(rows[:7]) < 0.7 * speed(rows[30:60])
    sizes = [row.size for row in rows]
    assert max(sizes) < 1.05 * min(sizes)


def test_one_backup_shrank(store: Store) -> None:
    """The last one is less than half of the mean of the fourteen before."""
    sizes = [row.size for row in nights(store, planted.SHRUNKEN)]
    assert sizes[0] < 0.5 * sum(sizes[1:15]) / 14


def test_manual_backups_outlived_their_instance(store: Store) -> None:
    """They are listed, the instance is not."""
    rows = [row for row in store.backups() if row.instance.name == planted.DELETED]
    assert len(rows) == planted.ORPHANS
    assert {row.type for row in rows} == {"Manual"}
    assert planted.DELETED not in instance_names(store)


def test_one_backup_is_stuck_for_over_a_week(store: Store) -> None:
    """It has been BUILDING for nine days, while the nights went on."""
    stuck = [row for row in store.backups() if row.end is None and row.begin < NOON - 7 * DAY]
    assert [(row.instance.name, row.status) for row in stuck] == [(planted.STUCK, "BUILDING")]
    assert nights(store, planted.STUCK)[0].begin > NOON - 2 * DAY


def test_some_backups_are_running_now(store: Store) -> None:
    """So that the passing of time has something to finish."""
    assert len([row for row in store.backups() if row.end is None and row.begin > NOON - DAY]) == 2


def test_everyone_else_is_well(store: Store) -> None:
    """The other instances completed a backup every night, none missing, of nearly one size."""
    faulty = {value for name, value in vars(planted).items() if isinstance(value, str)}
    well = instance_names(store) - faulty
    assert len(well) > 20
    for name in well:
        rows = nights(store, name)
        assert {row.status for row in rows} == {"COMPLETED"}
        assert {one.begin - other.begin for one, other in pairwise(rows)} <= {DAY}
        assert rows[0].begin > NOON - 26 * 3600 - 3 * 3600
        assert max(row.size for row in rows) < 1.2 * min(row.size for row in rows)


def test_no_backup_is_missing_since_an_instance_was_created(store: Store) -> None:
    """Each instance is older than its backups; one with fewer nights than it keeps is young."""
    for instance in store.instances.values():
        begins = [row.begin for row in nights(store, instance.name)]
        assert all(instance.created < begin for begin in begins)
        if 0 < len(begins) < 30:
            assert min(begins) - instance.created <= DAY


def test_many_begin_in_the_same_second(store: Store) -> None:
    """The scheduler starts several instances at once."""
    seconds = Counter(
        row.begin for row in estate(5_000, until=NOON).backups() if row.type == "Auto"
    )
    assert max(seconds.values()) >= 3


def test_incremental_backups_come_every_five_minutes(store: Store) -> None:
    """For a few instances over the last day, beside the full ones that were counted."""
    instances = [i for i in store.instances.values() if i.incremental_since is not None]
    assert instances
    for instance in instances:
        query = Query(instance_id=instance.id, backup_type="Incremental")
        begins = [row.begin for row in store.backups() if row.type == "Incremental"]
        assert store.list(query, now=NOON)[1] == 287
        assert len(begins) == 287 * len(instances)
