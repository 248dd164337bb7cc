"""Numbers, sizes and names as a person reads them."""

from __future__ import annotations

CONTROL_NAMES = {
    "has_restore_point": "Restore point",
    "recent_restore_point": "Age of newest backup",
    "failures_in_a_row": "Failures in a row",
    "missed_schedule": "Missed schedule",
    "automated_policy_on": "Automated backup",
    "retention_long_enough": "Retention",
    "sync_complete": "Completeness",
    "size_drop": "Size drop",
    "slowdown": "Slowdown",
    "stuck_building": "Stuck backup",
    "orphan_backups": "Orphaned backups",
    "old_manual_backups": "Old manual backups",
    "encrypted": "Encryption",
}


def control_name(control_id: str) -> str:
    """The check's title; an unknown one is told by its id."""
    return CONTROL_NAMES.get(control_id, control_id.replace("_", " "))


def size(gib: float | None) -> str:
    """GiB, from one TiB on TiB."""
    if gib is None:
        return "-"
    return f"{gib / 1024:,.1f} TiB" if gib >= 1024 else f"{gib:,.0f} GiB"


def span(hours: float | None) -> str:
    """Hours up to ten days, days beyond."""
    if hours is None:
        return "-"
    return f"{hours:,.0f} h" if hours < 240 else f"{hours / 24:,.0f} days"


def duration(seconds: float | None) -> str:
    """Seconds, minutes or hours."""
    if seconds is None:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def percent(part: float, whole: float) -> str:
    """A share that is 100 % only when nothing is missing."""
    if not whole:
        return "-"
    share = 100 * part / whole
    return f"{min(share, 99.9) if part < whole else share:.1f} %".replace("100.0", "100")


def counted(number: float, noun: str, plural: str = "") -> str:
    """`1 backup`, `2,000 backups`."""
    return f"{number:,.0f} {noun if number == 1 else plural or noun + 's'}"
