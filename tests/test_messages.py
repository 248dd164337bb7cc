"""The writer of Singer messages: what a state costs must not change what is written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from singer_sdk.io_base import SingerWriter
from singer_sdk.singerlib import StateMessage

from tap_dds_backups.api.secret import Revealed
from tap_dds_backups.messages import MessageWriter

Captured = pytest.CaptureFixture[bytes]


def state(value: Any) -> dict[str, Any]:
    """A state with one bookmark."""
    return {"bookmarks": {"backups": {"replication_key_value": value}}}


def values(out: bytes) -> list[Any]:
    """The bookmarks that were written."""
    messages = map(json.loads, out.splitlines())
    return [each["value"]["bookmarks"]["backups"]["replication_key_value"] for each in messages]


def test_a_state_is_written_once(capsysbinary: Captured) -> None:
    """The same dictionary each time, as the SDK hands it over: only its changes are written."""
    writer, kept = MessageWriter(), state("a")
    for value in ("a", "a", "b", "b", "a"):
        kept["bookmarks"]["backups"]["replication_key_value"] = value
        writer.write_message(StateMessage(kept))
    assert values(capsysbinary.readouterr().out) == ["a", "b", "a"]


@pytest.mark.parametrize("value", ["a", "é", "\u2028", None, 1, 0.5, [True], Revealed("hidden")])
def test_a_state_reads_as_the_sdk_would_write_it(value: object, capsysbinary: Captured) -> None:
    """Whatever stands in a state, of ours or of an earlier tap."""
    message = StateMessage(state(value))
    MessageWriter().write_message(message)
    out = capsysbinary.readouterr().out
    assert out.isascii()
    assert json.loads(out) == json.loads(SingerWriter().format_message(message))
