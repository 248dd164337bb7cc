"""Whole syncs over random lives of a project, against what was visible."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing import get_context
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tap_dds_backups.api.models import Filters
from tap_dds_backups.api.times import from_seconds, shifted
from tap_dds_backups.emulator import READINGS
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Checkpoint
from tests.laws.campaign import Summary, a_life, campaign, settle
from tests.laws.life import DAY, HOUR, WEEK, Life
from tests.laws.warehouse import Order, Remember, Warehouse

SEEDS = range(100, 108)
SYNCS = 10_000
ALLOWED_REFUSALS = ("never show up together", "in no order and never the same twice")


def one_campaign(seed: int) -> Summary:
    """A share of the ten thousand syncs."""
    return campaign(SYNCS // len(SEEDS), seed)


def assert_hardly_refused(summary: Summary) -> None:
    """Only a full second or an unsorted list that keeps changing may be refused, and rarely."""
    assert all(any(reason in text for reason in ALLOWED_REFUSALS) for text in summary.refused)
    assert len(summary.refused) <= summary.syncs / 200


class TestWarehouseEqualsWhatWasVisible:
    """After any history the warehouse holds what was visible, nothing stays stale, STATE is safe."""

    def test_some_lives(self) -> None:
        """Three hundred syncs in each run of the tests."""
        summary = campaign(300, seed=1)
        assert summary.rows > 1_000
        assert_hardly_refused(summary)

    @pytest.mark.laws
    def test_ten_thousand_syncs(self) -> None:
        """Ten thousand syncs, on two processors."""
        with get_context("spawn").Pool(2) as pool:
            for summary in pool.imap_unordered(one_campaign, SEEDS):
                print(f"{summary}")  # noqa: T201  # the figures of this run
                assert summary.syncs >= SYNCS // len(SEEDS)
                assert_hardly_refused(summary)

    def test_a_seed_makes_a_life_again(self) -> None:
        """The same seed gives the same events, byte for byte, in another process too."""
        here = a_life("7-3").digest
        code = "from tests.laws.campaign import a_life; print(a_life('7-3').digest)"
        environ = os.environ | {"PYTHONHASHSEED": "12345"}
        there = subprocess.run(
            [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
        )
        assert there.stdout.strip() == here != a_life("7-4").digest


def newest_written(checkpoint: Checkpoint, newest: str) -> Bookmark:
    """The usual bookmark: the newest begin_time, whether or not that backup has ended."""
    return Bookmark(newest or checkpoint.bookmark.begin_time, checkpoint.bookmark.conditions)


def without_conditions(checkpoint: Checkpoint, _newest: str) -> Bookmark:
    """A bookmark that forgets under which filters it was read."""
    return Bookmark(checkpoint.bookmark.begin_time)


def a_day_too_new(checkpoint: Checkpoint, _newest: str) -> Bookmark:
    """A bookmark ahead of what was written."""
    begin_time = shifted(checkpoint.bookmark.begin_time, DAY)
    return Bookmark(begin_time, checkpoint.bookmark.conditions)


@pytest.mark.parametrize(
    ("remember", "law"),
    [
        (newest_written, "stale"),
        (without_conditions, "lost|stale"),
        (a_day_too_new, "lost|future"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_wrong_bookmark_is_caught(remember: Remember, law: str) -> None:
    """The campaign sees a bookmark that says more than was written, within sixty lives."""
    with pytest.raises(AssertionError, match=law):
        campaign(1_500, seed=2, remember=remember)


class Project(RuleBasedStateMachine):
    """The same laws with hypothesis at the wheel, which finds short histories that break them."""

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(Random(0), READINGS["ties shuffled"], lookback=6 * HOUR)
        self.warehouse = Warehouse(self.life)

    @rule(
        age=st.integers(0, 6 * HOUR - 60), running=st.booleans(), count=st.sampled_from([1, 2, 12])
    )
    def create(self, age: int, *, running: bool, count: int) -> None:
        """Backups appear, late or not."""
        self.life.create(age, running=running, count=count)

    @rule()
    def storm(self) -> None:
        """Three hundred in one second."""
        self.life.storm()

    @rule(well=st.booleans())
    def finish(self, *, well: bool) -> None:
        """One ends."""
        self.life.finish(well=well)

    @rule(oldest=st.booleans())
    def delete(self, *, oldest: bool) -> None:
        """One is gone."""
        self.life.delete(oldest=oldest)

    @rule(seconds=st.sampled_from([DAY, HOUR, 60, 1, 9 * DAY]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.life.wait(seconds)

    @rule(
        chosen=st.sampled_from([*[""] * 9, "instance", "type", "mode"]),
        days=st.sampled_from([*[None] * 8, 1, 30]),
        kill=st.sampled_from([*[None] * 6, 0, 1, 2, 5]),
        unrest=st.sampled_from([0.0, 0.1]),
        page_size=st.sampled_from([30, 100]),
    )
    def sync(
        self, chosen: str, days: int | None, kill: int | None, unrest: float, page_size: int
    ) -> None:
        """A sync under any settings, killed or not, while things change or not."""
        filters = {
            "": Filters(),
            "instance": Filters(instance_id=self.life.instances[0].id),
            "type": Filters(backup_type="Auto"),
            "mode": Filters(mode="Sharding"),
        }[chosen]
        start = None if days is None else from_seconds(self.life.now - days * DAY)
        size = 100 if self.life.crowded else page_size
        self.warehouse.run(Order(filters, start, None, size, kill, unrest))

    def teardown(self) -> None:
        """In the end all that ended within a week is there as it is."""
        settle(self.warehouse)
        held = self.warehouse.rows
        for backup in self.life.listed():
            if (backup.end or 0) - backup.begin < WEEK - 60:
                assert held[backup.id].status == backup.status


def _state_machine(examples: int) -> Callable[[], None]:
    case = Project.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return case().runTest


def test_short_histories() -> None:
    """Forty histories of up to thirty steps."""
    _state_machine(40)()


@pytest.mark.laws
def test_many_short_histories() -> None:
    """A thousand histories of up to thirty steps."""
    _state_machine(1_000)()
