"""Reading ahead with real threads: what is read, in which order, and who gets to know."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from random import Random

import pytest

from tap_dds_backups.api.errors import ServiceUnavailable
from tap_dds_backups.api.listings import OneByOne, Waiting
from tap_dds_backups.api.models import Page, PageRequest, Window
from tap_dds_backups.api.readahead import ReadAhead

WINDOW = Window("2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00")
LATER_WINDOW = Window("2026-01-01T00:00:00+00:00", "2026-02-01T00:00:05+00:00")
PATIENCE_SECONDS = 20.0
ENDLESS = 1e9  # seconds that no page takes


class Listing:
    """Answers with the offset as total_count; `gate` holds back all requests, `reads` lists them.

    `during` is called in each request, on the thread that makes it.
    """

    def __init__(self, key: str = "a", during: Callable[[PageRequest], None] | None = None) -> None:
        self.key = key
        self.gate = threading.Event()
        self.gate.set()
        self.reads: list[int] = []
        self.running = self.most = 0
        self._during = during
        self._lock = threading.Lock()

    def page(self, request: PageRequest, window: Window) -> Page:  # noqa: ARG002  # a Source's
        """Answer once the gate is open."""
        with self._lock:
            self.reads.append(request.offset)
            self.running += 1
            self.most = max(self.most, self.running)
        try:
            assert self.gate.wait(PATIENCE_SECONDS), "the gate was never opened"
            if self._during is not None:
                self._during(request)
            return Page((), request.offset, received=time.monotonic())
        finally:
            with self._lock:
                self.running -= 1


class Recorded(Listing):
    """Notes in `order` that its turn has come."""

    def __init__(self, key: str, order: list[str]) -> None:
        super().__init__(key, lambda _: order.append(key))


@contextmanager
def reading(
    threads: int, allowed: Callable[[], int] | None = None, *, quick_seconds: float = 0.0
) -> Iterator[ReadAhead]:
    """A reader that is closed at the end; to most tests no page is quick."""
    pages = ReadAhead(threads, allowed or (lambda: threads), quick_seconds=quick_seconds)
    try:
        yield pages
    finally:
        pages.close()


def asked(
    pages: ReadAhead | OneByOne,
    listing: Listing,
    offset: int,
    ahead: Sequence[int] = (),
    *,
    fresh: bool = False,
    window: Window = WINDOW,
) -> tuple[Page, list[Waiting]]:
    """The page, and what was said while it was waited for."""
    question = PageRequest(offset, 100, fresh, ahead=tuple(ahead))
    asking = pages.ask(listing, question, window)
    said = []
    while True:
        try:
            said.append(next(asking))
        except StopIteration as done:
            return done.value, said


def readers() -> list[threading.Thread]:
    """The reading threads that live."""
    return [thread for thread in threading.enumerate() if thread.name == "page-reader"]


def nothing_more_happens() -> None:
    """Time for one too many."""
    time.sleep(0.05)


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds; the test fails where it never does."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.001)


def rests(pages: ReadAhead) -> bool:
    """Nothing is in flight: a page's place is free a little later than its listing has answered."""
    with pages._lock:
        return not pages._jobs.in_flight


@pytest.mark.parametrize("threads", [0, 1, 4])
def test_each_question_gets_its_own_page(threads: int) -> None:
    """Whoever reads, the page is the one that was asked for."""
    listing = Listing()
    offsets = [300, 200, 100, 0]
    with reading(threads) if threads else nullcontext(OneByOne()) as pages:
        got = [asked(pages, listing, o, offsets[n + 1 :])[0] for n, o in enumerate(offsets)]
    assert [page.total_count for page in got] == offsets
    assert sorted(listing.reads) == sorted(offsets), "each was read once"


def test_one_thread_reads_nothing_ahead() -> None:
    """With a concurrency of 1 there is one request for each question, when it is asked."""
    listing = Listing()
    with reading(1) as pages:
        asked(pages, listing, 300, [200, 100])
        asked(pages, listing, 200, [100])
        nothing_more_happens()
    assert listing.reads == [300, 200]


def test_a_page_is_handed_over_once() -> None:
    """Who asks for the same place again gets another reading of it."""
    listing = Listing()
    with reading(4) as pages:
        first, _ = asked(pages, listing, 300)
        assert asked(pages, listing, 300)[0].received > first.received


def test_pages_ahead_are_read_while_nobody_asks() -> None:
    """What a question names as wanted next is read without being asked for."""
    listing = Listing()
    with reading(4) as pages:
        asked(pages, listing, 300, [200, 100, 0])
        eventually(lambda: sorted(listing.reads) == [0, 100, 200, 300])
        assert asked(pages, listing, 200)[0].total_count == 200
    assert listing.reads.count(200) == 1


@pytest.mark.parametrize("still_in_flight", [False, True])
def test_a_fresh_page_is_younger_than_its_question(still_in_flight: bool) -> None:
    """A question for a fresh page is never answered by what was begun before it."""
    listing = Listing()
    with reading(4) as pages:
        asked(pages, listing, 300)
        listing.gate.clear() if still_in_flight else None
        pages.expect(listing, PageRequest(200, 100), WINDOW)
        eventually(lambda: listing.reads.count(200) == 1 and listing.running == still_in_flight)
        moment = time.monotonic()
        if still_in_flight:
            threading.Timer(0.05, listing.gate.set).start()
        page, _ = asked(pages, listing, 200, fresh=True)
    assert listing.reads.count(200) == 2
    assert page.received > moment


def test_at_most_twice_the_threads_are_held() -> None:
    """However far ahead the scan looks, 2 x threads pages are in flight or waiting."""
    listing = Listing()
    places = list(range(5000, 0, -100))
    with reading(3) as pages:
        asked(pages, listing, places[0], places[1:])
        eventually(lambda: len(listing.reads) >= 6 and rests(pages))
        nothing_more_happens()
        assert len(listing.reads) == 6, "the one asked for, and five more"
        asked(pages, listing, places[1], places[2:])
        eventually(lambda: len(listing.reads) == 7)
    assert listing.most <= 3


def test_no_more_in_flight_than_allowed() -> None:
    """While one request is allowed, one is in flight, though there are more threads."""
    listing = Listing()
    places = [500, 400, 300, 200, 100]
    with reading(4, lambda: 1) as pages:
        for number, offset in enumerate(places):
            asked(pages, listing, offset, places[number + 1 :])
    assert listing.most == 1


def test_one_request_is_made_even_where_none_is_allowed() -> None:
    """A pacer that allows nothing slows the reading down, but cannot stop it for ever."""
    with reading(4, lambda: 0) as pages:
        assert asked(pages, Listing(), 100, [0])[0].total_count == 100


def test_a_worker_wakes_when_more_becomes_allowed() -> None:
    """Nobody tells that more requests are allowed, and a second one is begun all the same."""
    allowed = 1
    second = threading.Event()

    def during(request: PageRequest) -> None:
        nonlocal allowed
        if request.offset == 0:
            second.set()
        else:
            nothing_more_happens()  # the other worker has found that it may not start
            allowed = 2  # as a pacer would by the clock, while the only request still runs
            assert second.wait(PATIENCE_SECONDS), "nobody began the second request"

    with reading(4, lambda: allowed) as pages:
        assert asked(pages, Listing(during=during), 100, [0])[0].total_count == 100


def test_all_workers_wake_when_much_becomes_allowed() -> None:
    """One answer may allow many more requests: they are begun though nobody asks for a page."""
    allowed = 1
    seen = threading.Event()

    def during(request: PageRequest) -> None:
        nonlocal allowed
        if request.offset < 900:
            assert seen.wait(PATIENCE_SECONDS), "they were never seen all at once"
        else:
            nothing_more_happens()  # the other workers have found that they may not start
            allowed = 4

    listing = Listing(during=during)
    with reading(4, lambda: allowed) as pages:
        asked(pages, listing, 900, [800, 700, 600, 500])
        eventually(lambda: listing.running == 4)
        seen.set()


def test_a_page_is_handed_over_when_it_arrives() -> None:
    """The asking thread is woken by the answer, it does not look for it from time to time."""
    listing = Listing()
    start = time.monotonic()
    with reading(2) as pages:
        for offset in range(10_000, 0, -100):
            asked(pages, listing, offset, fresh=True)
    assert time.monotonic() - start < 5, "100 answers, each awaited for a tenth of a second"


@pytest.mark.parametrize("fresh", [False, True])
def test_a_page_that_waits_its_turn_goes_first_once_asked_for(fresh: bool) -> None:
    """It overtakes what was named before it, and is read once even if it must be fresh."""
    order: list[str] = []
    listings = {key: Recorded(key, order) for key in "abcd"}
    listings["a"].gate.clear()
    with reading(4, lambda: 1) as pages:
        for listing in listings.values():
            pages.expect(listing, PageRequest(0, 100), WINDOW)
        threading.Timer(0.05, listings["a"].gate.set).start()
        asked(pages, listings["d"], 0, fresh=fresh)
        eventually(lambda: len(order) == 4)
        nothing_more_happens()
    assert order == ["a", "d", "b", "c"]


def test_the_page_asked_for_comes_first() -> None:
    """Asked before planned before other listings, in the order in which each was named."""
    order: list[tuple[str, int]] = []
    listing = Listing("a", lambda request: order.append(("a", request.offset)))
    other = Listing("b", lambda request: order.append(("b", request.offset)))
    listing.gate.clear()
    with reading(4, lambda: 1) as pages:
        pages.expect(other, PageRequest(0, 100), WINDOW)
        eventually(lambda: other.running == 1 or bool(order))  # it is alone and begins
        for later in (Listing("c"), Listing("d")):
            pages.expect(later, PageRequest(0, 100), WINDOW)
        threading.Timer(0.05, listing.gate.set).start()
        asked(pages, listing, 300, [200, 100])
        eventually(lambda: ("a", 100) in order)
    assert order == [("b", 0), ("a", 300), ("a", 200), ("a", 100)]


@pytest.mark.parametrize(
    "problem", [ServiceUnavailable("it failed"), ValueError("a fault of ours"), SystemExit(3)]
)
def test_an_error_reaches_who_asks_for_that_page(problem: BaseException) -> None:
    """A page that could not be read ahead is no error until it is asked for."""

    def during(request: PageRequest) -> None:
        if request.offset == 100:
            raise problem

    listing = Listing(during=during)
    with reading(4) as pages:
        asked(pages, listing, 300, [200, 100])
        eventually(lambda: 100 in listing.reads and rests(pages))
        assert asked(pages, listing, 200, [100])[0].total_count == 200
        with pytest.raises(type(problem)) as raised:
            asked(pages, listing, 100)
        assert raised.value is problem
        assert asked(pages, listing, 0)[0].total_count == 0, "the reader lives on"


def test_an_error_nobody_asks_for_is_never_raised() -> None:
    """A failed page that the scan no longer wants is forgotten."""

    def during(request: PageRequest) -> None:
        if request.offset == 200:
            raise ServiceUnavailable("it failed")

    listing = Listing(during=during)
    with reading(4) as pages:
        asked(pages, listing, 300, [200])
        asked(pages, listing, 150)
        asked(pages, listing, 0)


def test_waits_are_told_while_a_page_is_waited_for() -> None:
    """A person hears of a throttle while it lasts, and of the newest one only."""
    heard = threading.Event()

    def during(_request: PageRequest) -> None:
        pages.waiting(1.0, "an older one")
        pages.waiting(2.0, "429")
        assert heard.wait(PATIENCE_SECONDS), "the asking thread was not told"

    with reading(2) as pages:
        asking = pages.ask(Listing(during=during), PageRequest(0, 100), WINDOW)
        assert next(asking) == Waiting(2.0, "429")
        heard.set()
        with pytest.raises(StopIteration):
            next(asking)


def test_nothing_is_begun_after_closing() -> None:
    """Closing leaves requests in flight alone, begins no other, and a question is a fault."""
    listing, others = Listing(), readers()  # threads that another test left to their deadline
    listing.gate.clear()
    pages = ReadAhead(2, lambda: 1, quick_seconds=0.0)
    pages.expect(listing, PageRequest(300, 100), WINDOW)
    pages.expect(listing, PageRequest(200, 100), WINDOW)
    eventually(lambda: listing.running == 1)
    pages.close()
    listing.gate.set()
    eventually(lambda: set(readers()) <= set(others))
    assert listing.reads == [300]
    with pytest.raises(RuntimeError, match="closed"):
        asked(pages, listing, 100)


def test_a_listing_that_ended_leaves_no_pages_behind() -> None:
    """What was read in vain for one listing takes no room from the next one's pages."""
    first, second = Listing("a"), Listing("b")
    with reading(3) as pages:
        asked(pages, first, 900, [800, 700, 600, 500, 400])
        eventually(lambda: len(first.reads) == 6 and rests(pages))
        asked(pages, second, 900, [800, 700, 600, 500, 400])
        eventually(lambda: len(second.reads) == 6)


def test_a_new_plan_makes_room_at_once() -> None:
    """Places that the scan plans no longer are forgotten; those it still plans are kept."""
    listing = Listing()
    with reading(2) as pages:
        asked(pages, listing, 900, [800, 700, 600])
        eventually(lambda: len(listing.reads) == 4 and rests(pages))
        asked(pages, listing, 850, [750, 700, 600, 550], fresh=True)
        eventually(lambda: sorted(listing.reads[4:]) == [750, 850])
        asked(pages, listing, 700, [600, 550])
        eventually(lambda: listing.reads[6:] == [550])
    assert listing.reads.count(700) == listing.reads.count(600) == 1


def test_first_pages_of_later_listings() -> None:
    """They are read when nothing is more urgent, `threads` of them at most, and handed over."""
    later = [Listing(f"later {number}") for number in range(5)]
    with reading(3) as pages:
        for listing in later:
            pages.expect(listing, PageRequest(0, 100), WINDOW)
        asked(pages, Listing(), 0)
        eventually(lambda: all(listing.reads == [0] for listing in later[:3]))
        nothing_more_happens()
        assert [listing.reads for listing in later[3:]] == [[], []]
        for listing in later:
            assert asked(pages, listing, 0)[0].total_count == 0
    assert [listing.reads for listing in later] == [[0]] * 5


def test_a_page_of_another_window_is_none() -> None:
    """Where the window was set anew, the page read ahead for the old one is not used."""
    listing = Listing()
    with reading(3) as pages:
        pages.expect(listing, PageRequest(0, 100), WINDOW)
        eventually(lambda: listing.reads == [0])
        asked(pages, listing, 0, window=LATER_WINDOW)
        assert listing.reads == [0, 0]
        assert not pages.held, "it takes no room either"


class Chaos(Listing):
    """Takes a random time for each page, and fails for some."""

    def __init__(self, random: Random, threads: int) -> None:
        super().__init__("chaos", self._happens)
        self.failing = {offset for offset in range(0, 4000, 100) if random.random() < 0.05}
        self.allowed = threads
        self._random = random
        self._threads = threads

    def _happens(self, request: PageRequest) -> None:
        time.sleep(self._random.random() * 0.002)
        self.allowed = self._random.randint(0, self._threads)
        if request.offset in self.failing:
            raise ServiceUnavailable(str(request.offset))


@pytest.mark.parametrize("seed", range(30))
def test_random_scans_get_their_pages(seed: int) -> None:
    """Any plan, any timing, any pacing: the right page or its error, fresh where it must be."""
    random = Random(seed)
    threads = random.choice([1, 2, 3, 8])
    listing = Chaos(random, threads)
    place = 3900
    quick = random.choice([0.0, 0.0005, 0.001, ENDLESS])
    with reading(threads, lambda: listing.allowed, quick_seconds=quick) as pages:
        while place >= 0:
            plan = [o for o in range(place - 100, -100, -100) if random.random() < 0.8]
            fresh = random.random() < 0.2
            before, moment = listing.reads.count(place), time.monotonic()
            if place in listing.failing:
                with pytest.raises(ServiceUnavailable, match=f"^{place}$"):
                    asked(pages, listing, place, plan, fresh=fresh)
            else:
                page, _ = asked(pages, listing, place, plan, fresh=fresh)
                assert page.total_count == place
                assert page.received > moment or not fresh
            assert not fresh or listing.reads.count(place) > before
            assert pages.held <= 2 * threads
            place -= random.choice([0, 100, 100, 100, 200])
    assert listing.most <= threads


def test_quick_pages_are_read_by_who_asks() -> None:
    """Where pages come at once, none is read ahead, and no thread is begun."""
    on: set[threading.Thread] = set()
    listing = Listing(during=lambda _: on.add(threading.current_thread()))
    others = readers()
    with reading(8, quick_seconds=ENDLESS) as pages:
        for offset in range(900, 0, -100):
            pages.expect(Listing("b"), PageRequest(0, 100), WINDOW)
            asked(pages, listing, offset, range(offset - 100, 0, -100))
        assert set(readers()) <= set(others)
    assert on == {threading.current_thread()}
    assert listing.reads == list(range(900, 0, -100))


def test_after_the_first_slow_page_others_are_read_ahead() -> None:
    """The first page tells: a service that takes its time never makes the asking thread wait twice."""
    listing = Listing(during=lambda _: time.sleep(0.02))
    with reading(4, quick_seconds=0.01) as pages:
        asked(pages, listing, 900, [800, 700, 600])
        assert listing.reads == [900]
        asked(pages, listing, 800, [700, 600])
        eventually(lambda: sorted(listing.reads) == [600, 700, 800, 900])


def test_a_slow_page_among_quick_ones_changes_nothing() -> None:
    """A moment without a processor is no reason for threads, a service that became slow is."""
    slow: set[int] = {700, 300, 200, 100, 0}
    listing = Listing(during=lambda request: time.sleep(0.02 * (request.offset in slow)))
    with reading(4, quick_seconds=0.01) as pages:
        for offset in range(900, -100, -100):
            assert listing.reads == list(range(900, offset, -100))
            asked(pages, listing, offset, range(offset - 100, -300, -100))
        assert listing.most == 1
        asked(pages, listing, -100, [-200, -300])
        eventually(lambda: sorted(listing.reads[-3:]) == [-300, -200, -100])


def test_once_pages_come_quickly_they_are_read_by_who_asks() -> None:
    """What was read ahead until then is handed over, and each page is read once."""
    pace = [0.02]
    on: dict[int, threading.Thread] = {}

    def during(request: PageRequest) -> None:
        on[request.offset] = threading.current_thread()
        time.sleep(pace[0])

    listing = Listing(during=during)
    places = range(6000, 0, -100)
    with reading(4, quick_seconds=0.01) as pages:
        for offset in places:
            asked(pages, listing, offset, range(offset - 100, 0, -100))
            if offset == 5000:
                pace[0] = 0.0
    assert sorted(listing.reads, reverse=True) == list(places)
    assert on[5000] is not threading.current_thread()
    assert on[100] is threading.current_thread()


def test_a_throttled_page_is_left_to_another_thread() -> None:
    """The asking thread tells of a wait while it lasts, though it had begun the request itself."""
    heard = threading.Event()
    asking_thread = threading.current_thread()
    on: list[bool] = []

    def during(_request: PageRequest) -> None:
        on.append(threading.current_thread() is asking_thread)
        if len(on) == 1:
            pages.waiting(2.0, "429")
        assert heard.wait(PATIENCE_SECONDS), "the asking thread was not told"

    with reading(2, quick_seconds=ENDLESS) as pages:
        asking = pages.ask(Listing(during=during), PageRequest(0, 100), WINDOW)
        assert next(asking) == Waiting(2.0, "429")
        heard.set()
        with pytest.raises(StopIteration) as done:
            next(asking)
    assert done.value.value.total_count == 0
    assert on == [True, False]


def test_a_mistake_of_a_reader_is_raised_by_who_waits() -> None:
    """Whatever ends a reading thread ends the run, instead of letting it wait for ever."""

    def allowed() -> int:
        if threading.current_thread() is threading.main_thread():
            return 1
        raise ZeroDivisionError

    with reading(2, allowed) as pages, pytest.raises(ZeroDivisionError):
        asked(pages, Listing(), 300, [200, 100])
