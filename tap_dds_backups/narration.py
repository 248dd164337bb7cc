"""What a person reads on the log while a sync runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct, field

from tap_dds_backups.api.listings import Waiting
from tap_dds_backups.replication.events import (
    Event,
    Failed,
    Finished,
    Records,
    Remark,
    Started,
)
from tap_dds_backups.replication.partition import Partition

EVERY_SECONDS = 5.0

Line = tuple[int, str]


class Narrator(Struct):
    """Turns events into log lines: n of total per partition, at most one every five seconds."""

    monotonic: Callable[[], float]
    _last: dict[Partition, float] = field(default_factory=dict)

    def line(self, event: Event) -> Line | None:
        """The level and text for this event, or None where there is nothing to say."""
        if isinstance(event, Started):
            self._last[event.partition] = self.monotonic()
        if isinstance(event, Records) and not self._is_due(event.partition):
            return None
        return _line(event)

    def _is_due(self, partition: Partition) -> bool:
        now = self.monotonic()
        if now - self._last.get(partition, now) < EVERY_SECONDS:
            return False
        self._last[partition] = now
        return True


def _line(event: Event) -> Line | None:
    level, text = logging.INFO, ""
    match event:
        case Started(partition, window, total, resumed, _):
            how = "going on from the bookmark" if resumed else "reading all history"
            text = f"{partition}: {how}, {total} backups listed since {window.begin}"
        case Records(partition, _, _, written, total):
            text = f"{partition}: {written} of {total} backups"
        case Waiting(until, reason):
            moment = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds")
            text = f"throttled by the service until {moment} ({reason})"
        case Finished(partition, written, total):
            text = f"{partition}: done, {written} written of {total} listed"
        case Remark(partition, text, is_warning):
            level, text = logging.WARNING if is_warning else level, f"{partition}: {text}"
        case Failed(partition, error, written):
            level, text = logging.ERROR, f"{partition}: {error} ({written} backups were written)"
    return (level, text) if text else None
