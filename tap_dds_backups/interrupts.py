"""SIGTERM and SIGINT end a run between two messages, never inside one."""

from __future__ import annotations

import signal
import threading
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupted(BaseException):
    """The run was told to stop; `exit_code` is what a shell expects of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Interrupts:
    """Holds a signal back while something must be finished."""

    def __init__(self) -> None:
        self._held_back = 0
        self._pending = 0

    def install(self) -> None:
        """Take over both signals (only a main thread can)."""
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                signal.signal(number, self._received)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        self._pending = number
        if not self._held_back:
            self._stop()

    def _stop(self) -> None:
        for number in SIGNALS:  # a second signal ends the process at once
            signal.signal(number, signal.SIG_DFL)
        received, self._pending = self._pending, 0  # told once, though the end may hold back too
        raise Interrupted(received)

    def held_back(self) -> Interrupts:
        """Finish what is inside before a signal takes effect."""
        return self

    def __enter__(self) -> None:
        self._held_back += 1

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._held_back -= 1
        if self._pending and not self._held_back and failed is None:
            self._stop()
