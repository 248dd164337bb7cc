"""How far apart pages may be read ahead, judged by a page that was read. Pure.

A plan is a guess: a page that turns out not to reach is not used, and costs a request in vain.
"""

from __future__ import annotations

from collections import Counter

from tap_dds_backups.api.judging import Held


def step(page: Held) -> tuple[int, int]:
    """Return how far apart pages may lie where the list goes on like this page, and a margin.

    Each page should hold a row older than the second at whose begin_time the page before it
    ended. Where all seconds hold as many rows, whole seconds are stepped over, as many as fit
    between two rows, and all pages but the first may lie older by the margin, so that small
    differences do no harm. Otherwise pages overlap by the largest second and a row.

    (0, 0) where nobody can tell: a crowded second begins here, or one fills the page.
    """
    groups = list(Counter(page.begins).values())
    cut = groups.pop(0) if groups and page.offset else 0  # more of it may lie before this page
    whole = groups[:-1]
    largest = max(whole, default=0)
    if not largest or cut > max(largest, page.limit // 4):
        return 0, 0
    if min(whole) == largest >= cut:
        stride = (page.limit - 2) // largest * largest
        return stride, max(0, (page.limit - stride) // 2 - 1) if stride else 0
    return page.limit - min(1 + max(largest, cut), page.limit // 2), 0
