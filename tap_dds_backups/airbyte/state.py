"""The state of one stream as Airbyte keeps it: a blob of ours, with a bookmark for each partition."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tap_dds_backups.api.errors import StateError
from tap_dds_backups.replication.bookmark import VERSION, Bookmark
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.state import (
    START_ANEW,
    bookmarks_of,
    forget_gone,
    remember,
    stream_states,
)

Blob = dict[str, Any]


def given_states(value: object) -> dict[str, object]:
    """Each stream's blob in a state file: a list of state messages, or of what they hold.

    Raises:
        StateError: it is none, or one for all streams together, which this source never writes.
    """
    if value in ({}, None):
        return {}
    if not isinstance(value, list):
        raise StateError("the state is no list of stream states", hint=START_ANEW)
    return dict(found for entry in value if (found := _stream_state(entry)))


def _stream_state(entry: Any) -> tuple[str, object] | None:
    if isinstance(entry, dict) and entry.get("type") == "STATE":
        entry = entry.get("state")
    stream = _object(_object(entry).get("stream"))
    name = _object(stream.get("stream_descriptor")).get("name")
    if isinstance(name, str):
        return name, stream.get("stream_state")
    if isinstance(entry, dict) and not entry.get("data") and not entry.get("global"):
        return None  # says that there is no state yet
    raise StateError("the state is not one of single streams", hint=START_ANEW)


def _object(value: Any) -> Blob:
    return value if isinstance(value, dict) else {}


class StreamState:
    """The bookmarks of a stream's partitions, those included that are not read now."""

    def __init__(self, name: str, blob: object, partitions: Sequence[Partition]) -> None:
        """Take over a blob. Raises StateError where it is not one of ours."""
        given: Mapping[str, Any] = {}
        if blob is not None:
            given = stream_states({"bookmarks": {name: blob}}, {name})[name]
        self._given = given
        self._entries: dict[tuple[tuple[str, str], ...], Blob] = {
            _key(entry["context"]): entry for entry in given.get("partitions", [])
        }
        self.bookmarks(partitions)

    def __len__(self) -> int:
        return len(self._entries)

    def bookmarks(self, partitions: Iterable[Partition]) -> dict[Partition, Bookmark]:
        """The bookmarks of these partitions. Raises StateError where one is meant for several."""
        found = bookmarks_of(self._given, partitions)
        for partition, bookmark in found.items():
            self.remember(partition, bookmark)
        return found

    def forget_gone(self, project_id: str, instance_ids: Collection[str]) -> None:
        """Drop what is remembered of a project's instances that are gone."""
        kept = {"partitions": list(self._entries.values())}
        forget_gone(kept, project_id, instance_ids)
        self._entries = {_key(entry["context"]): entry for entry in kept["partitions"]}

    def remember(self, partition: Partition, bookmark: Bookmark) -> None:
        """Take note of how far a partition was read."""
        key = _key(partition.context)
        remember(self._entries.setdefault(key, {"context": partition.context}), bookmark)

    def blob(self, records: int) -> Blob:
        """What to hand to Airbyte after `records` of this run.

        The number makes each state differ from the one before, though the bookmark waits for an
        unfinished backup: equal states with records between look like a source that is stuck.
        """
        partitions = [dict(entry) for entry in self._entries.values()]
        return {"version": VERSION, "partitions": partitions, "records": records}


def _key(context: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(context.items()))
