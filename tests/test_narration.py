"""What a person reads on the log while a sync runs."""

from __future__ import annotations

import logging

import pytest

from tap_dds_backups.api.errors import ServiceUnavailable
from tap_dds_backups.api.listings import Waiting
from tap_dds_backups.api.models import Window
from tap_dds_backups.narration import EVERY_SECONDS, Narrator
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import (
    Checkpoint,
    Event,
    Failed,
    Finished,
    Records,
    Remark,
    Started,
)
from tap_dds_backups.replication.partition import Partition
from tests.api.virtual import START, VirtualClock

ONE, TWO = Partition("one"), Partition("two", instance_id="i1")
BEGIN = "2026-01-01T00:00:00+00:00"
WINDOW = Window(BEGIN, "2026-02-01T00:00:00+00:00")


def records(partition: Partition, written: int) -> Records:
    """So many of 300 have been written."""
    return Records(partition, (), START, written, 300)


@pytest.mark.parametrize(
    ("event", "level", "text"),
    [
        (
            Started(ONE, WINDOW, 300, resumed=False, asked_at=START),
            logging.INFO,
            f"project one: reading all history, 300 backups listed since {BEGIN}",
        ),
        (
            Started(TWO, WINDOW, 3, resumed=True, asked_at=START),
            logging.INFO,
            f"project two, instance i1: going on from the bookmark, 3 backups listed since {BEGIN}",
        ),
        (
            Waiting(START + 90.6, "429"),
            logging.INFO,
            "throttled by the service until 2026-11-24T10:01:30+00:00 (429)",
        ),
        (Finished(ONE, 7, 9), logging.INFO, "project one: done, 7 written of 9 listed"),
        (Remark(ONE, "a field", is_warning=False), logging.INFO, "project one: a field"),
        (Remark(ONE, "a clock", is_warning=True), logging.WARNING, "project one: a clock"),
        (
            Failed(TWO, ServiceUnavailable("it is down", hint="Run again later"), 5),
            logging.ERROR,
            "project two, instance i1: it is down. Run again later (5 backups were written)",
        ),
    ],
)
def test_lines(event: Event, level: int, text: str) -> None:
    """Each event that a person can use is one line, by project."""
    assert Narrator(VirtualClock().monotonic).line(event) == (level, text)


def test_a_bookmark_is_no_line() -> None:
    """States are for machines."""
    event = Checkpoint(ONE, Bookmark("2026-01-01T00:00:00+00:00"))
    assert Narrator(VirtualClock().monotonic).line(event) is None


def test_progress_every_five_seconds() -> None:
    """So many of the total, at most one line in five seconds, counted for each project by itself."""
    clock = VirtualClock()
    narrator = Narrator(clock.monotonic)
    lines = []
    for second in range(12):
        if second in {0, 3}:
            narrator.line(Started((ONE, TWO)[second // 3], WINDOW, 300, False, START))
        for partition in (ONE, TWO) if second >= 3 else (ONE,):
            line = narrator.line(records(partition, second))
            lines += [(second, line[1])] if line else []
        clock.sleep(1)
    assert lines == [
        (5, "project one: 5 of 300 backups"),
        (8, "project two, instance i1: 8 of 300 backups"),
        (10, "project one: 10 of 300 backups"),
    ]
    assert EVERY_SECONDS == 5
