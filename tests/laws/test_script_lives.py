"""A sample of the campaign through the installed tap: its processes, its files, sockets, signals."""

from __future__ import annotations

from multiprocessing import get_context

import pytest

from tests.laws.campaign import SYNCS_OF_A_LIFE
from tests.laws.script_lives import live
from tests.laws.script_process import changed_tap
from tests.laws.test_campaign import ALLOWED_REFUSALS

LIVES = 8
# What makes the tap wrong, and the law that it breaks.
WRONG = {
    "a bookmark of max(begin_time)": (
        """
from tap_dds_backups.replication import bookmark
bookmark.is_unfinished = lambda backup: False
""",
        "stale|lost",
    ),
    "a state taken whatever it was read under": (
        """
from tap_dds_backups.replication.bookmark import Conditions
Conditions.cover = lambda self, wanted: True
""",
        "lost|stale",
    ),
    "a bookmark of the window's end": (
        """
from tap_dds_backups.replication.bookmark import Bookmark, Progress
Progress.bookmark = lambda self: Bookmark(self._closed, self._conditions)
""",
        "lost|stale",
    ),
}


class TestWarehouseEqualsWhatWasVisible:
    """What holds in this process holds for the installed command too."""

    def test_a_short_life(self) -> None:
        """Four runs in each run of the tests."""
        assert live("0", 4).syncs == 4

    @pytest.mark.laws
    def test_two_hundred_syncs(self) -> None:
        """Eight lives of twenty-five runs, two at a time; some runs are stopped by a signal."""
        with get_context("spawn").Pool(2) as pool:
            lives = pool.map(live, map(str, range(LIVES)), chunksize=1)
        for lived in lives:
            print(lived)  # noqa: T201  # the figures of this run, each with its seed
            assert lived.syncs == SYNCS_OF_A_LIFE
            for text in lived.refused:
                assert any(reason in text for reason in ALLOWED_REFUSALS), text
        assert sum(lived.stopped for lived in lives) >= LIVES
        assert sum(len(lived.refused) for lived in lives) <= 1

    @pytest.mark.laws
    @pytest.mark.parametrize("wrong", WRONG)
    def test_a_wrong_tap_is_caught(self, wrong: str) -> None:
        """The same judge sees a tap that says more than it wrote, within one life."""
        change, law = WRONG[wrong]
        with pytest.raises(AssertionError, match=law):
            live("0", program=changed_tap(change))
