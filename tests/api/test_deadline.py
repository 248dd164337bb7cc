"""A deadline counts from its making, and bodies are unpacked within their limit."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from tap_dds_backups.api.bodies import decoded
from tap_dds_backups.api.deadline import Deadline
from tap_dds_backups.api.wire import TooLarge


def test_what_is_left() -> None:
    """Each question gets what is left; at the end there is nothing, not a timeout of zero."""
    moments = iter([100.0, 103.0, 109.5, 110.0, 111.0])
    deadline = Deadline(10.0, lambda: next(moments))
    assert [deadline.left(), deadline.left()] == [7.0, 0.5]
    for _ in range(2):
        with pytest.raises(TimeoutError):
            deadline.left()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_not_unpacked(encoding: str) -> None:
    """200 KB that would become 200 MB take no more memory than the limit."""
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    bomb = pack(bytes(200 << 20))
    tracemalloc.start()
    with pytest.raises(TooLarge):
        decoded(bomb, encoding, 1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20
