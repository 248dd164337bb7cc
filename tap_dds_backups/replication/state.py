"""The bookmarks that stand in a state, whoever wrote it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tap_dds_backups.api.errors import StateError
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.partition import Partition

START_ANEW = "Give the state of this tap, or none to read all history"
_TOP_LEVEL = {"bookmarks", "currently_syncing"}


def stream_states(state: object, streams: Collection[str]) -> dict[str, dict[str, Any]]:
    """The part of each stream in a Singer state.

    Raises:
        StateError: it is no object, or not one that this tap wrote.
    """
    if not isinstance(state, dict):
        raise StateError("the state is not a JSON object", hint=START_ANEW)
    if state.get("type") == "STATE" and "value" in state:
        raise StateError(
            "the state is a whole STATE message", hint="Give what stands under 'value'"
        )
    bookmarks = state.get("bookmarks", {})
    if state.keys() - _TOP_LEVEL or not isinstance(bookmarks, dict):
        raise StateError("the state was not written by this tap", hint=START_ANEW)
    for name, value in bookmarks.items():
        if name not in streams or not isinstance(value, dict):
            raise StateError(
                "the state holds a stream that this tap does not have", hint=START_ANEW
            )
        _check_partitions(value)
    return dict(bookmarks)


def _check_partitions(value: Mapping[str, Any]) -> None:
    partitions = value.get("partitions", [])
    if not isinstance(partitions, list):
        raise StateError("the state's 'partitions' are no list", hint=START_ANEW)
    for entry in partitions:
        context = entry.get("context") if isinstance(entry, dict) else None
        if not isinstance(context, dict) or not all(isinstance(v, str) for v in context.values()):
            raise StateError("the state holds a partition without its 'context'", hint=START_ANEW)
        Bookmark.from_json(entry)
    Bookmark.from_json(value)


def bookmarks_of(
    stream_state: Mapping[str, Any], partitions: Iterable[Partition]
) -> dict[Partition, Bookmark]:
    """Each partition's bookmark, where the state has one; of two, the older.

    A bookmark that stands at the top of the stream is taken for the one partition there is.

    Raises:
        StateError: it stands at the top and there are several partitions.
    """
    wanted = list(partitions)
    found: dict[Partition, Bookmark] = {}
    for entry in stream_state.get("partitions", []):
        bookmark = Bookmark.from_json(entry)
        for partition in wanted:
            if bookmark is None or entry["context"] != partition.context:
                continue
            known = found.get(partition)
            if known is None or bookmark.begin_time < known.begin_time:
                found[partition] = bookmark
    top = Bookmark.from_json(stream_state)
    if top is not None and len(wanted) > 1:
        hint = 'Move it under "partitions", with a "context" that names the project'
        raise StateError("the state has one bookmark for several projects", hint=hint)
    if top is not None and wanted and wanted[0] not in found:
        found[wanted[0]] = top
    return found


def remember(entry: dict[str, Any], bookmark: Bookmark) -> None:
    """Put a bookmark into a partition's entry of the state, in place."""
    for name in ("filters", "start_date"):
        entry.pop(name, None)
    entry.update(bookmark.to_json())


def forget_gone(
    stream_state: dict[str, Any], project_id: str, instance_ids: Collection[str]
) -> None:
    """Drop what is remembered of a project's instances that are gone, in place."""
    entries = stream_state.get("partitions", [])
    entries[:] = [
        entry
        for entry in entries
        if entry["context"].get("project_id") != project_id
        or entry["context"].get("instance_id") in (None, *instance_ids)
    ]
