"""The service's clock, as far as the Date of its answers tells it."""

from __future__ import annotations

from tap_dds_backups.api.clock import Clock

# A Date has whole seconds and is as old as the answer's way here.
TOLERANCE = 2.0


class ServerClock:
    """A clock that is set by each answer; equal to `clock` until one is more than 2 s off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = 0.0

    def saw(self, date: float, received: float) -> None:
        """Take note of a Date and of our own time at that moment, both UTC seconds."""
        offset = date - received
        self._offset = offset if abs(offset) > TOLERANCE else 0.0

    def now(self) -> float:
        """The service's wall clock, UTC seconds since 1970."""
        return self._clock.now() + self._offset

    def local(self) -> float:
        """Our own wall clock, UTC seconds since 1970."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds)
