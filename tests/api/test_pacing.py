"""The pacer against every kind of limit, on a virtual clock."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import pytest

from tap_dds_backups.api.pacing import Pacer, Ticket
from tap_dds_backups.api.throttling import RateLimit
from tap_dds_backups.emulator.throttle import Throttle
from tests.api.throttled import Trial

LIMITS = {"60 a minute": (60, 60.0), "600 a minute": (600, 60.0), "10 a second": (10, 1.0), "200 in 5": (200, 300.0)}  # fmt: skip
Window = Literal["fixed", "sliding"]
Told = Literal["none", "seconds"]

every_window = pytest.mark.parametrize("window", ["fixed", "sliding"])
every_hint = pytest.mark.parametrize("told", ["none", "seconds"])
announced_or_not = pytest.mark.parametrize("announced", [True, False])


def throttle(limit: str, window: Window, told: Told, *, announced: bool) -> Throttle:
    """The limit by its name."""
    calls, seconds = LIMITS[limit]
    return Throttle(calls, seconds, window=window, retry_after=told, announced=announced)


def is_silent(told: Told, *, announced: bool) -> bool:
    """Nothing is said of the limit, ever."""
    return told == "none" and not announced


@every_window
@every_hint
@announced_or_not
class TestLimits:
    """Nothing is known of the limit before the first refusal."""

    @pytest.mark.parametrize(
        ("limit", "latency"),
        [
            ("60 a minute", 0.05),
            ("60 a minute", 0.3),
            ("600 a minute", 0.05),
            ("600 a minute", 0.3),
            ("10 a second", 0.05),
            ("200 in 5", 0.05),
            ("200 in 5", 0.3),
        ],
    )
    @pytest.mark.parametrize("calls", [300, 1000, 3000])
    def test_a_limit(
        self, limit: str, latency: float, calls: int, window: Window, told: Told, *, announced: bool
    ) -> None:
        """95 % of the allowed rate, 3 % refused, nothing sent before a Retry-After.

        Eight of the refusals are the requests in flight when the limit is met. Where nothing is
        ever said, finding out that a window has five minutes costs two more, which is above 3 % of
        300 calls: there 400 are made.
        """
        if limit == "200 in 5" and is_silent(told, announced=announced):
            calls = max(calls, 400)
        service = throttle(limit, window, told, announced=announced)
        course = Trial(service, calls, latency=latency, blur=latency / 3).run()
        assert course.too_early == 0
        assert course.share_refused <= 0.03
        assert course.share_of(*LIMITS[limit]) >= 0.95

    @pytest.mark.parametrize("limit", LIMITS)
    @pytest.mark.parametrize("calls", [400, 600, 3000])
    def test_a_limit_that_drops_by_half(
        self, limit: str, calls: int, window: Window, told: Told, *, announced: bool
    ) -> None:
        """The same where the limit drops in the middle of the run."""
        calls = max(calls, 2 * LIMITS[limit][0])
        service = throttle(limit, window, told, announced=announced)
        course = Trial(service, calls, drops_after=calls // 2).run()
        assert course.too_early == 0
        assert course.share_refused <= 0.03
        assert course.share_of(*LIMITS[limit]) >= 0.95

    @pytest.mark.parametrize(
        ("latency", "blur", "share"),
        [(0.1, 0.1, 0.95), (0.3, 0.1, 0.92), (0.3, 0.3, 0.85), (0.5, 0.2, 0.7)],
    )
    def test_a_short_window_from_afar(
        self,
        latency: float,
        blur: float,
        share: float,
        window: Window,
        told: Told,
        *,
        announced: bool,
    ) -> None:
        """Ten a second over ways that take longer or shorter: few refusals, and no standstill."""
        service = throttle("10 a second", window, told, announced=announced)
        course = Trial(service, 1000, latency=latency, blur=blur).run()
        assert course.share_refused <= 0.02
        assert course.share_of(10, 1.0) >= share

    @pytest.mark.parametrize("limit", ["60 a minute", "10 a second"])
    def test_sixteen_in_flight(
        self, limit: str, window: Window, told: Told, *, announced: bool
    ) -> None:
        """Twice as many in flight: up to sixteen are refused when the limit is met."""
        service = throttle(limit, window, told, announced=announced)
        course = Trial(service, 700, concurrency=16).run()
        assert course.share_refused <= 0.03
        assert course.share_of(*LIMITS[limit]) >= 0.95

    def test_refusals_that_count(self, window: Window, told: Told, *, announced: bool) -> None:
        """Where refused calls fill the window too, asking again and again would never end."""
        service = throttle("60 a minute", window, told, announced=announced)
        service.counts_refused = True
        course = Trial(service, 1000).run()
        assert course.share_refused <= 0.03
        assert course.share_of(60, 60.0) >= 0.9

    def test_a_limit_shared_with_others(
        self, window: Window, told: Told, *, announced: bool
    ) -> None:
        """Another program takes a third of the calls: well over half of the rest is used."""
        service = throttle("60 a minute", window, told, announced=announced)
        course = Trial(service, 1000, others_a_second=1 / 3).run()
        assert course.too_early == 0
        assert course.share_refused <= 0.08
        assert course.share_of(40, 60.0) >= 0.6


@every_window
def test_a_drop_shows_in_two_refusals(window: Window) -> None:
    """The second try after a refusal was refused as well: no accident, even long after the first."""
    service = throttle("10 a second", window, "none", announced=False)
    course = Trial(service, 300, drops_after=150).run()
    assert course.refused <= 8 + 2  # in flight when the limit was met, and when it dropped


@every_window
def test_two_tries_find_out_five_minutes(window: Window) -> None:
    """Where nothing is said: after a second, and once after a minute; the third passes."""
    service = throttle("200 in 5", window, "none", announced=False)
    course = Trial(service, 300, latency=0.3, blur=0.1).run()
    assert course.refused <= 8 + 2


def drive(pacer: Pacer, now: float, answers: int) -> list[Ticket]:
    """Send all that may be sent, answer the oldest; returns what is in flight at the end."""
    flying: list[Ticket] = []
    for _ in range(answers):
        while pacer.wait(now) <= 0:
            flying.append(pacer.sent(now))
        pacer.succeeded(flying.pop(0))
    while pacer.wait(now) <= 0:
        flying.append(pacer.sent(now))
    return flying


class TestInFlight:
    @pytest.mark.parametrize(
        ("answers", "allowed"), [(0, 1), (1, 4), (2, 5), (4, 7), (5, 8), (50, 8)]
    )
    def test_slow_start(self, answers: int, allowed: int) -> None:
        """Four in flight after the first answer, one more per answer, up to the concurrency."""
        pacer = Pacer(8)
        assert len(drive(pacer, 0.0, answers)) == allowed == pacer.allowed
        assert pacer.wait(0.0) == math.inf

    def test_a_refusal_halves_and_a_round_adds_one(self) -> None:
        """From eight to four; then it takes a round of answers for one more."""
        pacer = Pacer(8)
        flying = drive(pacer, 0.0, 20)
        pacer.refused(flying.pop(0), 0.0, told=60)
        for ticket in flying:
            pacer.refused(ticket, 0.0, told=60)
        assert pacer.allowed == 1
        pacer.succeeded(pacer.sent(60.0))
        assert pacer.allowed == 4
        for now in range(100, 103):
            pacer.succeeded(pacer.sent(float(now)))
        assert pacer.allowed == 4
        for now in range(103, 106):
            pacer.succeeded(pacer.sent(float(now)))
        assert pacer.allowed == 5

    def test_requests_in_flight_together_are_refused_once(self) -> None:
        """Eight refusals of one burst mean one wait, that of the first, or the longest told."""
        pacer = Pacer(8)
        flying = drive(pacer, 0.0, 20)
        waits = [pacer.refused(ticket, 1.0) for ticket in flying]
        assert waits == [1.0] * 8
        assert pacer.wait(1.0) == 1.0

    def test_the_longest_retry_after_of_a_burst_counts(self) -> None:
        """A later refusal of the same burst can only lengthen the wait."""
        pacer = Pacer(8)
        flying = drive(pacer, 0.0, 20)
        for ticket, told in zip(flying, [5, 60, 1, 7, 2, 2, 2, 2], strict=True):
            pacer.refused(ticket, 0.0, told=told)
        assert pacer.wait(0.0) == 60

    def test_one_goes_ahead(self) -> None:
        """After a closing one request is sent, and its success lets the others follow."""
        pacer = Pacer(8)
        for ticket in drive(pacer, 0.0, 20):
            pacer.failed(ticket, 0.0, 2.0)
        assert pacer.wait(0.0) == 2.0
        probe = pacer.sent(2.0)
        assert pacer.wait(2.0) == math.inf
        pacer.failed(probe, 2.0, 4.0)
        assert pacer.wait(2.0) == 4.0
        pacer.succeeded(pacer.sent(6.0))
        assert pacer.allowed == 2

    def test_an_old_answer_does_not_open(self) -> None:
        """A success of a request sent before the closing proves nothing."""
        pacer = Pacer(8)
        first, *others = drive(pacer, 0.0, 1)
        pacer.failed(first, 0.0, 5.0)
        for ticket in others:
            pacer.succeeded(ticket)
        assert pacer.wait(0.0) == 5.0
        assert pacer.allowed == 1

    def test_withdrawn_places_are_free_again(self) -> None:
        """What was admitted and not sent does not count as in flight."""
        pacer = Pacer(8)
        for _ in range(20):
            pacer.withdrawn(pacer.sent(0.0))
        assert pacer.wait(0.0) == 0.0


class TestWaits:
    def test_silence_is_asked_soon_then_seldom(self) -> None:
        """Without a word it begins with a second and grows to windows of half an hour."""
        pacer, now, waits = Pacer(1), 0.0, []
        pacer.succeeded(pacer.sent(now))
        while now < 1800:
            waits.append(pacer.refused(pacer.sent(now), now))
            now += waits[-1]
        assert waits[0] <= 5
        assert waits == sorted(waits)
        assert len(waits) <= 6

    @pytest.mark.parametrize(("calls", "expected"), [(60, 50.6), (59, 60.6)])
    def test_an_announced_window(self, calls: int, expected: float) -> None:
        """It ends after the first of our calls in it, or, where others share it, once it is over."""
        pacer = Pacer(1)
        for number in range(calls):
            pacer.succeeded(pacer.sent(number / 6))
        wait = pacer.refused(pacer.sent(10.0), 10.0, limit=RateLimit(60, 60.0))
        assert wait == pytest.approx(expected)

    def test_an_announced_window_that_is_still_full(self) -> None:
        """Refused again after that, the whole window is waited for."""
        pacer = Pacer(1)
        for number in range(60):
            pacer.succeeded(pacer.sent(number / 6))
        limit = RateLimit(60, 60.0)
        now = 10.0 + pacer.refused(pacer.sent(10.0), 10.0, limit=limit)
        assert pacer.refused(pacer.sent(now), now, limit=limit) == pytest.approx(60.6)

    def test_a_first_refusal_at_once_teaches_nothing(self) -> None:
        """A window that others have used up is no measure of the limit."""
        pacer = Pacer(4)
        pacer.refused(pacer.sent(0.0), 0.0, told=50)
        pacer.succeeded(pacer.sent(50.0))
        assert pacer.wait(50.0) == 0.0

    def test_a_failure_teaches_no_rate(self) -> None:
        """An outage between two answers does not make us slow."""
        pacer = Pacer(4)
        for ticket in drive(pacer, 0.0, 50):
            pacer.failed(ticket, 0.0, 20.0)
        pacer.succeeded(pacer.sent(20.0))
        assert len(drive(pacer, 20.0, 20)) == 4


@pytest.mark.parametrize("a_minute", [1, 30, 600, 60_000])
def test_a_ceiling_of_our_own(a_minute: float) -> None:
    """requests_per_minute spaces requests evenly from the first on, whatever the service allows."""
    service = Throttle(10**9, 1.0)
    course = Trial(service, 50, latency=0.001, pacer=Pacer(8, a_minute)).run()
    gaps = [b - a for a, b in pairwise(course.starts)]
    assert min(gaps) >= min(60 / a_minute * 0.5, 60 / a_minute - 0.05)
    assert course.seconds >= 48.5 * 60 / a_minute


def test_a_ceiling_below_the_limit_is_never_refused() -> None:
    """With a ceiling just under the limit nothing is refused at all."""
    service = Throttle(60, 60.0, window="sliding")
    course = Trial(service, 300, pacer=Pacer(8, 59)).run()
    assert course.refused == 0
    assert course.share_of(59, 60.0) >= 0.99


def test_forty_projects_of_one_credential() -> None:
    """Forty projects of 1,000 rows share one pacer: 440 calls at 60 a minute, 3 % refused."""
    course = Trial(Throttle(60, 60.0, announced=False), 40 * 11).run()
    assert course.share_refused <= 0.03
    assert course.share_of(60, 60.0) >= 0.95
