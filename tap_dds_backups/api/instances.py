"""The sibling calls that are read per project or per instance.

Field names and shapes: vendor's SDK 3.1.219, `QueryInstanceResponse`, `BackupPolicyItem`,
`ListRestoreTimes`; the list call is paged by rows as that of backups.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tap_dds_backups.api.errors import NotFound, ProtocolError, ScanNotSettled

GetJson = Callable[[str, Mapping[str, str | int]], dict[str, Any]]
Row = dict[str, Any]

PAGE_SIZE = 100
MAX_PASSES = 8
MAX_INSTANCES = 100_000
GONE = {"DBS.280110", "DBS.200002", "DBS.201501", "DBS.201502"}


def list_instances(get_json: GetJson) -> list[Row]:
    """Every instance of the project, as the service shows it.

    A pass counts if its total_count stood still and it saw as many ids as that; otherwise the
    list changed under it and is read again. Raises ScanNotSettled after 8 passes.
    """
    for _ in range(MAX_PASSES):
        found = _one_pass(get_json)
        if found is not None:
            return list(found.values())
    raise ScanNotSettled("the list of instances does not settle", hint="Run again later")


def _one_pass(get_json: GetJson) -> dict[str, Row] | None:
    found: dict[str, Row] = {}
    totals: set[int] = set()
    for offset in range(0, MAX_INSTANCES, PAGE_SIZE):
        answer = get_json("/instances", {"offset": offset, "limit": PAGE_SIZE})
        rows, total = _rows(answer)
        found.update((row["id"], row) for row in rows)
        totals.add(total)
        if len(rows) < PAGE_SIZE:
            break
    return found if totals == {len(found)} else None


def _rows(answer: Row) -> tuple[list[Row], int]:
    rows, total = answer.get("instances"), answer.get("total_count")
    if rows is None and total == 0:
        rows = []
    if not isinstance(rows, list) or not isinstance(total, int):
        raise ProtocolError("the answer has no list 'instances' with its 'total_count'")
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
            raise ProtocolError("the list of instances holds a row without its 'id'")
    return rows, total


def backup_policy(get_json: GetJson, instance_id: str) -> Row | None:
    """An instance's backup policy; None where the instance is gone."""
    answer = _unless_gone(get_json, f"/instances/{instance_id}/backups/policy", {})
    if answer is None:
        return None
    policy = answer.get("backup_policy")
    if not isinstance(policy, dict):
        raise ProtocolError("the answer has no object 'backup_policy'")
    return policy


def restore_ranges(get_json: GetJson, instance_id: str, date: str) -> list[tuple[int, int]] | None:
    """The ranges of a UTC day (`yyyy-mm-dd`) to which can be restored, milliseconds since 1970.

    None where the instance is gone.
    """
    path = f"/instances/{instance_id}/restore-time"
    answer = _unless_gone(get_json, path, {"date": date})
    if answer is None:
        return None
    ranges = answer.get("restore_time") or []
    try:
        return [(int(each["start_time"]), int(each["end_time"])) for each in ranges]
    except (KeyError, TypeError, ValueError):
        raise ProtocolError("the answer has no usable list 'restore_time'") from None


def _unless_gone(get_json: GetJson, path: str, params: Mapping[str, str | int]) -> Row | None:
    try:
        return get_json(path, params)
    except NotFound as error:
        if error.error_code in GONE:
            return None
        raise
