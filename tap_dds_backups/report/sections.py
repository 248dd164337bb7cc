"""The parts of the page below the findings: outcomes, ages, storage, speed, hours, costs, checks."""

from __future__ import annotations

from collections.abc import Sequence

from tap_dds_backups.report.answers import Answers, Row
from tap_dds_backups.report.charts import area, bar, heat, shares, spark
from tap_dds_backups.report.markup import folded, scrolled, section, severity, table, text
from tap_dds_backups.report.outcomes import calendar
from tap_dds_backups.report.words import control_name, counted, duration, percent, size, span

AGES_SHOWN = 12
COSTS_SHOWN = 15


def outcomes(answers: Answers) -> str:
    """Ninety days at a glance."""
    return section(
        "outcomes",
        "Backups by day",
        f"Automated backups of the last 90 days, to {answers.scope['today']}, days in {text(answers.scope['time_zone'])}. A day is judged once its window is over.",
        calendar(answers.instances, answers.days),
    )


def ages(answers: Answers) -> str:
    """Age of the newest restorable full backup against each instance's own limit."""
    judged = [
        row
        for row in answers.instances
        if row["is_live"] and not row["is_exempt"] and row["age_ratio"] is not None
    ]
    judged.sort(key=lambda row: -row["age_ratio"])
    rows = "".join(
        f'<tr{" class=over" if row["age_ratio"] > 1 else ""}><th scope="row">{text(row["instance_name"])}</th>'
        f'<td class="bar">{bar(row["age_ratio"])}</td><td class="n">{span(row["newest_age_hours"])}'
        f'{" ▲" if row["age_ratio"] > 1 else ""}</td><td class="n soft">{span(row["rpo_limit_hours"])}</td></tr>\n'
        for row in judged[:AGES_SHOWN]
    )
    without = sum(1 for row in answers.instances if row["has_status"] == "alarm")
    lead = "The line is each instance's own limit. Incremental backups shorten the real loss."
    if without:
        lead += f" {counted(without, 'instance has', 'instances have')} no restorable backup at all and no bar."
    more = len(judged) - AGES_SHOWN
    rest = (
        f'<p class="soft">{counted(more, "more instance")}, all younger against their limit.</p>'
        if more > 0
        else ""
    )
    if not judged:
        return section("ages", "Age of the newest full backup", lead)
    body = (
        '<table class="ages"><caption class="hidden">Age of the newest full backup</caption><thead><tr>'
        '<th scope="col">instance</th><th scope="col">share of its limit</th><th scope="col" class="n">age</th>'
        f'<th scope="col" class="n">limit</th></tr></thead><tbody>{rows}</tbody></table>{rest}'
    )
    return section("ages", "Age of the newest full backup", lead, body)


def held(answers: Answers) -> str:
    """What is held, and how it grows."""
    days, tiles = answers.held, answers.tiles
    growth = (days[-1]["held_gib"] or 0) - (days[-31]["held_gib"] or 0) if len(days) > 30 else 0
    sign = "more" if growth >= 0 else "less"
    lead = f"{size(tiles['held_gib'])} in restorable full backups, {size(abs(growth))} {sign} than 30 days ago."
    if tiles["free_gib"]:
        lead += f" Free allowance of the live instances: {size(tiles['free_gib'])}."
    unproven = any(row["listing_state"] != "recent" for row in answers.listings)
    caption = "Days before the first loaded backup are empty. " if unproven else ""
    caption += (
        "Without a recent full listing, backups that expired still count." if unproven else ""
    )
    return section(
        "held",
        "Backups held",
        lead,
        f"<figure>{area(days, tiles['free_gib'])}<figcaption>{caption}</figcaption></figure>",
    )


def speeds(answers: Answers) -> str:
    """Throughput of the last runs, those that slow down first."""
    by_id = {row["instance_id"]: row for row in answers.instances}
    items = []
    for run in answers.runs:
        one = by_id[run["instance_id"]]
        slow = one["speed_change"] is not None and one["speed_change"] < -0.3
        told = f"{duration(one['recent_duration_s'])}, {one['recent_mib_per_s']:.0f} MiB/s"
        told += f" ▼ {-100 * one['speed_change']:.0f} %" if slow else ""
        drawn = spark(
            run["speeds"],
            f"Speed of the last {len(run['speeds'])} runs since {run['first_day']}, MiB/s",
        )
        items.append(
            f"<li{' class=slow' if slow else ''}><b>{text(one['instance_name'])}</b><span>{told}</span>{drawn}</li>"
        )
    if not items:
        return ""
    lead = "MiB/s of up to 60 runs, from zero up. Those that slow down come first, then the longest. ▼ compares the last 7 runs with those a month before."
    return section("speeds", "Speed", lead, f'<ul class="speeds">{"".join(items)}</ul>')


def hours(answers: Answers) -> str:
    """Where windows pile up."""
    most = max((row["running"] for row in answers.hours), default=0)
    lead = f"Backups running in each hour of the last 7 days, {text(answers.scope['time_zone'])}; at most {most}."
    return section("hours", "Hours of the day", lead, heat(answers.hours))


def costs(answers: Answers) -> str:
    """Who holds more than comes free."""
    paying = sorted(
        (row for row in answers.instances if row["billable_gib"]),
        key=lambda row: -row["billable_gib"],
    )
    if not paying:
        return ""
    rows = [_cost(row) for row in paying[:COSTS_SHOWN]]
    columns = [
        ("instance", ""),
        ("held", "n"),
        ("free", "n"),
        ("above it", "n"),
        ("held, manual", "n"),
        ("manual, over 90 days", "n"),
    ]
    rest = paying[COSTS_SHOWN:]
    more = (
        f'<p class="soft">{counted(len(rest), "more instance")} with {size(sum(row["billable_gib"] for row in rest))} above their allowance.</p>'
        if rest
        else ""
    )
    lead = f"{size(answers.tiles['billable_gib'])} lie above the free allowance (an instance's disk size). Backups of an instance that is gone have none."
    return section(
        "costs",
        "What it costs",
        lead,
        scrolled(
            "Storage above the allowance", table("Storage above the free allowance", columns, rows)
        ),
        more,
    )


def _cost(row: Row) -> tuple[str, ...]:
    gone = "" if row["is_live"] else ' <span class="soft">(gone)</span>'
    return (
        text(row["instance_name"]) + gone,
        size(row["held_gib"]),
        size(row["free_gib"] if row["is_live"] else 0),
        size(row["billable_gib"]),
        size(row["manual_gib"]),
        counted(row["old_manual_count"], "backup") if row["old_manual_count"] else "-",
    )


def controls(answers: Answers) -> str:
    """Each check over all instances, and every instance's scorecard behind a fold."""
    rows = [
        (
            severity(row["severity"]),
            text(control_name(row["control_id"])),
            shares(row["alarm"], row["ok"], row["skip"]),
            f"{row['alarm']:,}",
            f"{row['ok']:,}",
            f"{row['skip']:,}",
        )
        for row in answers.controls
    ]
    columns = [
        ("severity", ""),
        ("check", ""),
        ("", "bar"),
        ("alarm", "n"),
        ("ok", "n"),
        ("not judged", "n"),
    ]
    body = scrolled("All checks", table("Checks by outcome", columns, rows))
    return section(
        "controls",
        "All checks",
        "How many instances each check alarms for, passes, and cannot judge.",
        body,
        folded(f"Every instance ({len(answers.instances):,})", _scorecards(answers.instances)),
    )


def _scorecards(instances: Sequence[Row]) -> str:
    rows = (
        (
            text(row["instance_name"]),
            text(row["newest_at"]),
            span(row["newest_age_hours"]),
            f"{row['restore_points']:,}",
            text(row["keep_days"]),
            size(row["held_gib"]),
            percent(row["completed_30d"], row["completed_30d"] + row["failed_30d"]),
            text(", ".join(map(control_name, row["alarming"] or ())) or _state(row)),
        )
        for row in instances
    )
    columns = [
        ("instance", ""),
        ("newest full backup", ""),
        ("age", "n"),
        ("restorable", "n"),
        ("days kept", "n"),
        ("held", "n"),
        ("success, 30 d", "n"),
        ("alarms", "n"),
    ]
    return scrolled("Every instance", table("Scorecard of every instance", columns, rows))


def _state(row: Row) -> str:
    if not row["is_live"]:
        return "gone"
    return "exempt" if row["is_exempt"] else "none"
