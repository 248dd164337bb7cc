"""Which fault strikes which request.

Written as one text each, on the command line too: `NAME[=ARGUMENT][@WHERE][xTIMES]`.
WHERE is a call (`list`, `sign-in`, ...), the nth request of a call (`list:3`), or a page of the
list (`page:first`, `page:middle`, `page:last`, `page:0`, `page:7`), the first being the newest.
Left out, it is the next list request. TIMES is how often, `x*` for ever, once by default.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tap_dds_backups.emulator.answers import Answer
from tap_dds_backups.emulator.faults.fault import Exchange, Fault
from tap_dds_backups.emulator.faults.pages import PAGES
from tap_dds_backups.emulator.faults.refusals import REFUSALS
from tap_dds_backups.emulator.faults.sign_in import SIGN_IN
from tap_dds_backups.emulator.faults.wires import WIRES

FAULTS: dict[str, Fault] = {row.name: row for row in (*REFUSALS, *WIRES, *PAGES, *SIGN_IN)}

_PLACED = re.compile(
    r"(?P<name>[a-z0-9_]+)(=(?P<argument>.*?))?"
    r"(@(?P<call>[a-z-]+)(:(?P<place>\d+|first|middle|last))?)?(x(?P<times>\d+|\*))?"
)
_TOTAL = re.compile(rb'"total_count":(\d+)\}\s*$')


@dataclass
class PlacedFault:
    """A fault and what it waits for; `struck` counts how often it came."""

    fault: Fault
    call: str = "list"
    place: str = ""
    times: float = 1
    argument: str = ""
    struck: int = field(default=0, compare=False)

    def strike(self, answer: Answer, exchange: Exchange) -> Answer:
        """The answer as it leaves now."""
        return self.fault.effect(answer, replace(exchange, argument=self.argument))


def place_fault(text: str) -> PlacedFault:
    """The fault that the text names, see the top of this file.

    Raises:
        ValueError: for an unknown fault or a place that is none.
    """
    match = _PLACED.fullmatch(text)
    if match is None or match["name"] not in FAULTS:
        raise ValueError(f"no fault {text!r}: NAME[=ARGUMENT][@WHERE][xTIMES], see --list-faults")
    call, place = match["call"] or "list", match["place"] or ""
    if (call == "page") != (place in ("first", "middle", "last")) and not place.isdigit():
        raise ValueError(f"no place {call}:{place}: page:first, page:middle, page:last, list:3")
    times = float("inf") if match["times"] == "*" else int(match["times"] or 1)
    return PlacedFault(FAULTS[match["name"]], call, place, times, match["argument"] or "")


class Faults:
    """The faults that are due, counted over the requests of one emulator."""

    def __init__(self, placed: Iterable[str | PlacedFault] = ()) -> None:
        self._placed = [place_fault(f) if isinstance(f, str) else f for f in placed]
        self._numbers: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, placed: str | PlacedFault) -> None:
        """One fault more, from now on."""
        with self._lock:
            self._placed.append(place_fault(placed) if isinstance(placed, str) else placed)

    @property
    def struck(self) -> list[tuple[str, int]]:
        """Each fault with how often it came so far."""
        return [(placed.fault.name, placed.struck) for placed in self._placed]

    def due(self, call: str, answer: Answer, exchange: Exchange) -> PlacedFault | None:
        """The fault that strikes this request, which counts as the next one of its call."""
        with self._lock:
            self._numbers[call] += 1
            for placed in self._placed:
                if placed.struck < placed.times and self._strikes(placed, call, answer, exchange):
                    placed.struck += 1
                    return placed
        return None

    def _strikes(self, placed: PlacedFault, call: str, answer: Answer, exchange: Exchange) -> bool:
        if placed.call == "page":
            return call == "list" and _is_page(placed.place, answer, exchange)
        if placed.call != call:
            return False
        if not placed.place:
            return True
        first = int(placed.place)
        return first <= self._numbers[call] < first + placed.times


def _is_page(place: str, answer: Answer, exchange: Exchange) -> bool:
    """Whether the page that was asked for lies there in the list as it is now."""
    offset, limit = exchange.number("offset", 0), exchange.number("limit", 100)
    if place == "first" or place.isdigit():
        wanted = 0 if place == "first" else int(place) * limit
        return offset <= wanted < offset + limit and (wanted > 0 or offset == 0)
    count = _TOTAL.search(answer.body)
    if answer.status != 200 or count is None:
        return False
    total = int(count[1])
    target = total // 2 if place == "middle" else max(0, total - 1)
    return offset <= target < offset + limit
