"""Everything that can happen to lists of up to seven rows, through the shipped scan."""

from __future__ import annotations

import pytest

from tap_dds_backups.api.paging import scan
from tests.laws.broken import BROKEN
from tests.laws.exhaustive import outcomes
from tests.laws.explore import ScanMaker, Tally, explore
from tests.laws.worlds import Campaign, campaigns

AT_LEAST = 500_000
QUICK = ("deletions;", "new and late rows;", "left out, filled up;")


class TestNothingIsLost:
    """Every backup that is visible for the whole sync is written, in order, and every STATE is safe."""

    @pytest.mark.laws
    def test_every_world(self) -> None:
        """Two changes placed anywhere in any world break no promise; only a lie may be refused."""
        total = Tally()
        for campaign, tally, _ in outcomes(campaigns()):
            assert not tally.broken, (campaign.name, tally.examples)
            assert campaign.lies or not tally.refused, (campaign.name, tally.examples)
            total.add(tally)
        print(f"{total.runs} runs, {total.requests} requests, {total.refused} refused")  # noqa: T201  # its figures
        assert total.runs >= AT_LEAST

    @pytest.mark.parametrize(
        "campaign",
        [each for each in campaigns() if each.name.startswith(QUICK) and each.world.limit == 3],
        ids=lambda campaign: campaign.name,
    )
    def test_quick_worlds(self, campaign: Campaign) -> None:
        """A few worlds in each run of the tests."""
        tally = explore(scan, campaign.world, campaign._replace(rows=5).starts())
        assert not tally.broken, tally.examples
        assert tally.runs > len(list(campaign._replace(rows=5).starts()))


@pytest.mark.parametrize(
    ("broken", "world", "fault"),
    [case[1:] for case in BROKEN],
    ids=[f"{what}: {fault}" for what, _, _, fault in BROKEN],
)
def test_broken_scan_is_caught(broken: ScanMaker, world: str, fault: str) -> None:
    """A scan without one of its witnesses shows the fault, in a world that the shipped one passes."""
    tried = [each for each in campaigns() if each.name.startswith(f"{world};")]
    for campaign in tried:
        small = campaign._replace(rows=min(campaign.rows, 5))
        if getattr(explore(broken, small.world, small.starts(), until=fault), fault):
            return
    pytest.fail("the harness does not see what is missing")
