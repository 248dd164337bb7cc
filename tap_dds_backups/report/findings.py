"""What needs attention: every alarm, worst first."""

from __future__ import annotations

from collections.abc import Sequence

from tap_dds_backups.report.answers import Answers, Row
from tap_dds_backups.report.markup import folded, section, severity, text
from tap_dds_backups.report.words import control_name, counted

ALARMS_SHOWN = 40


def attention(answers: Answers) -> str:
    """Every alarm, worst first; beyond the first ones behind a fold, information always."""
    urgent = [row for row in answers.alarms if row["severity"] != "info"]
    rest = urgent[ALARMS_SHOWN:] + [row for row in answers.alarms if row["severity"] == "info"]
    if not answers.alarms:
        return section("attention", "What needs attention", "Nothing: no check raises an alarm.")
    shown = _alarms("Alarms, worst first", urgent[:ALARMS_SHOWN]) if urgent else ""
    more = (
        folded(f"{counted(len(rest), 'more finding')}", _alarms("Further findings", rest))
        if rest
        else ""
    )
    return section(
        "attention",
        "What needs attention",
        "Worst first. Each finding names the backup it rests on, where there is one.",
        shown,
        more,
    )


def _alarms(caption: str, alarms: Sequence[Row]) -> str:
    rows = "".join(
        f'<tr role="row"><td role="cell">{severity(row["severity"])}</td>'
        f'<th scope="row" role="rowheader">{_subject(row)}</th>'
        f'<td role="cell" class="check">{text(control_name(row["control_id"]))}</td>'
        f'<td role="cell" class="finding">{_finding(row["reason"])}{_evidence(row)}</td></tr>\n'
        for row in alarms
    )
    head = "".join(
        f'<th scope="col" role="columnheader">{name}</th>'
        for name in ("severity", "instance", "check", "finding")
    )
    return (
        f'<table class="attention" role="table"><caption class="hidden">{text(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead><tbody role="rowgroup">{rows}</tbody></table>'
    )


def _subject(row: Row) -> str:
    if row["scope"] == "project":
        return f"project<code>{text(row['subject'].removeprefix('project '))}</code>"
    return text(row["subject"])


def _evidence(row: Row) -> str:
    if row["scope"] == "project":
        return f' <span class="soft">({counted(row["instances"], "instance")})</span>'
    return f"<code>{text(row['evidence_backup_id'])}</code>" if row["evidence_backup_id"] else ""


def _finding(reason: str) -> str:
    """The sentence; what is unproven is said in full on top of the page, here in a word."""
    sentence, mark, proof = reason.partition(" (unproven")
    if not sentence.startswith("keep_days"):
        sentence = sentence[:1].upper() + sentence[1:]
    said = f' <span class="soft" title="{text(mark[2:] + proof.rstrip(")"))}">unproven</span>'
    return text(sentence) + (said if mark else "")
