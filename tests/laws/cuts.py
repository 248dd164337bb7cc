"""What is left of an output that ends at some byte, and what a resume makes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tap_dds_backups.emulator import Emulator, Query, Store, plain_store
from tap_dds_backups.replication.events import Failed, Records
from tap_dds_backups.replication.state import bookmarks_of, stream_states
from tap_dds_backups.run import opened
from tap_dds_backups.settings import from_singer


def account(rows: int, *, running: int = 3) -> Store:
    """A project with so many backups, the newest of which still run."""
    now = time.time()
    store = plain_store(rows - running, seed=5, until=now - 60)
    instance = next(iter(store.instances.values()))
    for number in range(running):
        store.start(instance, begin=now - 50 + number)
    return store


def listed(service: Emulator) -> set[str]:
    """The ids that the service shows now."""
    return {row["id"] for row in service.store.visible(Query(), now=time.time())}


@dataclass(frozen=True)
class Cut:
    """What a target has at one moment: STATE, what came before it, and what came after it."""

    state: str  # as JSON; empty before the first
    kept: frozenset[str]
    dropped: frozenset[str]  # after the last STATE: a target may have it or not


def cuts(output: bytes) -> Iterator[tuple[int, Cut]]:
    """The bytes after which something new is complete, with what is complete then.

    A line is complete with its last brace: the line break is a byte more.
    """
    kept: set[str] = set()
    dropped: set[str] = set()
    state = ""
    place = 0
    yield 0, Cut("", frozenset(), frozenset())
    for line in output.splitlines(keepends=True):
        message = json.loads(line)
        place += len(line)
        if message["type"] == "RECORD":
            dropped.add(message["record"]["id"])
        elif message["type"] == "STATE":
            state, kept, dropped = json.dumps(message["value"]), kept | dropped, set()
        yield place, Cut(state, frozenset(kept), frozenset(dropped))


def half_lines(output: bytes) -> Iterator[bytes]:
    """What stands after the last line break, cut at every byte before a line's last brace."""
    for line in output.splitlines():
        for end in range(1, len(line)):
            yield line[:end]


def resumed(config: Mapping[str, Any], state: str) -> set[str]:
    """The ids that one more run writes, over sockets, from this STATE; it must complete."""
    settings = from_singer(config, {})
    found = stream_states(json.loads(state), {"backups"}) if state else {}
    ids: set[str] = set()
    with opened(settings) as run:
        remembered = found.get("backups", {})
        for event in run.events("backups", lambda each: bookmarks_of(remembered, each)):
            assert not isinstance(event, Failed), event.error
            if isinstance(event, Records):
                ids |= {backup.id for backup in event.backups}
    return ids
