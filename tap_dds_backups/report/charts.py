"""Charts whose lines are SVG and whose words are HTML: they fit any width and stay readable."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tap_dds_backups.report.answers import Row
from tap_dds_backups.report.markup import scrolled, text
from tap_dds_backups.report.words import size


def area(days: Sequence[Row], allowance: float | None) -> str:
    """GiB held at each day's end, with the free allowance where it is near enough to be seen."""
    values = [row["held_gib"] or 0.0 for row in days]
    highest = max(values) or 1.0
    shown = allowance if allowance and allowance <= highest * 1.6 else None
    step = _step(max(highest, shown or 0))
    top = step * math.ceil(max(highest, shown or 0) / step)
    width = len(values) - 1 or 1
    points = " ".join(f"{x},{_y(value, top)}" for x, value in enumerate(values))
    grid = "".join(
        f'<line class="grid" x1="0" x2="{width}" y1="{_y(step * n, top)}" y2="{_y(step * n, top)}"/>'
        for n in range(1, round(top / step) + 1)
    )
    marks = "".join(
        f'<i class="y" style="--at:{100 * step * n / top:.1f}%">{size(step * n)}</i>'
        for n in range(round(top / step) + 1)
    )
    line = label = ""
    if shown:
        y = _y(shown, top)
        line = f'<line class="ref" x1="0" x2="{width}" y1="{y}" y2="{y}"/>'
        label = (
            f'<i class="ref" style="--at:{100 * shown / top:.1f}%">free allowance {size(shown)}</i>'
        )
    told = f"Held from {size(values[0])} on {days[0]['day']} to {size(values[-1])} on {days[-1]['day']}."
    return (
        f'<div class="chart"><svg role="img" viewBox="0 0 {width} 100" preserveAspectRatio="none">'
        f"<title>{text(told)}</title>{grid}"
        f'<polygon class="area" points="0,100 {points} {width},100"/>'
        f'<polyline class="edge" points="{points}"/>{line}</svg>{marks}{label}{_dates(days)}</div>'
    )


def spark(values: Sequence[float], label: str) -> str:
    """A line from zero up, so that a halved speed is half as high."""
    top = max(values) * 1.05 or 1.0
    width = max(len(values) - 1, 1)
    points = " ".join(f"{x},{_y(value, top)}" for x, value in enumerate(values))
    return (
        f'<svg role="img" viewBox="0 0 {width} 100" preserveAspectRatio="none">'
        f'<title>{text(label)}</title><line class="grid" x1="0" x2="{width}" y1="100" y2="100"/>'
        f'<polyline class="edge" points="{points}"/></svg>'
    )


def heat(hours: Sequence[Row]) -> str:
    """A number for each hour of seven days, darker where more ran."""
    days = sorted({row["day"] for row in hours})
    running = {(row["day"], row["hour"]): row["running"] for row in hours}
    most = max(running.values(), default=0)
    clock = [f"{hour:02}" for hour in range(24)]
    drawn = [
        [day, *(_cell(running.get((day, hour)), most) for hour in clock)] for day in reversed(days)
    ]
    head = "".join(f'<th scope="col">{hour}</th>' for hour in clock)
    body = "".join(
        f'<tr><th scope="row">{text(day)}</th>{"".join(cells)}</tr>' for day, *cells in drawn
    )
    return scrolled(
        "Backups running by hour",
        '<table class="heat"><caption class="hidden">Backups running in each hour</caption>'
        f'<thead><tr><th scope="col">day</th>{head}</tr></thead><tbody>{body}</tbody></table>',
    )


def bar(ratio: float | None) -> str:
    """How much of its limit a value uses: the line in the middle is the limit."""
    width = min(ratio or 0.0, 2.0) * 50
    return f'<div class="track" aria-hidden="true"><div class="fill" style="--w:{width:.0f}%"></div></div>'


def shares(alarm: int, ok: int, skip: int) -> str:
    """Alarm, ok and the rest as parts of one bar."""
    total = alarm + ok + skip or 1
    return (
        f'<div class="share" aria-hidden="true"><i class="a" style="--w:{100 * alarm / total:.1f}%"></i>'
        f'<i class="k" style="--w:{100 * ok / total:.1f}%"></i></div>'
    )


def _cell(running: int | None, most: int) -> str:
    if running is None:
        return "<td></td>"
    shade = math.ceil(4 * running / most) if most else 0
    return f'<td class="h{shade}">{running or "·"}</td>'


def _dates(days: Sequence[Row]) -> str:
    count = len(days)
    places = sorted({round(part * (count - 1) / 4) for part in range(5)})
    return "".join(
        f'<i class="x{" last" if place == count - 1 else ""}"'
        f' style="--at:{100 * place / (count - 1 or 1):.1f}%">{text(days[place]["day"][5:])}</i>'
        for place in places
    )


def _step(highest: float) -> float:
    """A round step in GiB or TiB that gives two to five lines."""
    unit = 1024.0 if highest >= 1024 else 1.0
    rough = highest / unit / 3
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    factor = next(f for f in (1, 2, 5, 10) if f * power >= rough)
    return unit * factor * power


def _y(value: float, top: float) -> float:
    return round(100 - 100 * value / top, 2)
