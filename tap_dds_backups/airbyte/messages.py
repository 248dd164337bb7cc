"""Airbyte's messages as plain dictionaries (Airbyte protocol 0.18), and whose fault an error is."""

from __future__ import annotations

import time
import traceback
from typing import Any, Literal

from tap_dds_backups.api import errors

Message = dict[str, Any]
FailureType = Literal["config_error", "transient_error", "system_error"]
Status = Literal["STARTED", "RUNNING", "COMPLETE", "INCOMPLETE"]

# The first match counts. An answer that is none is the service's fault, which no form calls so.
_FAILURE_TYPES: tuple[tuple[type[Exception], FailureType], ...] = (
    (errors.ScanNotSettled, "transient_error"),
    (errors.ProtocolError, "system_error"),
    (errors.Throttled, "transient_error"),
    (errors.ServiceUnavailable, "transient_error"),
    (errors.RequestBudgetSpent, "transient_error"),
    (errors.DdsError, "config_error"),
)


def failure_type(error: BaseException) -> FailureType:
    """Who has to act: the user (config), nobody for now (transient), or a developer (system)."""
    return next((kind for of, kind in _FAILURE_TYPES if isinstance(error, of)), "system_error")


def log(level: str, text: str, stack_trace: str = "") -> Message:
    """One line of the log; `level` as Airbyte spells it (WARN, FATAL)."""
    line = {"level": level, "message": text}
    return {"type": "LOG", "log": line | ({"stack_trace": stack_trace} if stack_trace else {})}


def connection_status(problem: str = "") -> Message:
    """The answer to `check`: succeeded, or the problem that the user has to solve."""
    if problem:
        return {
            "type": "CONNECTION_STATUS",
            "connectionStatus": {"status": "FAILED", "message": problem},
        }
    return {"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}


def stream_status(stream: str, status: Status, *, quota_reset: float | None = None) -> Message:
    """How a stream gets on. `quota_reset`: the service throttles until then, UTC seconds."""
    told: Message = {"stream_descriptor": {"name": stream}, "status": status}
    if quota_reset is not None:
        reset = {"quota_reset": int(quota_reset * 1000)}
        told["reasons"] = [{"type": "RATE_LIMITED", "rate_limited": reset}]
    return _trace("STREAM_STATUS", {"stream_status": told})


def estimate(stream: str, rows: int) -> Message:
    """About how many records the stream will have in this run."""
    return _trace(
        "ESTIMATE", {"estimate": {"name": stream, "type": "STREAM", "row_estimate": rows}}
    )


def error(
    problem: BaseException,
    *,
    text: str = "",
    stream: str = "",
    kind: FailureType | None = None,
) -> Message:
    """What went wrong: `text` for the user, the rest for whoever looks closer.

    Only a bug of ours has a stack trace: elsewhere the text says all there is to say.
    """
    kind = kind or failure_type(problem)
    told: Message = {
        "message": text or str(problem) or type(problem).__name__,
        "internal_message": f"{type(problem).__name__}: {problem}",
        "failure_type": kind,
    }
    if not isinstance(problem, errors.DdsError) and kind == "system_error":
        told["message"] = f"The source itself failed ({type(problem).__name__}): please report it"
        told["stack_trace"] = "".join(traceback.format_exception(problem))
    if stream:
        told["stream_descriptor"] = {"name": stream}
    return _trace("ERROR", {"error": told})


def state(stream: str, blob: Message, records: int) -> Message:
    """A stream's state, and how many records were written since the one before."""
    return {
        "type": "STATE",
        "state": {
            "type": "STREAM",
            "stream": {"stream_descriptor": {"name": stream}, "stream_state": blob},
            "sourceStats": {"recordCount": float(records)},
        },
    }


def record_frame(stream: str, extracted_at: float) -> tuple[bytes, bytes]:
    """What stands before and after the JSON of a record that was extracted then (UTC seconds)."""
    head = f'{{"type":"RECORD","record":{{"stream":"{stream}","data":'
    return head.encode(), f',"emitted_at":{int(extracted_at * 1000)}}}}}'.encode()


def _trace(kind: str, told: Message) -> Message:
    return {"type": "TRACE", "trace": {"type": kind, "emitted_at": time.time() * 1000, **told}}
