"""The report in ten lines for a terminal."""

from __future__ import annotations

from tap_dds_backups.report.answers import SEVERITIES, Answers
from tap_dds_backups.report.page import proof, verdict
from tap_dds_backups.report.words import control_name, counted, percent, size

FINDINGS = 4


def summary(answers: Answers) -> str:
    """At most ten lines: the verdict, the numbers, the worst findings."""
    scope, tiles = answers.scope, answers.tiles
    ended = (tiles["completed_30d"] or 0) + (tiles["failed_30d"] or 0)
    found = ", ".join(f"{tiles[name]} {name}" for name in SEVERITIES if tiles[name]) or "none"
    lines = [
        f"DDS backups as of {scope['as_of']} {scope['time_zone']}: {verdict(answers)}",
        (
            f"  {counted(scope['live'], 'live instance')}, {counted(scope['backups'], 'backup')} seen,"
            f" {percent(tiles['completed_30d'] or 0, ended)} of {ended:,} succeeded in 30 days"
        ),
        f"  {size(tiles['held_gib'])} held{_above(tiles['billable_gib'])}",
        f"  findings: {found}",
    ]
    for alarm in answers.alarms[:FINDINGS]:
        check = control_name(alarm["control_id"]).lower()
        lines.append(
            _cut(f"  {alarm['severity']:<9} {alarm['subject']}: {check}: {alarm['reason']}")
        )
    if (more := len(answers.alarms) - FINDINGS) > 0:
        lines.append(f"  and {counted(more, 'more finding')}")
    if said := proof(answers):
        lines.append(f"  {said.split(': ')[0]}.")
    return "\n".join(lines)


def _above(gib: float | None) -> str:
    return "" if gib is None else f", {size(gib)} above the free allowance"


def _cut(line: str, width: int = 160) -> str:
    printable = "".join(letter if letter.isprintable() else "?" for letter in line)
    return printable if len(printable) <= width else printable[: width - 3] + "..."
