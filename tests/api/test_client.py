"""The client: what it sends, how it waits, and when it gives up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import chain, repeat

import pytest

from tap_dds_backups.api.auth import Auth, StaticToken
from tap_dds_backups.api.client import Client, page_query
from tap_dds_backups.api.clock import SystemClock
from tap_dds_backups.api.errors import (
    AccessDenied,
    DdsError,
    NotFound,
    ProtocolError,
    RequestBudgetSpent,
    ServiceUnavailable,
    SignInError,
    TlsError,
)
from tap_dds_backups.api.exchange import MAX_REPLAYS, Exchange, Sender
from tap_dds_backups.api.gate import Gate
from tap_dds_backups.api.http import Request, Response
from tap_dds_backups.api.models import Filters, PageRequest, Window
from tap_dds_backups.api.pacing import Pacer
from tap_dds_backups.api.redaction import secrets_in
from tap_dds_backups.api.retry import Budget
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.api.server_clock import ServerClock
from tap_dds_backups.api.transport import Transport
from tap_dds_backups.emulator import Emulator, Throttle, plain_store
from tests.api.virtual import START, Service, VirtualClock

TOKEN = "MIIcanary"
WINDOW = Window("2018-08-06T12:41:14+00:00", "2026-11-24T09:59:59+00:00")
FIRST = PageRequest(0, 100)
Step = Response | BaseException | Callable[[Request], Response]


def reply(status: int, body: object, **headers: str) -> Response:
    """An answer in JSON, or in the bytes given."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): text for name, text in headers.items()}, data)


PAGE = reply(200, {"backups": [], "total_count": 0})
DOWN = reply(503, b"")
LIMITED = reply(429, {"error_code": "APIGW.0308", "error_msg": "over ratelimit"})
REFUSED = reply(401, {"error_code": "APIGW.0301", "error_msg": "decrypt token fail"})


@dataclass
class Setup:
    """A client on a virtual clock, its service, and what it told."""

    client: Client
    service: Service
    clock: VirtualClock
    exchange: Exchange
    server_clock: ServerClock
    waits: list[tuple[float, str]] = field(default_factory=list)


def setup(
    steps: Iterable[Step], *, auth: Auth | None = None, latency: float = 0.0, max_attempts: int = 5
) -> Setup:
    """A client whose service answers with `steps`, then with empty pages."""
    clock = VirtualClock()
    service = Service(clock, chain(steps, repeat(PAGE)), latency)
    server_clock = ServerClock(clock)
    waits: list[tuple[float, str]] = []
    exchange = Exchange(
        service,
        Gate(Pacer(8), Budget(), clock, jitter=lambda seconds: seconds),
        server_clock,
        auth=auth or StaticToken(Secret(TOKEN)),
        max_attempts=max_attempts,
        on_wait=lambda until, reason: waits.append((until - START, reason)),
    )
    client = Client("https://dds.example/gw", "0123abcd", exchange)
    return Setup(client, service, clock, exchange, server_clock, waits)


class TestRequests:
    def test_the_list_call(self) -> None:
        """Path, order of parameters, blanks as %20, headers and credential of a page request."""
        made = setup([])
        made.client.page(PageRequest(200, 50), WINDOW)
        request = made.service.requests[0][1]
        assert request.url == (
            "https://dds.example/gw/v3/0123abcd/backups?offset=200&limit=50"
            "&begin_time=2018-08-06%2012%3A41%3A14&end_time=2026-11-24%2009%3A59%3A59"
        )
        assert request.method == "GET"
        assert request.headers == {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Auth-Token": TOKEN,
        }

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            (Filters(), ""),
            (Filters(instance_id="i in02"), "&instance_id=i%20in02"),
            (
                Filters(mode="Single", backup_type="Auto", backup_id="b&x=1", instance_id="i"),
                "&instance_id=i&backup_id=b%26x%3D1&backup_type=Auto&mode=Single",
            ),
        ],
    )
    def test_filters(self, filters: Filters, expected: str) -> None:
        """Only configured filters are sent, in one order, after both times."""
        query = page_query(FIRST, WINDOW, filters)
        assert query.endswith(f"end_time=2026-11-24%2009%3A59%3A59{expected}")

    def test_sibling_calls(self) -> None:
        """Other calls of the project have their own path and parameters, and the same rules."""
        made = setup([reply(200, {"instances": [1]}), reply(404, {"error_code": "DBS.280016"})])
        answer = made.client.get_json("/instances", {"limit": 100, "name": "a b+c"})
        assert answer == {"instances": [1]}
        url = "https://dds.example/gw/v3/0123abcd/instances?limit=100&name=a%20b%2Bc"
        assert made.service.requests[0][1].url == url
        with pytest.raises(NotFound):
            made.client.get_json("/quotas", {})
        assert made.service.requests[1][1].url.endswith("/v3/0123abcd/quotas")


class TestFailures:
    @pytest.mark.parametrize(
        "failure",
        [
            DOWN,
            reply(500, {"error_code": "DBS.280005", "error_msg": "Server error."}),
            reply(502, b"<html>Bad Gateway</html>"),
            reply(408, b""),
            ServiceUnavailable("reset"),
        ],
    )
    def test_passing_failures(self, failure: Response | Exception) -> None:
        """Four failures in a row are waited out: half a second, one, two, four."""
        made = setup([failure] * 4)
        assert made.client.page(FIRST, WINDOW).total_count == 0
        assert made.service.times == [0, 0.5, 1.5, 3.5, 7.5]
        assert made.waits == []

    @pytest.mark.parametrize("max_attempts", [1, 3, 5])
    def test_attempts_are_counted(self, max_attempts: int) -> None:
        """The last attempt's error is the one that is raised."""
        made = setup([DOWN] * 9, max_attempts=max_attempts)
        with pytest.raises(ServiceUnavailable):
            made.client.page(FIRST, WINDOW)
        assert len(made.service.requests) == max_attempts

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b'{"backups":[', b'{"error_code":"DBS.1","error_msg":"m"}']
    )
    def test_a_garbled_answer_is_asked_for_once_more(self, body: bytes) -> None:
        """A 200 that is none may be an accident once, not twice."""
        made = setup([reply(200, body)])
        assert made.client.page(FIRST, WINDOW).total_count == 0
        made = setup([reply(200, body)] * 2)
        with pytest.raises(ProtocolError):
            made.client.page(FIRST, WINDOW)
        assert len(made.service.requests) == 2

    @pytest.mark.parametrize(
        "answer",
        [
            reply(400, {"error_code": "DBS.280001", "error_msg": "Parameter error."}),
            reply(403, b""),
            reply(404, b""),
            reply(302, b"", location="https://elsewhere.example/"),
            reply(418, b"<html>"),
            REFUSED,
            TlsError("not trusted"),
            ProtocolError("too large"),
        ],
    )
    def test_what_is_never_tried_again(self, answer: Response | Exception) -> None:
        """Refusals, redirects and TLS failures end the question at once."""
        made = setup([answer])
        with pytest.raises(DdsError):
            made.client.page(FIRST, WINDOW)
        assert (len(made.service.requests), made.clock.slept) == (1, [])

    def test_other_requests_go_on_after_a_refusal(self) -> None:
        """One that is denied neither stops nor slows the others."""
        made = setup([reply(403, b""), ProtocolError("too large")])
        for kind in (AccessDenied, ProtocolError):
            with pytest.raises(kind):
                made.client.page(FIRST, WINDOW)
        made.client.page(FIRST, WINDOW)
        assert made.service.times == [0, 0, 0]

    def test_the_run_has_a_quota(self) -> None:
        """After twenty failures more than answers pay for, nothing is sent any more."""
        made = setup(repeat(DOWN))
        for _ in range(4):
            with pytest.raises(ServiceUnavailable):
                made.client.page(FIRST, WINDOW)
        for _ in range(3):
            with pytest.raises(RequestBudgetSpent):
                made.client.page(FIRST, WINDOW)
        assert len(made.service.requests) == 20

    def test_a_busy_service_is_asked_again(self) -> None:
        """System busy comes as a 400, counts as no attempt and teaches no rate."""
        busy = reply(400, {"error_code": "DBS.200998", "error_msg": "System busy."})
        made = setup([busy] * 7)
        made.client.page(FIRST, WINDOW)
        made.client.page(FIRST, WINDOW)
        assert made.service.times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 63.5]

    def test_interrupts_pass(self) -> None:
        """A signal raised inside the exchange leaves the gate open for what follows."""
        made = setup([KeyboardInterrupt()])
        with pytest.raises(KeyboardInterrupt):
            made.client.page(FIRST, WINDOW)
        made.client.page(FIRST, WINDOW)


class TestThrottling:
    @pytest.mark.parametrize(
        ("value", "seconds"),
        [
            ("17", 17.0),
            ("0.25", 0.25),
            (formatdate(START + 40, usegmt=True), 40.0),
            ("1800", 1800.0),
        ],
    )
    def test_retry_after_is_kept_in_full(self, value: str, seconds: float) -> None:
        """Nothing is sent before the moment that the service named; the wait is told once."""
        date = formatdate(START, usegmt=True)
        made = setup([reply(429, b"", retry_after=value, date=date)])
        made.client.page(FIRST, WINDOW)
        assert made.service.times == [0, seconds]
        assert [until for until, _ in made.waits] == [seconds]
        assert "throttles" in made.waits[0][1]

    def test_a_failure_with_retry_after(self) -> None:
        """So is that of a 503, by every request."""
        made = setup([reply(503, b"", retry_after="60")])
        made.client.page(FIRST, WINDOW)
        assert made.service.times == [0, 60]

    @pytest.mark.parametrize("value", ["1801", "99999999999", "9" * 5000])
    @pytest.mark.parametrize("status", [429, 503])
    def test_a_wait_beyond_patience_ends_the_run(self, status: int, value: str) -> None:
        """More than 30 minutes are not waited, not even begun."""
        made = setup([reply(status, b"", retry_after=value)])
        with pytest.raises(RequestBudgetSpent, match="patience"):
            made.client.page(FIRST, WINDOW)
        assert (len(made.service.requests), made.clock.slept) == (1, [])

    @pytest.mark.parametrize("value", ["0", "-5", "NaN", "soon", ""])
    def test_a_retry_after_that_says_nothing(self, value: str) -> None:
        """Junk is as good as none: at most 5 seconds at first."""
        made = setup([reply(429, b"", retry_after=value)])
        made.client.page(FIRST, WINDOW)
        assert 0 < made.service.times[1] <= 5

    def test_waits_grow(self) -> None:
        """Refused again and again without a word, it asks ever more seldom and ends in time."""
        made = setup(repeat(LIMITED))
        with pytest.raises(RequestBudgetSpent):
            made.client.page(FIRST, WINDOW)
        gaps = [b - a for a, b in zip(made.service.times, made.service.times[1:], strict=False)]
        assert gaps[0] <= 5
        assert gaps == sorted(gaps)
        assert len(gaps) <= 8
        assert made.clock.time - START <= 1800

    def test_an_announced_window(self) -> None:
        """Without Retry-After the window in the message is waited for."""
        text = "policy user over ratelimit,limit:200,time:5 minute"
        made = setup([reply(429, {"error_code": "APIGW.0308", "error_msg": text})])
        made.client.page(FIRST, WINDOW)
        assert 300 <= made.service.times[1] <= 304


@dataclass
class Renewing:
    """A credential with a number that goes up with each renewal."""

    number: int = 1
    refusals: int = 0
    unanswered_with: list[str] = field(default_factory=list)
    worked_with: list[str] = field(default_factory=list)

    def headers(self, request: Request) -> dict[str, str]:
        """The number as a token."""
        del request
        return {"X-Auth-Token": f"token-{self.number}"}

    def worked(self, sent: Mapping[str, str]) -> None:
        """Remember what worked."""
        self.worked_with.append(sent["X-Auth-Token"])

    def unanswered(self, sent: Mapping[str, str]) -> None:
        """Remember what nothing is known of."""
        self.unanswered_with.append(sent["X-Auth-Token"])

    def refused(self, sent: Mapping[str, str], response: Response) -> bool:
        """Renew, once for each number."""
        del response
        self.refusals += 1
        if sent["X-Auth-Token"] == f"token-{self.number}":
            self.number += 1
        return True


class TestSignIn:
    def test_replay(self) -> None:
        """A refused credential that changed is used at once, without a wait or an attempt."""
        auth = Renewing()
        made = setup([REFUSED, DOWN], auth=auth, max_attempts=2)
        made.client.page(FIRST, WINDOW)
        tokens = [request.headers["X-Auth-Token"] for _, request in made.service.requests]
        assert tokens == ["token-1", "token-2", "token-2"]
        assert auth.worked_with == ["token-2"]

    def test_a_credential_that_never_works(self) -> None:
        """Even one that always changes comes to an end."""
        made = setup(repeat(REFUSED), auth=Renewing())
        with pytest.raises(SignInError):
            made.client.page(FIRST, WINDOW)
        assert len(made.service.requests) == MAX_REPLAYS + 1

    def test_a_refusal_that_is_not_of_the_credential(self) -> None:
        """A denial proves the credential; a failure or a throttled answer says nothing of it."""
        auth = Renewing()
        made = setup([DOWN, LIMITED, reply(404, b"")], auth=auth)
        with pytest.raises(NotFound):
            made.client.page(FIRST, WINDOW)
        assert (auth.worked_with, auth.refusals) == (["token-1"], 0)
        assert auth.unanswered_with == ["token-1"] * 2

    def test_a_sign_in_that_fails(self) -> None:
        """What the credential raises passes, and the place in flight is free again."""

        class Broken(Renewing):
            def headers(self, request: Request) -> dict[str, str]:
                del request
                raise SignInError("wrong password")

        made = setup([], auth=Broken())
        for _ in range(20):
            with pytest.raises(SignInError, match="wrong password"):
                made.client.page(FIRST, WINDOW)
        assert made.service.requests == []

    def test_sending_for_a_sign_in(self) -> None:
        """`send` waits out failures and throttling and hands on every other answer."""
        made = setup([DOWN, LIMITED, REFUSED, reply(302, b"")])
        assert made.exchange.send(Request("POST", "https://iam.example/v3/auth/tokens")) == REFUSED
        assert (
            made.exchange.send(Request("POST", "https://iam.example/v3/auth/tokens")).status == 302
        )
        assert len(made.service.requests) == 4

    def test_secrets_do_not_come_back(self) -> None:
        """A server that repeats the token in its error does not bring it into ours."""
        body = {"error_code": "DBS.280032", "error_msg": f"token {TOKEN} may not"}
        made = setup([reply(403, body, x_request_id=TOKEN)])
        with pytest.raises(AccessDenied) as caught:
            made.client.page(FIRST, WINDOW)
        assert TOKEN not in f"{caught.value!r} {caught.value} {caught.value.request_id}"


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("GET", "", {"x-auth-token": "t", "Accept": "json"}), ["t"]),
        (Request("GET", "", {"X-Security-Token": "s"}), ["s"]),
        (
            Request("GET", "", {"Authorization": "SDK-HMAC-SHA256 Access=AK, SignedHeaders=a;b, Signature=ff"}),
            ["SDK-HMAC-SHA256 Access=AK, SignedHeaders=a;b, Signature=ff", "AK", "ff"],
        ),
        (Request("POST", "", {}, b'{"a":{"password":{"user":{"password":"p\\"ss"}}}}'), ['p"ss', 'p\\"ss']),
        (Request("POST", "", {}, b'{"password":"abc"}'), []),
        (Request("POST", "", {}, b"password"), []),
        (Request("POST", "", {}, b"[1]"), []),
    ],
)  # fmt: skip
def test_secrets_in_a_request(request_: Request, expected: list[str]) -> None:
    """Tokens, keys, signatures and passwords are found wherever a request carries them."""
    assert list(secrets_in(request_)) == expected


class TestServerClock:
    @pytest.mark.parametrize(
        ("off", "expected"), [(0, 0), (1, 0), (-2, 0), (3, 3), (-86400, -86400), (86400, 86400)]
    )
    def test_set_by_each_answer(self, off: float, expected: float) -> None:
        """The Date of answers sets the clock for signatures, beyond what its seconds blur."""
        date = formatdate(START + off, usegmt=True)
        made = setup([reply(200, {"backups": [], "total_count": 0}, date=date)])
        page = made.client.page(FIRST, WINDOW)
        assert (page.date, page.received) == (START + off, START)
        assert made.server_clock.now() == START + expected
        assert made.server_clock.local() == START

    def test_an_answer_without_a_date_changes_nothing(self) -> None:
        """The offset stays until another Date comes."""
        made = setup([reply(404, b"", date=formatdate(START + 3600, usegmt=True))])
        with pytest.raises(NotFound):
            made.client.page(FIRST, WINDOW)
        made.client.page(FIRST, WINDOW)
        assert made.server_clock.now() == START + 3600


def real(emulator: Emulator, transport: Sender, concurrency: int = 8) -> Client:
    """A client on sockets and the machine's clock."""
    config = emulator.config("token")
    clock = SystemClock()
    exchange = Exchange(
        transport,
        Gate(Pacer(concurrency), Budget(), clock, jitter=lambda seconds: seconds / 100),
        ServerClock(clock),
        auth=StaticToken(Secret(config["auth_token"])),
    )
    return Client(config["api_url"], config["project_id"], exchange)


@pytest.fixture
def transport() -> Iterator[Transport]:
    """A transport that is closed at the end."""
    opened = Transport(user_agent="tests/1", environ={})
    yield opened
    opened.close()


ALWAYS = Window("2000-01-01T00:00:00+00:00", "2036-01-01T00:00:00+00:00")


class TestOnSockets:
    @pytest.mark.parametrize("threads", [1, 16])
    def test_pages_of_a_list(self, transport: Transport, threads: int) -> None:
        """Every row once, in order, whoever asks for which page."""
        with Emulator(plain_store(2345, until=time.time())) as emulator:
            client = real(emulator, transport, 16)
            with ThreadPoolExecutor(threads) as pool:
                offsets = range(0, 2500, 100)
                pages = list(pool.map(lambda o: client.page(PageRequest(o, 100), ALWAYS), offsets))
        ids = [backup.id for page in pages for backup in page.backups]
        begins = [backup.begin_time for page in pages for backup in page.backups]
        assert (len(ids), len(set(ids))) == (2345, 2345)
        assert begins == sorted(begins, reverse=True)
        assert {page.total_count for page in pages} == {2345}

    def test_an_outage_sees_few_requests(self, transport: Transport) -> None:
        """Sixteen threads against a service that is down: at most 25 requests, then named errors."""
        with Emulator(plain_store(10, until=time.time()), faults=["empty_500x*"]) as emulator:
            client = real(emulator, transport, 16)
            with ThreadPoolExecutor(16) as pool:
                errors = list(pool.map(lambda _: failure_of(client), range(64)))
            assert len(emulator.requests) <= 25
        assert {type(error) for error in errors} <= {ServiceUnavailable, RequestBudgetSpent}

    def test_ten_a_second(self, transport: Transport) -> None:
        """A real limit: 150 calls in little more than their time, few of them refused."""
        throttle = Throttle(10, 1.0, announced=False)
        store = plain_store(10, until=time.time())
        with Emulator(store, throttle=throttle, latency=0.02) as emulator:
            client = real(emulator, transport)
            begun = time.monotonic()
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda _: client.page(FIRST, ALWAYS), range(150)))
            seconds = time.monotonic() - begun
            refused = len(emulator.requests) - 150
        # 15.4 seconds and 3 refused where the machine is at rest; the rate itself is judged on a
        # virtual clock.
        assert 14 <= seconds <= 20
        assert refused <= 15


def failure_of(client: Client) -> DdsError | None:
    """The error of a page request."""
    try:
        client.page(FIRST, ALWAYS)
    except DdsError as error:
        return error
    return None


def test_threads_that_wait_are_woken() -> None:
    """One request in flight at first: the others go as soon as its answer is there."""
    clock = SystemClock()
    entered = threading.Semaphore(0)
    released = threading.Event()

    class Slow:
        def send(self, request: Request) -> Response:
            del request
            entered.release()
            released.wait(10)
            return PAGE

    exchange = Exchange(Slow(), Gate(Pacer(4), Budget(), clock), ServerClock(clock))
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(exchange.send, Request("GET", "https://x/")) for _ in range(4)]
        assert entered.acquire(timeout=10)
        assert not entered.acquire(timeout=0.05)
        released.set()
        assert [future.result(10) for future in asked] == [PAGE] * 4


def test_a_place_given_back_wakes_who_waits() -> None:
    """A request that was not sent after all leaves its place to a thread that waits for one."""
    gate = Gate(Pacer(1), Budget(), SystemClock())
    first = gate.enter()
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(gate.enter)
        time.sleep(0.05)
        assert not second.done()
        gate.withdrawn(first)
        assert second.result(10)
