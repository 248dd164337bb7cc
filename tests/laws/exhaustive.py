"""Everything that can happen to small lists: `python -m tests.laws.exhaustive --mutations 3`.

Prints a line for each world and its sum; exits with 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from typing import NamedTuple

from tap_dds_backups.api.paging import scan
from tests.laws.explore import Tally, explore
from tests.laws.worlds import Campaign, campaigns

PROCESSES = 2


class Outcome(NamedTuple):
    """What came of one campaign, and how long it took, in seconds."""

    campaign: Campaign
    tally: Tally
    seconds: float

    def __str__(self) -> str:
        tally = self.tally
        return (
            f"{self.campaign.name:70} {tally.runs:>9} runs, lost {tally.lost}, unsafe {tally.unsafe},"
            f" out of order {tally.disordered}, twice {tally.repeated}, endless {tally.endless},"
            f" refused {tally.refused}, {self.seconds:.1f} s"
        )


def outcome(campaign: Campaign) -> Outcome:
    """Drive the shipped scan through a campaign."""
    started = time.perf_counter()
    tally = explore(scan, campaign.world, campaign.starts())
    return Outcome(campaign, tally, time.perf_counter() - started)


def outcomes(wanted: Iterable[Campaign], processes: int = PROCESSES) -> Iterator[Outcome]:
    """Drive the scan through campaigns, the largest first, on all processors."""
    largest_first = sorted(wanted, key=lambda campaign: -campaign.rows)
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(outcome, largest_first)


def main() -> int:
    """Run all worlds and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=2, help="changes during one scan (2)")
    parser.add_argument("--more-rows", type=int, default=0, help="rows beyond the short form (0)")
    options = parser.parse_args()
    total = Tally()
    for each in outcomes(campaigns(options.mutations, more_rows=options.more_rows)):
        print(each, flush=True)  # noqa: T201  # its output is its use
        total.add(each.tally)
    print(f"{total.runs} runs, {total.broken} broken, {total.refused} refused")  # noqa: T201  # its figures
    for fault, example in total.examples.items():
        print(f"{fault}: {example}")  # noqa: T201  # its figures
    return 1 if total.broken else 0


if __name__ == "__main__":
    sys.exit(main())
