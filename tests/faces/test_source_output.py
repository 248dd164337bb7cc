"""How the source's messages leave: masked, whole, and not kept back longer than is good."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tap_dds_backups.airbyte import messages
from tap_dds_backups.airbyte.output import FLUSH_BYTES, LogMessages, Output
from tap_dds_backups.airbyte.read import MANY_PARTITIONS, STATE_EVERY_SECONDS, StreamReading
from tap_dds_backups.airbyte.state import StreamState
from tap_dds_backups.api import errors
from tap_dds_backups.interrupts import Interrupts
from tap_dds_backups.replication.bookmark import Bookmark
from tap_dds_backups.replication.events import Checkpoint, Event
from tap_dds_backups.replication.partition import Partition

SECRET = 'p"ä/s%word-0123456789'
SPELLINGS = {
    "plain": SECRET,
    "in JSON": json.dumps(SECRET),
    "in Python": ascii(SECRET),
    "in a URL": "p%22%C3%A4%2Fs%25word-0123456789",
}


class Trickle(io.BytesIO):
    """An unbuffered stream that takes a few bytes at a time."""

    def write(self, data: Any, /) -> int:
        """Take seven bytes."""
        return super().write(bytes(data)[:7])


def output(raw: io.BytesIO | None = None) -> tuple[Output, io.BytesIO]:
    """An output and where its bytes go."""
    raw = raw or io.BytesIO()
    return Output(raw, Interrupts()), raw


def written(raw: io.BytesIO) -> list[dict[str, Any]]:
    """The messages that have left."""
    return [json.loads(line) for line in raw.getvalue().splitlines()]


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_masked_however_it_is_spelled(spelling: str) -> None:
    """In logs, errors with their traces, and the answer to check; the rest of the text stays."""
    out, raw = output()
    out.hide([SECRET])
    text = f"before {spelling} after"
    out.write(messages.log("INFO", text, text))
    out.write(messages.connection_status(text))
    out.write(messages.error(RuntimeError(text), text=text, stream="backups"))
    assert b"word-0123456789" not in raw.getvalue()
    log, status, trace = written(raw)
    assert log["log"]["message"].startswith("before ")
    assert log["log"]["stack_trace"].endswith(" after")
    assert "****" in status["connectionStatus"]["message"]
    assert "****" in trace["trace"]["error"]["internal_message"]


def test_of_two_secrets_one_may_be_part_of_the_other() -> None:
    """The longer goes first, and nothing of it is left."""
    out, raw = output()
    out.hide(["token-1"])
    out.hide(["token-1-and-more", ""])
    out.write(messages.log("INFO", "token-1-and-more token-1"))
    assert written(raw)[0]["log"]["message"] == "**** ****"


def test_words_of_the_protocol_are_no_text() -> None:
    """A password that is such a word does not break messages."""
    out, raw = output()
    out.hide(["INFO", "LOG", "backups", "COMPLETE"])
    out.write(messages.log("INFO", "INFO"))
    out.write(messages.stream_status("backups", "COMPLETE"))
    log, status = written(raw)
    assert log == {"type": "LOG", "log": {"level": "INFO", "message": "****"}}
    told = status["trace"]["stream_status"]
    assert told == {"stream_descriptor": {"name": "backups"}, "status": "COMPLETE"}


def test_records_hide_what_can_only_be_a_secret() -> None:
    """A long one is masked; a short one may be a word, and data is passed on as it came."""
    out, raw = output()
    out.hide(["a-token-of-many-letters", "prod"])
    head, tail = messages.record_frame("backups", 1.5)
    record = json.dumps({"id": "a-token-of-many-letters", "name": "prod"}).encode()
    out.write_records(head + record + tail + b"\n")
    out.flush()
    (message,) = written(raw)
    assert message["record"]["data"] == {"id": "****", "name": "prod"}
    assert message["record"]["emitted_at"] == 1500


def test_records_wait_for_company_and_go_before_the_next_message() -> None:
    """At most 64 KiB are held; order is kept."""
    out, raw = output()
    out.write_records(b'{"n":1}\n')
    assert not raw.getvalue()
    out.write(messages.log("INFO", "next"))
    assert [message.get("n") for message in written(raw)] == [1, None]
    out.write_records(b'{"n":"%s"}\n' % (b"x" * FLUSH_BYTES))
    assert len(written(raw)) == 3


def test_a_stream_that_takes_a_part_gets_it_all() -> None:
    """As an unbuffered one does when a signal comes."""
    out, raw = output(Trickle())
    out.write(messages.log("INFO", "a line longer than seven bytes"))
    assert written(raw)[0]["log"]["message"] == "a line longer than seven bytes"


def test_what_other_threads_log_leaves_with_the_next_message() -> None:
    """Only the main thread writes, so that lines stay whole; nothing is lost."""
    out, raw = output()
    handler = LogMessages(out)
    record = logging.makeLogRecord(
        {"msg": "from %s", "args": ("a thread",), "levelname": "WARNING"}
    )
    thread = threading.Thread(target=handler.handle, args=(record,))
    thread.start()
    thread.join()
    assert not raw.getvalue()
    out.flush()
    assert written(raw) == [messages.log("WARN", "from a thread")]


def test_a_logged_exception_has_its_trace() -> None:
    """In a field of its own, as Airbyte shows it."""
    out, raw = output()
    try:
        int("odd")
    except ValueError as problem:
        exc_info = (type(problem), problem, problem.__traceback__)
    LogMessages(out).handle(
        logging.makeLogRecord({"msg": "failed", "levelname": "ERROR", "exc_info": exc_info})
    )
    (message,) = written(raw)
    assert message["log"]["message"] == "failed"
    assert "ValueError: invalid literal" in message["log"]["stack_trace"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.ConfigError(["x"]), "config_error"),
        (errors.StateError("x"), "config_error"),
        (errors.CatalogError("x"), "config_error"),
        (errors.SignInError("x"), "config_error"),
        (errors.AccessDenied("x"), "config_error"),
        (errors.NotFound("x"), "config_error"),
        (errors.RequestRefused("x"), "config_error"),
        (errors.TlsError("x"), "config_error"),
        (errors.Throttled("x"), "transient_error"),
        (errors.ServiceUnavailable("x"), "transient_error"),
        (errors.RequestBudgetSpent("x"), "transient_error"),
        (errors.ScanNotSettled("x"), "transient_error"),
        (errors.ProtocolError("x"), "system_error"),
        (errors.BadRow("x"), "system_error"),
        (KeyError("x"), "system_error"),
    ],
)
def test_each_error_says_who_has_to_act(error: Exception, kind: str) -> None:
    """The user, nobody for now, or a developer; a stack trace only where it is our own fault."""
    told = messages.error(error)["trace"]["error"]
    assert told["failure_type"] == kind
    assert ("stack_trace" in told) == isinstance(error, KeyError)


@pytest.mark.parametrize(("count", "states"), [(3, 30), (MANY_PARTITIONS + 1, 4)])
def test_a_large_state_is_written_now_and_then(count: int, states: int) -> None:
    """Each checkpoint has its own while states are small; else every five seconds and at the end."""
    partitions = [Partition(f"{number:032x}") for number in range(count)]
    blob = {
        "partitions": [
            {"context": each.context, "replication_key_value": "2024-01-01T00:00:00Z"}
            for each in partitions
        ]
    }
    time = iter(range(1_000_000))

    def now() -> float:
        return next(time) * STATE_EVERY_SECONDS / 20

    def checkpoints() -> Iterator[Event]:
        for number in range(30):
            yield Checkpoint(partitions[0], Bookmark(f"2024-02-01T00:00:{number:02d}+00:00"))

    out, raw = output()
    state = StreamState("backups", blob, partitions)
    regions = dict.fromkeys(partition.project_id for partition in partitions)
    StreamReading("backups", state, out, Interrupts(), regions, now).run(checkpoints())
    told = [message["state"] for message in written(raw) if message["type"] == "STATE"]
    assert len(told) == pytest.approx(states, abs=2)
    held = told[-1]["stream"]["stream_state"]["partitions"]
    assert len(held) == count
