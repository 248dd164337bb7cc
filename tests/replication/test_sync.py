"""Whole syncs against the emulator's store, on a clock that only we move."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tap_dds_backups.api.errors import ServiceUnavailable
from tap_dds_backups.api.models import Filters, Window
from tap_dds_backups.emulator import READINGS, Reading
from tap_dds_backups.replication.bookmark import Bookmark, Conditions
from tap_dds_backups.replication.events import (
    Checkpoint,
    Failed,
    Finished,
    Records,
    Remark,
    Started,
)
from tap_dds_backups.replication.partition import Partition
from tests.replication.service import DAY, PARTITION, Account, Run, at, run

READERS = [0, 1, 8]


def resume(first: Run) -> dict[Partition, Bookmark]:
    """The bookmarks of a run, as its state would hand them to the next."""
    return {
        partition: Bookmark.from_json(mark.to_json()) or mark
        for partition, mark in first.bookmarks.items()
    }


def killed(first: Run, records: int) -> dict[Partition, Bookmark]:
    """What the state said when so many records had been written."""
    written, marks = 0, {}
    for event in first.events:
        if isinstance(event, Records):
            written += len(event.backups)
            if written > records:
                break
        if isinstance(event, Checkpoint):
            marks[event.partition] = event.bookmark
    return marks


@pytest.mark.parametrize("threads", READERS)
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250, 1000])
def test_everything_once_in_order(count: int, threads: int) -> None:
    """Each backup is written once, oldest first, and counted."""
    account = Account()
    account.add(*(-60.0 * number - 60 for number in range(count)))
    sync = run(account, threads=threads)
    assert sync.begins() == [at(-60 * number - 60) for number in reversed(range(count))]
    assert sync.of(Finished) == [Finished(PARTITION, count, count)]
    assert sync.bookmark == (at(-60) if count else None)


@pytest.mark.parametrize("threads", READERS)
@pytest.mark.parametrize(
    ("nights", "a_night", "requests"),
    [(1_000, 1, 11), (30, 40, 15), (30, 60, 30), (30, 98, 30), (30, 100, 92), (30, 300, 213)],
)
def test_cost(nights: int, a_night: int, requests: int, threads: int) -> None:
    """Quiet lists and nightly crowds, all of a night in one second: nothing is read in vain."""
    account = Account()
    for night in range(nights):
        account.add(*[-3_600.0 * night - 60] * a_night)
    sync = run(account, threads=threads)
    assert len(set(sync.ids)) == len(sync.ids) == nights * a_night
    assert len(account.listing.windows) == requests


@pytest.mark.parametrize("threads", READERS)
def test_a_state_after_each_page_is_safe(threads: int) -> None:
    """Killed after any record, the next run writes all that is missing, and little again."""
    account = Account()
    account.add(*(-60.0 * number - 60 for number in range(350)))
    whole = run(account, threads=threads)
    for records in range(0, 350, 7):
        written = set(whole.ids[:records])
        rest = run(account, killed(whole, records), threads=threads, lookback_seconds=0)
        assert written | set(rest.ids) == set(whole.ids)
        assert len(rest.ids) <= 350 - records + 100 + 1


def test_the_second_run_reads_the_look_back() -> None:
    """Nothing new costs one request and writes the look-back again, without moving back."""
    account = Account()
    account.add(*(-3_600.0 * number - 60 for number in range(100)))
    first = run(account)
    before = len(account.listing.windows)
    second = run(account, resume(first), lookback_seconds=4 * 3_600)
    assert second.begins() == [at(-3_600 * number - 60) for number in (4, 3, 2, 1, 0)]
    assert second.bookmark == first.bookmark
    assert len(account.listing.windows) - before == 1
    assert account.listing.windows[-1].begin == at(-4 * 3_600 - 61)
    assert second.of(Started)[0].resumed


def test_an_unfinished_backup_is_read_until_it_ends() -> None:
    """The bookmark waits for it, and moves on with the run that saw it finished."""
    account = Account()
    account.add(-5_000, -3_000)
    running = account.add(-4_000, status="BUILDING")[0]
    first = run(account, lookback_seconds=0)
    assert first.bookmark == at(-4_000)
    account.store.finish(running.id, end=account.clock.time)
    account.clock.time += 10
    second = run(account, resume(first), lookback_seconds=0)
    assert running.id in second.ids
    assert second.bookmark == at(-3_000)


def test_an_unfinished_one_in_the_look_back_moves_the_bookmark_back() -> None:
    """Though the bookmark had gone past it."""
    account = Account()
    account.add(-2_000)
    first = run(account)
    account.add(-5_000, status="BUILDING")
    assert run(account, resume(first), lookback_seconds=0).bookmark == at(-2_000)
    assert run(account, resume(first), lookback_seconds=3_600).bookmark == at(-5_000)


def test_a_stuck_backup_is_named_once() -> None:
    """Unfinished for over seven days: a warning with its id, and the bookmark goes on."""
    account = Account()
    stuck = account.add(-8 * DAY, status="BUILDING")[0]
    account.add(-7 * DAY, status="BUILDING")
    sync = run(account)
    assert sync.bookmark == at(-7 * DAY)
    assert len(sync.warnings) == 1
    assert stuck.id in sync.warnings[0]


@pytest.mark.parametrize("end_date", [None, -7 * DAY])
def test_stuck_is_judged_by_the_clock(end_date: int | None) -> None:
    """Not by where the window ends: an end_date long ago makes no backup stuck."""
    account = Account()
    account.add(-7 * DAY - 1, status="BUILDING")
    account.add(-7 * DAY)
    sync = run(account, end_date=None if end_date is None else at(end_date))
    assert sync.bookmark == at(-7 * DAY)
    young = Account()
    young.add(-5 * DAY, status="BUILDING")
    young.add(-4 * DAY)
    assert run(young, end_date=at(-4 * DAY)).bookmark == at(-5 * DAY)


def test_rows_that_are_cut_do_not_count() -> None:
    """Newer than end_date or older than start_date: not written, and no bookmark of theirs."""
    account = Account()
    account.add(-5_000, status="BUILDING")
    account.add(-4_000, -3_000, -2_000)
    sync = run(account, start_date=at(-4_500), end_date=at(-3_000))
    assert sync.begins() == [at(-4_000), at(-3_000)]
    assert sync.bookmark == at(-3_000)
    nothing = run(account, start_date=at(-1_000))
    assert nothing.bookmarks == {}


def test_rows_set_aside_do_not_count() -> None:
    """What began in the service's current second or later is the next run's."""
    account = Account(ahead=-30)  # our clock is ahead, so that the window holds its future
    account.add(-100, -31, -30, -20)
    sync = run(account)
    assert sync.begins() == [at(-100), at(-31)]
    assert sync.bookmark == at(-31)
    account.clock.time += 60
    assert run(account, resume(sync), lookback_seconds=0).begins() == [at(-31), at(-30), at(-20)]


def test_without_a_date_our_clock_counts() -> None:
    """A service that sends no Date: the second before ours is the newest closed one."""
    account = Account(has_date=False)
    account.add(-2, -1, 0, 5)
    assert run(account).begins() == [at(-2), at(-1)]


@pytest.mark.parametrize("count", [0, 3])
@pytest.mark.parametrize("mark", [-1_000, 500])
def test_nothing_found_leaves_the_state(count: int, mark: int) -> None:
    """No rows, or none that are wanted: no bookmark is told, and that is a success."""
    account = Account(reading=Reading(acts_on="end"))
    account.add(*(-50_000.0 - number for number in range(count)), end=int(account.clock.time) - 9)
    bookmark = Bookmark(at(mark), Conditions({}, None))
    sync = run(account, {PARTITION: bookmark}, start_date=at(-9_000), lookback_seconds=DAY)
    assert sync.of(Started)[0].total == count
    assert sync.bookmarks == {}
    assert sync.of(Finished)
    assert not sync.errors


class TestConditions:
    """A bookmark counts under the conditions that it was read under."""

    def account(self) -> Account:
        """Automatic and manual backups in turn."""
        account = Account()
        for number in range(300):
            kind = ("Auto", "Manual")[number % 2]
            account.store.start(
                account.instance,
                begin=account.clock.time - 60 * number - 60,
                kind=kind,
                status="COMPLETED",
                end=int(account.clock.time - 60 * number),
            )
        return account

    def test_a_changed_filter_reads_history_again(self) -> None:
        """From start_date, and the state follows the re-read."""
        account = self.account()
        account.listing.partition = Partition(PARTITION.project_id, Filters(backup_type="Auto"))
        account.partition = account.listing.partition
        first = run(account)
        assert len(first.ids) == 150
        manual = Partition(PARTITION.project_id, Filters(backup_type="Manual"))
        account.partition = account.listing.partition = manual
        held = {
            manual: first.bookmarks[Partition(PARTITION.project_id, Filters(backup_type="Auto"))]
        }
        second = run(account, held)
        assert len(second.ids) == 150
        marks = [event.bookmark for event in second.of(Checkpoint)]
        assert {tuple(mark.conditions.filters.items()) for mark in marks} == {
            (("backup_type", "Manual"),)
        }
        assert [mark.begin_time for mark in marks] == sorted({m.begin_time for m in marks})
        assert not second.of(Started)[0].resumed

    def test_a_killed_reread_goes_on(self) -> None:
        """Under the new conditions, from where it was killed."""
        account = self.account()
        first = run(account, start_date=at(-3_000))
        second = run(account, resume(first))
        marks = killed(second, 120)
        assert marks[PARTITION].begin_time < first.bookmarks[PARTITION].begin_time
        third = run(account, marks, lookback_seconds=0)
        assert third.of(Started)[0].resumed
        assert set(second.ids[:120]) | set(third.ids) == set(second.ids)
        assert len(third.ids) < 300

    def test_an_earlier_start_reads_again_a_later_one_goes_on(self) -> None:
        """What lies before the old start was never read."""
        account = self.account()
        first = run(account, start_date=at(-6_000))
        later = run(account, resume(first), start_date=at(-5_000), lookback_seconds=0)
        assert later.of(Started)[0].resumed
        assert later.ids == first.ids[-1:]
        earlier = run(account, resume(first), start_date=at(-7_000), lookback_seconds=0)
        assert not earlier.of(Started)[0].resumed
        assert earlier.begins()[0] == at(-6_960)

    def test_an_added_filter_goes_on_and_narrows(self) -> None:
        """From the bookmark; without it again, history is read again."""
        account = self.account()
        first = run(account)
        narrow = Partition(PARTITION.project_id, Filters(backup_type="Manual"))
        account.partition = account.listing.partition = narrow
        second = run(account, {narrow: first.bookmarks[PARTITION]}, lookback_seconds=600)
        assert second.of(Started)[0].resumed
        assert len(second.ids) == 5
        assert second.bookmarks[narrow].conditions.filters == {"backup_type": "Manual"}
        account.partition = account.listing.partition = PARTITION
        third = run(account, {PARTITION: second.bookmarks[narrow]})
        assert len(third.ids) == 300

    def test_full_table_leaves_bookmarks_alone(self) -> None:
        """Everything is read, nothing is remembered or forgotten."""
        account = self.account()
        first = run(account)
        again = run(account, resume(first), full_table=True)
        assert again.ids == first.ids
        assert again.bookmarks == {}
        assert not again.of(Started)[0].resumed


class TestClocks:
    """Windows come from our clock, or from the service's where ours is wrong."""

    @pytest.mark.parametrize("threads", READERS)
    @pytest.mark.parametrize(
        ("ahead", "requests", "end"),
        [(0, 1, -1), (2, 1, -1), (3, 2, 2), (4_000, 2, 3_999), (-2, 1, -1), (-4_000, 1, -1)],
    )
    def test_behind(self, ahead: float, requests: int, end: int, threads: int) -> None:
        """Behind by more than two seconds: once more by the service's clock, one request."""
        account = Account(ahead=ahead)
        account.add(-5_000)
        sync = run(account, threads=threads)
        assert len(account.listing.windows) == requests
        assert account.listing.windows[-1] == Window("1999-12-31T23:59:59+00:00", at(end))
        assert sync.ids

    @pytest.mark.parametrize(("ahead", "side"), [(301, "behind"), (-301, "ahead of")])
    def test_more_than_five_minutes_off(self, ahead: float, side: str) -> None:
        """Said once, whatever the side and however many projects."""
        accounts = _projects(3, ahead=ahead)
        accounts[1].listing.ahead *= 2
        sync = run(accounts)
        assert len(sync.warnings) == 1
        assert f"301 s {side} the service's" in sync.warnings[0]
        assert not run(_projects(1, ahead=ahead - 2 if ahead > 0 else ahead + 2)).warnings

    def test_known_once(self) -> None:
        """That our clock is behind costs the first project a request, not each of them."""
        accounts = _projects(3, ahead=100)
        for account in accounts:
            account.listing.before = lambda _: accounts[0].clock.sleep(5)
        run(accounts)
        assert [len(account.listing.windows) for account in accounts] == [4, 3, 3]
        assert [account.listing.windows[-1].end for account in accounts] == [
            at(100 - 1 + 5),
            at(100 - 1 + 4 * 5),
            at(100 - 1 + 7 * 5),
        ]

    def test_an_end_date_needs_no_second_request(self) -> None:
        """The window is the same by either clock."""
        account = Account(ahead=100)
        account.add(-30 * DAY)
        sync = run(account, end_date=at(-29 * DAY))
        assert len(account.listing.windows) == 1
        assert sync.ids

    def test_the_window_never_moves(self) -> None:
        """One window in all requests of a partition, though time passes."""
        account = Account()
        account.add(*(-60.0 * number - 60 for number in range(500)))
        account.listing.before = lambda _: account.clock.sleep(7)
        run(account)
        assert len(set(account.listing.windows)) == 1
        assert len(account.listing.windows) == 6

    def test_a_refused_future(self) -> None:
        """A service that refuses an end in its future: its Date sets the window anew, once."""
        account = Account(reading=READINGS["future end refused"], ahead=-1_000)
        account.add(-5_000, -999)
        sync = run(account)
        assert sync.begins() == [at(-5_000)]
        assert [window.end for window in account.listing.windows] == [at(-1), at(-1_001)]
        assert len(sync.warnings) == 1

    def test_another_refusal_is_an_error(self) -> None:
        """Asking again would not help, so nobody does."""
        account = Account()
        sync = run(account, page_size=101)
        assert len(account.listing.windows) == 1
        assert "DBS.280439" in sync.errors[0]

    def test_a_start_in_the_future(self) -> None:
        """An empty sync, with an end after its begin."""
        account = Account()
        account.add(-100)
        sync = run(account, start_date=at(5_000))
        assert account.listing.windows == [Window(at(4_999), at(5_000))]
        assert sync.of(Finished) == [Finished(PARTITION, 0, 0)]

    def test_two_runs_within_a_second(self) -> None:
        """The second one is a sync like any other."""
        account = Account()
        account.add(-1)
        first = run(account, lookback_seconds=0)
        second = run(account, resume(first), lookback_seconds=0)
        assert second.bookmark == first.bookmark == at(-1)


def _tell(asked: threading.Event, _number: int) -> None:
    asked.set()


def _projects(count: int, **listing: Any) -> list[Account]:
    """Projects on one clock, each with 250 backups."""
    accounts: list[Account] = []
    for number in range(count):
        clock = accounts[0].clock if accounts else None
        account = Account(Partition(f"{number}" * 32), clock=clock, **listing)
        account.add(*(-60.0 * each - 60 for each in range(250)))
        accounts.append(account)
    return accounts


class TestSeveralProjects:
    """They are read one after another, and are nothing to each other."""

    @pytest.mark.parametrize("threads", READERS)
    def test_in_order(self, threads: int) -> None:
        """All of the first, then all of the second; each ascending, each with its bookmark."""
        accounts = _projects(4)
        sync = run(accounts, threads=threads)
        partitions = [account.partition for account in accounts]
        assert [event.partition for event in sync.of(Started)] == partitions
        assert [event.partition for event in sync.of(Finished)] == partitions
        order = [event.partition for event in sync.of(Records)]
        assert order == sorted(order, key=partitions.index)
        for partition in partitions:
            assert sync.begins(partition) == [at(-60 * n - 60) for n in reversed(range(250))]
            assert sync.bookmarks[partition].begin_time == at(-60)

    @pytest.mark.parametrize("threads", READERS)
    @pytest.mark.parametrize("failing", [1, 3])
    def test_one_fails(self, failing: int, threads: int) -> None:
        """At its first page or later: the others are read, its bookmark is what it wrote."""
        accounts = _projects(3)

        def before(number: int) -> None:
            if number >= failing:
                raise ServiceUnavailable("it is down")

        accounts[1].listing.before = before
        sync = run(accounts, threads=threads)
        bad = accounts[1].partition
        assert [event.partition for event in sync.of(Finished)] == [
            accounts[0].partition,
            accounts[2].partition,
        ]
        failed = sync.of(Failed)[0]
        assert (failed.partition, str(failed.error)) == (bad, "it is down")
        assert failed.written == len(sync.begins(bad))
        mark = sync.bookmarks.get(bad)
        assert ([mark.begin_time] if mark else []) == sync.begins(bad)[-1:]

    @pytest.mark.parametrize("threads", [2, 6])
    def test_first_pages_are_read_ahead(self, threads: int) -> None:
        """Small projects cost one request each, as one at a time."""
        accounts = _projects(6)
        for account in accounts:
            for backup in account.store.backups()[50:]:
                account.store.delete(backup.id)
        others = [threading.Event() for _ in range(threads - 1)]

        def wait(_number: int) -> None:
            assert all(other.wait(20) for other in others), "the first project is read alone"

        accounts[0].listing.before = wait
        for account, asked in zip(accounts[1:], others, strict=False):
            account.listing.before = partial(_tell, asked)
        sync = run(accounts, threads=threads)
        assert [len(account.listing.windows) for account in accounts] == [1] * 6
        assert len(sync.ids) == 300

    def test_some_go_on_and_some_begin(self) -> None:
        """Each by its own bookmark."""
        accounts = _projects(2)
        first = run(accounts[:1])
        sync = run(accounts, resume(first), lookback_seconds=0)
        assert [event.resumed for event in sync.of(Started)] == [True, False]
        assert [len(sync.begins(account.partition)) for account in accounts] == [1, 250]


@pytest.mark.parametrize("threads", READERS)
@pytest.mark.parametrize("name", READINGS)
def test_any_reading_of_the_manual(name: str, threads: int) -> None:
    """Whatever the time filter acts on and however ties come, two runs hold what is finished."""
    account = Account(reading=READINGS[name])
    for number in range(130):
        begin = -400.0 * (number // 3) - 4_000
        account.add(begin, begin, end=int(account.clock.time + begin) + 300)
    first = run(account, threads=threads)
    account.add(-700, -700, -650)
    account.clock.time += 100
    second = run(account, resume(first), threads=threads, lookback_seconds=3_600)
    assert not first.errors + second.errors
    assert {*first.ids, *second.ids} == {backup.id for backup in account.store.backups()}


@pytest.mark.parametrize("threads", READERS)
def test_a_running_backup_that_the_filter_hid(threads: int) -> None:
    """Where the filter acts on the end, it shows once it ended, older than the bookmark."""
    account = Account(reading=Reading(acts_on="end"))
    account.add(-4_000, -2_000, -1_000)
    long = account.add(-3_000, status="BUILDING")[0]
    first = run(account, threads=threads)
    assert long.id not in first.ids
    account.clock.time += 100
    account.store.finish(long.id, end=account.clock.time - 50)
    second = run(account, resume(first), threads=threads, lookback_seconds=0)
    assert long.id in second.ids
    assert second.bookmark == first.bookmark == at(-1_000)


def test_remarks_are_made_once() -> None:
    """An unknown field on each page is one line."""
    account = Account(reading=replace(READINGS["extra fields"]))
    account.add(*(-60.0 * number - 60 for number in range(250)))
    remarks = run(account).of(Remark)
    assert [remark.text for remark in remarks] == ["unknown field 'storage_class' is dropped"]
    assert not remarks[0].is_warning


def test_the_newest_count_counts() -> None:
    """Backups that went while the list was read are not what was to be written."""
    account = Account()
    old = account.add(*(-60.0 * number - 60 for number in range(250)))

    def before(number: int) -> None:
        for backup in old[-50:] if number == 2 else []:
            account.store.delete(backup.id)

    account.listing.before = before
    sync = run(account)
    assert sync.of(Started)[0].total == 250
    assert sync.of(Finished) == [Finished(PARTITION, 200, 200)]


def test_progress_is_counted() -> None:
    """Each event says how far it is: n of total."""
    account = Account()
    account.add(*(-60.0 * number - 60 for number in range(250)))
    sync = run(account)
    assert sync.of(Started)[0].total == 250
    written = [event.written for event in sync.of(Records)]
    assert written == sorted(written)
    assert written[-1] == 250
    assert {event.total for event in sync.of(Records)} == {250}
    assert all(event.extracted_at == account.clock.now() for event in sync.of(Records))
