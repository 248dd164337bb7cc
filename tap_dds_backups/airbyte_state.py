"""The state of one stream as Airbyte keeps it: a blob of ours, with a bookmark for each partition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tap_dds_backups.api.errors import StateError
from tap_dds_backups.replication.bookmark import VERSION, Bookmark
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.state import START_ANEW, bookmarks_of, remember, stream_states

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
        self.bookmarks = bookmarks_of(given, partitions)
        self._entries: dict[tuple[tuple[str, str], ...], Blob] = {
            _key(entry["context"]): entry for entry in given.get("partitions", [])
        }
        for partition, bookmark in self.bookmarks.items():
            self.remember(partition, bookmark)

    def __len__(self) -> int:
        return len(self._entries)

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
