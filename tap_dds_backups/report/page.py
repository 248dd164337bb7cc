"""One self-contained HTML page: no script, no network, light and dark, screen and paper."""

from __future__ import annotations

from importlib.resources import files

from tap_dds_backups import __version__
from tap_dds_backups.report import sections
from tap_dds_backups.report.answers import Answers
from tap_dds_backups.report.findings import attention
from tap_dds_backups.report.markup import section, symbols, text
from tap_dds_backups.report.words import counted, percent, size

_DEFINITIONS = (
    (
        "Restorable",
        "A full backup, automated or manual, with status COMPLETED that is still present.",
    ),
    (
        "Present",
        "Shown by its project's newest full listing, or first seen after it. Without a full listing, or 8 days after it, a backup that was seen counts as present, and the finding says so.",
    ),
    (
        "Age",
        "From the begin of the newest restorable full backup to the time of this report: data is as of the begin. Incremental backups and point-in-time restore shorten the real loss.",
    ),
    (
        "Limit",
        "26 hours, or what the backup policy's weekdays allow, or the instance's own objective.",
    ),
    (
        "Missed",
        "The policy's window is over and no automated backup began, whatever became of it. Where the policy was not loaded, weekdays are taken from the backups of four weeks.",
    ),
    (
        "Success",
        "COMPLETED against COMPLETED and FAILED full backups of 30 days. Others do not count.",
    ),
    (
        "Slow, shrunken",
        "The last 7 runs against runs 31 to 60; the newest size against the mean of the 14 before.",
    ),
    (
        "Free allowance",
        "The instance's disk size; what is held above it is billed. Sizes are as the service reports them, 1 GiB = 1,048,576 KB.",
    ),
)
_NOT_EVIDENCED = (
    ("That a restore works", "No restore test is in this data."),
    ("Copies elsewhere", "Cross-region copies are not in the backup list."),
    ("Protection from deletion", "Whether someone could delete these backups is not told."),
    ("Why a backup failed", "The list has a status and no cause."),
)


def page(answers: Answers) -> str:
    """The whole page, some hundred KB for a thousand instances."""
    style = (files("tap_dds_backups.report") / "style.css").read_text(encoding="utf-8")
    body = "".join(
        (
            attention(answers),
            sections.outcomes(answers),
            f'<div class="pair">{sections.ages(answers)}{sections.held(answers)}</div>',
            sections.speeds(answers),
            sections.hours(answers),
            sections.costs(answers),
            sections.controls(answers),
            _definitions(),
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer"><link rel="icon" href="data:,">'
        f"<title>DDS backups, {text(answers.scope['as_of'])}</title><style>{style}</style></head>\n"
        f'<body>{symbols()}<a class="skip" href="#attention">To what needs attention</a>'
        f"{_header(answers)}<main>{_tiles(answers)}{body}</main>"
        f"<footer>Made by tap-dds-backups {text(__version__)} from backups read up to"
        f" {text(answers.scope['extracted_at'])}. This file needs no network.</footer></body></html>\n"
    )


def verdict(answers: Answers) -> str:
    """The one sentence on top: how many databases are outside their limit."""
    tiles = answers.tiles
    outside = tiles["judged"] - tiles["inside"]
    if not tiles["judged"]:
        return "No live instance could be judged."
    if outside:
        return (
            f"{outside:,} of {counted(tiles['judged'], 'database')} {'has' if outside == 1 else 'have'}"
            " no recent backup to restore from."
        )
    if tiles["critical"] + tiles["high"]:
        return f"Every database has a recent backup; {counted(tiles['critical'] + tiles['high'], 'serious finding')} need{'s' if tiles['critical'] + tiles['high'] == 1 else ''} a look."
    return "Every database has a recent backup to restore from."


def proof(answers: Answers) -> str:
    """What the presence of backups rests on; empty where every project was listed lately."""
    unproven = [row for row in answers.listings if row["listing_state"] != "recent"]
    if not unproven:
        return ""
    old = [row["listed_at"] for row in unproven if row["listed_at"]]
    since = f" since {min(old)}" if old and len(old) == len(unproven) else ""
    where = (
        ""
        if len(unproven) == len(answers.listings)
        else f" in {counted(len(unproven), 'project')} of {len(answers.listings)}"
    )
    return (
        f"Which backups still exist is unproven{where}{since}: every backup that was seen counts as"
        " present. A FULL_TABLE run, with the stream backup_syncs, proves it."
    )


def _header(answers: Answers) -> str:
    scope = answers.scope
    live = counted(scope["live"], "live instance")
    gone = scope["instances"] - scope["live"]
    parts = [live + (f", {gone:,} gone" if gone else "")]
    if scope["projects"] > 1:
        parts.append(counted(scope["projects"], "project"))
    if scope["regions"]:
        parts.append(text(scope["regions"]))
    since = f" since {scope['first_day']}" if scope["first_day"] else ""
    parts.append(f"{counted(scope['backups'], 'backup')} seen{since}")
    note = f'<p class="note">{text(proof(answers))}</p>' if proof(answers) else ""
    return (
        f'<header class="top"><h1>DDS backups as of <time datetime="{text(scope["as_of_exact"])}">'
        f"{text(scope['as_of'])}</time> {text(scope['time_zone'])}</h1>"
        f'<p class="verdict">{text(verdict(answers))}</p><p class="lead">{" · ".join(parts)}</p>{note}</header>'
    )


def _tiles(answers: Answers) -> str:
    tiles = answers.tiles
    ended = (tiles["completed_30d"] or 0) + (tiles["failed_30d"] or 0)
    serious = tiles["critical"] + tiles["high"]
    shown = (
        (
            f"{tiles['inside']:,}<small> of {tiles['judged']:,}</small>",
            "databases inside their limit for the newest full backup",
            tiles["inside"] < tiles["judged"],
        ),
        (
            percent(tiles["completed_30d"] or 0, ended),
            f"of {ended:,} backups in 30 days succeeded",
            False,
        ),
        (
            f"{serious:,}",
            f"serious findings: {tiles['critical']:,} critical, {tiles['high']:,} high",
            serious > 0,
        ),
        (size(tiles["held_gib"]), "held in restorable backups", False),
        (
            size(tiles["billable_gib"]),
            "above the free allowance"
            if tiles["billable_gib"] is not None
            else "above the free allowance: load instances to know",
            False,
        ),
    )
    items = "".join(
        f"<li><strong{' class=bad' if bad else ''}>{number}</strong><span>{words}</span></li>"
        for number, words, bad in shown
    )
    return f'<ul class="tiles" aria-label="In short">{items}</ul>'


def _definitions() -> str:
    def listed(pairs: tuple[tuple[str, str], ...]) -> str:
        return "<dl>" + "".join(f"<dt>{text(a)}</dt><dd>{text(b)}</dd>" for a, b in pairs) + "</dl>"

    return section("definitions", "What the words mean", "", listed(_DEFINITIONS)) + section(
        "limits", "Not evidenced here", "", listed(_NOT_EVIDENCED)
    )
