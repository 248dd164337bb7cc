"""Windows of rate limits: how long they may be, and when to ask again. Pure."""

from __future__ import annotations

from tap_dds_backups.api.throttling import RateLimit

# Lengths in documented policies, seconds.
USUAL = (1.0, 2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0)
# When to ask again where nothing is said: by the lengths that are by far the most common.
FIRST_WAIT = 1.0
_NEXT = (60.0, 300.0, 900.0, 1800.0, 3600.0)
# Shares of a known window after which it may be free again.
_STEPS = (0.125, 0.5, 1.0, 2.0, 4.0, 8.0)
# Room for requests that travel at different speeds, as share of the window and in seconds.
_MARGIN_SHARE = 0.01
_MARGIN_SECONDS = 0.025
_SPREAD = 0.05
# Two tries that lie closer than this share of the window are one.
_NEAR = 0.15


def margin(window: float) -> float:
    """The share by which to stay below a limit so that no window of it holds a call too many."""
    return max(_MARGIN_SHARE, _MARGIN_SECONDS / window)


def widened(window: float) -> float:
    """A window with room at its end."""
    return window * (1 + margin(window))


def plausible(lower: float, upper: float, *, shortest: bool) -> float:
    """The most plausible length of a window that ended after `lower` and until `upper` seconds."""
    inside = [window for window in USUAL if lower < window <= upper]
    if not inside:
        return (max(lower, 0.0) + upper) / 2
    return inside[0] if shortest else inside[-1]


def unknown_end(start: float, first_refusal: float, now: float) -> float:
    """When to ask again where not even the length of the window is known.

    A fixed window ends its length after its first call (`start`); a sliding one is free when its
    last call has left it.
    """
    spread = first_refusal - start
    waits = [(window, spread) for window in _NEXT]
    waits += [(window, _SPREAD * window) for window in _NEXT if spread > _NEAR * window]
    ends = sorted(start + late + widened(window) for window, late in waits)
    return next((end for end in ends if end > now + FIRST_WAIT), now + _NEXT[-1])


def known_end(window: float, first_refusal: float, tries: int) -> float:
    """When to ask again after so many tries where the window's length is known, not its phase."""
    return first_refusal + _STEPS[min(tries, len(_STEPS) - 1)] * widened(window)


def announced_end(limit: RateLimit, passed: list[float], now: float, tries: int) -> float:
    """When the window that is full ends: it holds our last calls (`passed`), or those of others."""
    whole = widened(limit.seconds)
    calls = int(limit.calls)
    if tries == 0 and len(passed) >= calls:
        end = passed[-calls] + whole
        if end > now:
            return end
    return now + whole
