"""What a number of instances costs: rows, calls, hours. Prints the tables of docs/scale.md.

    python docs/scale.py --instances 2500 --per-minute 120 --keep-days 30

Without arguments: the account of that page. Hours are those in which the limit lets the calls
through, while nothing else uses it.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from math import ceil
from pathlib import Path

PAGE = 98  # new rows of a full page: two of its hundred are its neighbours' too
ONE_CALL = 99  # rows that the first call brings
INSTANCES_PAGE = 100
DAY = 24  # hours
INTERVALS = (1, 3, 7, 24)  # hours
PAGE_OF_DOCS = Path(__file__).with_suffix(".md")


@dataclass(frozen=True, slots=True)
class Account:
    """An account, its limit in calls a minute, and the tap's settings that decide about calls."""

    instances: int = 10_000
    per_day: int = 288  # incremental backups of an instance
    keep_days: int = 7
    per_minute: int = 60
    projects: int = 1
    lookback_hours: float = 24.0
    incremental_lookback_hours: float = 1.0
    window_days: int = 7

    def hours(self, calls: int) -> float:
        """How long the limit makes so many calls take."""
        return calls / self.per_minute / 60


def scan(rows: int) -> int:
    """Calls, at most, that a list of so many rows takes in one partition."""
    return 1 if rows <= ONE_CALL else ceil(rows / PAGE) + 1


def backups(account: Account, hours: float) -> int:
    """Calls for the full backups of so many hours, one a day and instance."""
    each = account.instances / account.projects
    return account.projects * scan(ceil(each * hours / DAY))


def instances(account: Account) -> int:
    """Calls for the list of instances, which every stream that asks per instance needs."""
    return account.projects * (account.instances // account.projects // INSTANCES_PAGE + 1)


def incrementals(account: Account, hours: float) -> int:
    """Calls for the incremental backups of so many hours, without the list of instances."""
    return account.instances * scan(ceil(account.per_day * hours / DAY))


def first(account: Account) -> int:
    """Calls of a first run with `backups` and `incremental_backups`: everything that is kept."""
    hours = account.keep_days * DAY
    return backups(account, hours) + instances(account) + incrementals(account, hours)


def later(account: Account, every: float) -> int:
    """Calls of each later run of the two, `every` so many hours."""
    full = backups(account, every + account.lookback_hours)
    new = incrementals(account, every + account.incremental_lookback_hours)
    return full + instances(account) + new


def users(account: Account, every: float) -> int:
    """IAM users among whom the calls of a run fit into its interval, a fifth left free."""
    return ceil(account.hours(later(account, every)) / (every * 0.8))


def first_runs(account: Account) -> Iterable[Sequence[str]]:
    """The first run, by what the service keeps."""
    yield ("Days kept", "Rows", "Calls", "Hours", "Days")
    for days in dict.fromkeys((account.keep_days, 30, 732)):
        kept = replace(account, keep_days=days)
        rows = kept.instances * days * (1 + kept.per_day)
        calls = first(kept)
        hours = kept.hours(calls)
        yield (str(days), whole(rows), whole(calls), whole(hours), f"{hours / DAY:,.1f}")


def later_runs(account: Account) -> Iterable[Sequence[str]]:
    """Each later run, by its interval."""
    yield ("Every", "Rows read", "New", "Calls", "Minutes", "Of the limit", "Users")
    for every in INTERVALS:
        new = account.instances * every * (1 + account.per_day) / DAY
        again = account.lookback_hours + account.incremental_lookback_hours * account.per_day
        rows = new + account.instances * again / DAY
        calls = later(account, every)
        hours = account.hours(calls)
        share = f"{hours / every:.0%}"
        told = (whole(rows), whole(new), whole(calls), whole(hours * 60), share)
        yield (f"{every} h", *told, str(users(account, every)))


def streams(account: Account) -> Iterable[Sequence[str]]:
    """One run of each stream, after an hour."""
    listing = instances(account)
    calls = {
        "`backups`": backups(account, 1 + account.lookback_hours),
        "`instances`": listing,
        "`backup_policies`": account.instances + listing,
        "`incremental_backups`": later(account, 1) - backups(account, 1 + account.lookback_hours),
        "`restore_windows`": account.instances * account.window_days + listing,
        "`backup_syncs`": 0,
    }
    yield ("Stream", "Calls", "Minutes")
    for name, each in calls.items():
        yield (name, whole(each), whole(account.hours(each) * 60))


def limits(account: Account) -> Iterable[Sequence[str]]:
    """The hourly run and the first one under other limits."""
    yield ("Calls a minute", "First run, hours", "Hourly run, minutes", "Fits into the hour")
    for limit in dict.fromkeys((account.per_minute, 600, 8_000)):
        other = replace(account, per_minute=limit)
        minutes = other.hours(later(other, 1)) * 60
        fits = "yes" if minutes <= 60 else "no"
        yield (whole(limit), f"{other.hours(first(other)):,.1f}", f"{minutes:,.1f}", fits)


TABLES = {"first": first_runs, "later": later_runs, "streams": streams, "limits": limits}


def table(rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, numbers to the right."""
    head, *body = rows
    marks = ["---", *["--:"] * (len(head) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, marks, *body))


def whole(number: float) -> str:
    """A whole number, its thousands marked."""
    return f"{ceil(number):,}"


def page(text: str) -> str:
    """The page with each table as the formulas have it."""
    for name, rows in TABLES.items():
        place = f"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)"
        text = re.sub(place, table(rows(Account())), text, flags=re.DOTALL)
    return text


def main(arguments: Sequence[str]) -> None:
    """Print the tables for the account that the arguments describe."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for each in fields(Account):
        option = f"--{each.name.replace('_', '-')}"
        parser.add_argument(option, type=type(each.default), default=each.default)
    parser.add_argument("--write", action="store_true", help="write them into docs/scale.md")
    given = vars(parser.parse_args(arguments))
    if given.pop("write"):
        PAGE_OF_DOCS.write_text(page(PAGE_OF_DOCS.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        told = [table(rows(Account(**given))) for rows in TABLES.values()]
        sys.stdout.write("\n".join(told))


if __name__ == "__main__":
    main(sys.argv[1:])
