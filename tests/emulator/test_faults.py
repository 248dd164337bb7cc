"""Faults: where they strike, and what then comes over the wire, seen from a bare socket."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from contextlib import suppress
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import pytest

from tap_dds_backups.emulator import FAULTS, Emulator, Store, plain_store
from tap_dds_backups.emulator.faults import Faults, place_fault
from tests.emulator.client import call, list_url, listed, sign_in_body

NOON = 1_700_000_000.0
STATUSES = {
    "html_502": 502,
    "html_504": 504,
    "empty_500": 500,
    "system_busy_400": 400,
    "throttled_five_minutes": 429,
    "retry_after": 429,
    "token_expired_401": 401,
    "dds_403": 403,
    "gateway_404": 404,
    "waf_418": 418,
    "redirect_307": 307,
    "html_200": 200,
}


def store_of(backups: int) -> Store:
    """A list of so many backups."""
    return plain_store(backups, until=NOON)


def raw(emulator: Emulator, seconds: float = 5.0, limit: int = 10) -> tuple[bytes, str]:
    """Every byte of the answer to a list request, and how the connection ended."""
    token = emulator.config("token")["auth_token"]
    parts = urlsplit(list_url(emulator, limit=limit))
    with socket.create_connection((parts.hostname, parts.port), timeout=seconds) as connection:
        head = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: {token}\r\n"
        connection.sendall(f"{head}Connection: close\r\n\r\n".encode())
        received = b""
        try:
            while chunk := connection.recv(65_536):
                received += chunk
        except ConnectionResetError:
            return received, "reset"
        except TimeoutError:
            return received, "timeout"
        return received, "closed"


def test_there_are_many_faults_and_each_says_what_it_is() -> None:
    """At least forty kinds, each under one name and with a description."""
    assert len(FAULTS) >= 40
    assert all(name == fault.name and fault.says for name, fault in FAULTS.items())


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_a_fault_strikes_once_and_the_next_answer_is_right(name: str, status: int) -> None:
    """The default is one strike at the next list request."""
    with Emulator(store_of(3), faults=[name]) as emulator:
        first, second = listed(emulator), listed(emulator)
    assert (first.status, second.status) == (status, 200)
    assert second.json["total_count"] == 3
    assert [seen.fault for seen in emulator.requests] == [name, ""]


@pytest.mark.parametrize(
    ("text", "struck"),
    [
        ("html_502@list:2", [1]),
        ("html_502@list:2x2", [1, 2]),
        ("html_502@listx3", [0, 1, 2]),
        ("html_502x*", [0, 1, 2, 3, 4]),
        ("html_502@page:first", [0]),
        ("html_502@page:middle", [2]),
        ("html_502@page:last", [4]),
        ("html_502@page:1", [1]),
    ],
)
def test_where_faults_strike(text: str, struck: list[int]) -> None:
    """By the number of the request or by the place of the page in the list."""
    with Emulator(store_of(50), faults=[text]) as emulator:
        replies = [listed(emulator, offset=offset, limit=10) for offset in range(0, 50, 10)]
    assert [n for n, reply in enumerate(replies) if reply.status == 502] == struck


def test_one_request_has_one_fault() -> None:
    """Of two faults for the same request the first strikes, and the other not later instead."""
    with Emulator(store_of(1), faults=["html_502@list:2", "empty_500@list:2"]) as emulator:
        assert [listed(emulator).status for _ in range(4)] == [200, 502, 200, 200]


def test_faults_at_sign_in_leave_the_list_alone() -> None:
    """A sign-in can fail while pages are right."""
    with Emulator(
        store_of(1), faults=["iam_500@sign-in", "no_subject_token@sign-in:2"]
    ) as emulator:
        body = sign_in_body(emulator.config("password"))
        replies = [call(emulator.iam_url + "/v3/auth/tokens", "POST", {}, body) for _ in range(3)]
        assert listed(emulator).status == 200
    assert [reply.status for reply in replies] == [500, 201, 201]
    assert ["x-subject-token" in reply.headers for reply in replies] == [False, False, True]


@pytest.mark.parametrize(
    "text",
    ["", "none_such", "html_502@page", "html_502@page:9x", "html_502@list:first", "html_502x-1"],
)
def test_faults_that_are_none(text: str) -> None:
    """A text that names no fault or no place is refused."""
    with pytest.raises(ValueError, match=r"no (fault|place)"):
        place_fault(text)


def test_an_argument_may_hold_anything() -> None:
    """An address with a port and a path is one argument."""
    placed = place_fault("redirect_302=http://127.0.0.1:1/x@y@page:lastx2")
    assert (placed.argument, placed.call, placed.place, placed.times) == (
        "http://127.0.0.1:1/x@y",
        "page",
        "last",
        2,
    )


def test_a_redirect_points_where_it_is_told() -> None:
    """The argument is the Location."""
    target = "http://127.0.0.1:1/elsewhere"
    with Emulator(store_of(1), faults=[f"redirect_302={target}"]) as emulator:
        assert listed(emulator).headers["location"] == target


def test_an_error_can_quote_the_credentials() -> None:
    """A service that echoes secrets: what the tap must never print."""
    with Emulator(store_of(1), faults=["token_echo_400"]) as emulator:
        token = emulator.config("token")["auth_token"]
        assert token in listed(emulator).body.decode()


def test_all_tokens_can_end_in_the_middle_of_a_run() -> None:
    """From that request on only a new sign-in helps, whoever else is in flight."""
    with Emulator(store_of(1), faults=["tokens_end@list:2"]) as emulator:
        statuses = [listed(emulator).status for _ in range(3)]
        body = sign_in_body(emulator.config("password"))
        fresh = call(emulator.iam_url + "/v3/auth/tokens", "POST", {}, body).headers
        token = {"X-Auth-Token": fresh["x-subject-token"]}
        assert call(list_url(emulator), headers=token).status == 200
    assert statuses == [200, 401, 401]


def whole(received: bytes) -> bool:
    """Whether the body is as long as its head says, or longer."""
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    return len(body) >= length


@pytest.mark.parametrize(
    ("name", "ending", "complete"),
    [
        ("reset_before", "reset", None),
        ("reset_in_head", "reset", None),
        ("reset_in_body", "reset", False),
        ("reset_after", "reset", True),
        ("closed_before", "closed", None),
        ("closed_in_head", "closed", None),
        ("closed_at_body", "closed", False),
        ("truncated", "closed", False),
        ("closed_after", "closed", True),
        ("length_too_large", "closed", False),
        ("length_too_small", "closed", True),
    ],
)
def test_connections_that_break(name: str, ending: str, complete: bool | None) -> None:
    """Where the bytes stop, and whether by a reset; None: not even a head came."""
    with Emulator(store_of(30), faults=[name]) as emulator:
        received, ended = raw(emulator)
    # A reset may overtake bytes that were sent before it.
    assert ended == ending
    if complete is None:
        assert b"\r\n\r\n" not in received
    elif ending == "closed":
        assert whole(received) is complete


def test_a_stall_ends_with_the_emulator() -> None:
    """Nothing comes for as long as the fault says, and leaving `with` does not wait for it."""
    with Emulator(store_of(3), faults=["stalled"]) as emulator:
        assert raw(emulator, seconds=0.2) == (b"", "timeout")
        began = time.monotonic()
    assert time.monotonic() - began < 2


def test_a_drip_is_whole_in_the_end() -> None:
    """Byte by byte, all of the answer comes."""
    with Emulator(store_of(1), faults=["drip_body=0.0001"]) as emulator:
        received, _ = raw(emulator, limit=1)
    assert json.loads(received.partition(b"\r\n\r\n")[2])["total_count"] == 1


def test_chunked_and_gzip_can_be_right_too() -> None:
    """Not every unusual answer is a wrong one."""
    with Emulator(store_of(9), faults=["chunked", "gzip"]) as emulator:
        plain = [listed(emulator), listed(emulator), listed(emulator)]
    assert plain[0].json == json.loads(gzip.decompress(plain[1].body)) == plain[2].json
    assert plain[1].headers["content-encoding"] == "gzip"


def test_a_bomb_is_small_on_the_wire() -> None:
    """A few hundred kilobytes that unpack to 64 MiB."""
    with Emulator(store_of(1), faults=["gzip_bomb"]) as emulator:
        assert len(listed(emulator).body) < 300_000


def altered_pages(name: str, offset: int = 10) -> tuple[dict[str, Any], dict[str, Any]]:
    """A page of ten out of fifty under a fault, and the same without."""
    with Emulator(store_of(50), faults=[name]) as emulator:
        bad, good = (listed(emulator, offset=offset, limit=10).json for _ in range(2))
    return bad, good


@pytest.mark.parametrize(
    ("name", "rows", "distinct"),
    [
        ("row_dropped", 9, 9),
        ("row_dropped_refilled", 10, 10),
        ("row_repeated", 11, 10),
        ("row_replaced", 10, 9),
        ("page_reversed", 10, 10),
        ("page_unsorted", 10, 10),
        ("page_other", 10, 10),
        ("page_too_long", 40, 40),
        ("id_twice", 11, 10),
        ("row_long_before", 11, 11),
        ("row_in_future", 11, 11),
        ("empty_page", 0, 0),
    ],
)
def test_pages_that_lie(name: str, rows: int, distinct: int) -> None:
    """How many rows a false page has, how many ids, and that it differs from the true one."""
    bad, good = altered_pages(name)
    assert (len(bad["backups"]), len({row["id"] for row in bad["backups"]})) == (rows, distinct)
    assert bad["backups"] != good["backups"]
    assert bad["total_count"] == good["total_count"] == 50


def test_a_refilled_page_goes_on_behind_its_end() -> None:
    """The row that fills the page is the first of the next one."""
    bad, good = altered_pages("row_dropped_refilled")
    following = altered_pages("row_dropped_refilled", offset=20)[1]["backups"]
    assert bad["backups"] == good["backups"][:5] + good["backups"][6:] + following[:1]


@pytest.mark.parametrize(("name", "total"), [("count_one_more", 51), ("count_one_less", 49)])
def test_counts_that_lie(name: str, total: int) -> None:
    """The rows are right and their number is not."""
    bad, good = altered_pages(name)
    assert (bad["total_count"], bad["backups"]) == (total, good["backups"])


def test_every_fault_can_strike_a_page_and_a_sign_in() -> None:
    """No fault breaks the emulator itself, whatever the answer it is put upon."""
    slow = {"stalled", "stalled_in_body", "drip", "drip_body", "slow"}
    for name in FAULTS.keys() - slow:
        with Emulator(store_of(3), faults=[name, f"{name}@sign-in"]) as emulator:
            raw(emulator)
            body = sign_in_body(emulator.config("password"))
            with suppress(OSError, ValueError, HTTPException):
                call(emulator.iam_url + "/v3/auth/tokens", "POST", {}, body)
        assert [seen.fault for seen in emulator.requests] == [name, name]


def test_counting_is_safe_among_threads() -> None:
    """A fault for the fifth request strikes once, whoever comes fifth."""
    with Emulator(store_of(3), faults=["html_502@list:5"]) as emulator:
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(listed(emulator).status))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] * 11 + [502]
    assert emulator.faults.struck == [("html_502", 1)]


def test_faults_can_be_added_later() -> None:
    """A running emulator takes more faults."""
    faults = Faults()
    faults.add("html_502")
    assert faults.struck == [("html_502", 0)]
