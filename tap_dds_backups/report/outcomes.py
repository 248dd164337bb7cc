"""The outcome of each day as a strip of marks: one row an instance, one mark a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tap_dds_backups.report.answers import Row
from tap_dds_backups.report.markup import table, text
from tap_dds_backups.report.words import counted

PITCH = 8
SHOWN = 40
# Letter of an outcome: class and path at x = 0, and a second class and path drawn over it.
_MARKS: dict[str, tuple[tuple[str, str], ...]] = {
    "c": (("c", "M{0} 1h6v12h-6z"),),
    "f": (("f", "M{0} 1h6v12h-6z"), ("fx", "M{0} 4m1 0l4 6m0-6l-4 6")),
    "b": (("b", "M{0} 7h6v6h-6z"), ("bf", "M{0} 1h6l-6 5z")),
    "x": (("x", "M{0} 1m.75 .75h4.5v10.5h-4.5z"),),
    "r": (("r", "M{0} 2l6 5-6 5z"),),
    "m": (("m", "M{0} 7a3 3 0 1 0 6 0a3 3 0 1 0-6 0"),),
    "o": (("o", "M{0} 4m1 0h4v6h-4z"),),
    "p": (("p", "M{0} 7m1 0h1.3m1.4 0h1.3"),),
    "-": (("z", "M{0} 7m2 0h2"),),
}
_LEGEND = (
    ("c", "completed"),
    ("f", "failed"),
    ("b", "failed, then completed"),
    ("x", "due, never began"),
    ("r", "running"),
    ("m", "manual only"),
    ("o", "being deleted, or unknown"),
    ("p", "not due yet"),
    ("-", "not due"),
)


def calendar(instances: Sequence[Row], days: Sequence[Row]) -> str:
    """Instances with anything to see, in the order given, the first `SHOWN` of them."""
    by_instance = {row["instance_id"]: row for row in days}
    shown = [row for row in instances if _worth(by_instance[row["instance_id"]])]
    if not shown:
        return '<p class="soft">No backup fell into these days.</p>'
    first = date.fromisoformat(days[0]["first_day"])
    rows = []
    for instance in shown[:SHOWN]:
        day = by_instance[instance["instance_id"]]
        rows.append(
            (
                text(instance["instance_name"]),
                _strip(day, first),
                f"{day['failed']:,}",
                f"{day['missed']:,}",
            )
        )
    columns = [
        ("instance", ""),
        (_axis(first, len(days[0]["outcomes"])), "days"),
        ("failed", "n"),
        ("missed", "n"),
    ]
    drawn = table("Outcome of automated backups by day", columns, rows, style="calendar")
    return _legend() + drawn + _rest(shown[SHOWN:], by_instance)


def strip(outcomes: str) -> str:
    """The paths of a row: one for each kind of mark, whatever the number of days."""
    paths: dict[str, list[str]] = {}
    for position, letter in enumerate(outcomes):
        for kind, path in _MARKS[letter]:
            paths.setdefault(kind, []).append(path.format(position * PITCH))
    return "".join(f'<path class="{kind}" d="{"".join(d)}"/>' for kind, d in paths.items())


def _strip(day: Row, first: date) -> str:
    outcomes = day["outcomes"]
    told = [
        f"{(first + timedelta(days=position)).isoformat()} {_WORDS[letter]}"
        for position, letter in enumerate(outcomes)
        if letter in "fxb"
    ]
    label = f"{day['completed']} days completed, {day['failed']} failed, {day['missed']} missed"
    if told:
        label += ": " + ", ".join(told[-6:])
    width = len(outcomes) * PITCH
    return (
        f'<svg role="img" viewBox="0 0 {width} 14" preserveAspectRatio="xMaxYMid slice">'
        f"<title>{text(label)}</title>{strip(outcomes)}</svg>"
    )


def _axis(first: date, days: int) -> str:
    """A date at every second Monday, right-aligned like the strips when there is less room."""
    ticks = "".join(
        f'<text class="tick" x="{position * PITCH}" y="11">{day:%m-%d}</text>'
        for position in range(days)
        if (day := first + timedelta(days=position)).isoweekday() == 1
        and day.isocalendar().week % 2 == 0
        and position < days - 4
    )
    return (
        f'<svg aria-hidden="true" viewBox="0 0 {days * PITCH} 14"'
        f' preserveAspectRatio="xMaxYMid slice">{ticks}</svg><span class="hidden">days</span>'
    )


def _legend() -> str:
    items = "".join(
        f'<li><svg aria-hidden="true" viewBox="0 0 8 14">{strip(letter)}</svg>{word}</li>'
        for letter, word in _LEGEND
    )
    return f'<ul class="legend" aria-label="Marks">{items}</ul>'


def _worth(day: Row) -> bool:
    return bool(set(day["outcomes"]) - {"-"})


def _rest(others: Sequence[Row], by_instance: dict[str, Row]) -> str:
    if not others:
        return ""
    days = [by_instance[row["instance_id"]] for row in others]
    failed, missed = sum(day["failed"] for day in days), sum(day["missed"] for day in days)
    return (
        f'<p class="soft">{counted(len(others), "more instance")}, healthier than these:'
        f" {counted(failed, 'failure')} and {counted(missed, 'missed day')} between them.</p>"
    )


_WORDS = dict(_LEGEND)
