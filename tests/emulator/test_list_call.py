"""The list call over HTTP: pages, filters, and the service's own word for what is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tap_dds_backups.emulator import Emulator, Project, Store, plain_store
from tests.emulator.client import call, list_url, listed

NOON = 1_700_000_000.0
FIELDS = [
    "id",
    "name",
    "instance_id",
    "instance_name",
    "datastore",
    "type",
    "begin_time",
    "end_time",
    "status",
    "size",
    "description",
]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A service with 250 backups, ten minutes apart."""
    with Emulator(plain_store(250, until=NOON)) as running:
        yield running


def test_a_row_has_the_fields_of_table_4(emulator: Emulator) -> None:
    """A row holds the fields of Tables 4 and 5 in their order, and no others."""
    page = listed(emulator, limit=1).json
    assert list(page) == ["backups", "total_count"]
    assert list(page["backups"][0]) == FIELDS
    assert page["backups"][0]["datastore"] == {"type": "DDS-Community", "version": "4.4"}


def test_pages_are_cut_by_row_offset_newest_first(emulator: Emulator) -> None:
    """Offset counts rows; the pages together are the whole list, newest first, each row once."""
    pages = [listed(emulator, offset=offset, limit=100).json for offset in (0, 100, 200)]
    rows = [row for page in pages for row in page["backups"]]
    assert [len(page["backups"]) for page in pages] == [100, 100, 50]
    assert {page["total_count"] for page in pages} == {250}
    assert len({row["id"] for row in rows}) == 250
    begins = [row["begin_time"] for row in rows]
    assert begins == sorted(begins, reverse=True)


def test_without_parameters_the_first_hundred_come(emulator: Emulator) -> None:
    """Limit is 100 and offset 0 where they are not given (API page, Table 1)."""
    assert listed(emulator).json == listed(emulator, offset=0, limit=100).json


def test_a_window_keeps_both_bounds(emulator: Emulator) -> None:
    """A window from one row's begin to another's holds both and what lies between."""
    rows = listed(emulator).json["backups"]
    page = listed(emulator, begin_time=rows[9]["begin_time"], end_time=rows[2]["begin_time"]).json
    assert page == {"backups": rows[2:10], "total_count": 8}


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("backup_type", "Manual", "type"),
        ("instance_id", None, "instance_id"),
        ("backup_id", None, "id"),
    ],
)
def test_filters_keep_what_matches(
    emulator: Emulator, name: str, value: str | None, field: str
) -> None:
    """Each filter keeps exactly the rows that have its value."""
    rows = [
        row for offset in (0, 100, 200) for row in listed(emulator, offset=offset).json["backups"]
    ]
    value = value or rows[3][field]
    wanted = [row for row in rows if row[field] == value]
    page = listed(emulator, **{name: value}).json
    assert page == {"backups": wanted[:100], "total_count": len(wanted)}
    assert 0 < len(wanted) < 250


def test_mode_filters_by_the_mode_of_the_instance(emulator: Emulator) -> None:
    """The mode is a property of the instance, not of the row."""
    page = listed(emulator, mode="Sharding").json
    assert {row["instance_name"] for row in page["backups"]} == {"db-sharding"}


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"limit": 0}, "DBS.280439"),
        ({"limit": 101}, "DBS.280439"),
        ({"limit": "ten"}, "DBS.280439"),
        ({"offset": -1}, "DBS.280440"),
        ({"offset": "+1"}, "DBS.280440"),
        ({"begin_time": "2023-11-14"}, "DBS.280067"),
        ({"begin_time": "2023-02-30 00:00:00"}, "DBS.280067"),
        ({"end_time": "2023-11-14 00:00:00"}, "DBS.280067"),
        ({"begin_time": "2023-11-14 00:00:00", "end_time": "2023-11-14T00:00:01"}, "DBS.280068"),
        ({"begin_time": "2023-11-14 00:00:00", "end_time": "2023-11-14 00:00:00"}, "DBS.280068"),
        ({"backup_type": "auto"}, "DBS.280001"),
        ({"backup_type": "Incremental"}, "DBS.280404"),
        ({"mode": "Cluster"}, "DBS.280342"),
        ({"order_field": "beginTime"}, "DBS.280001"),
    ],
)
def test_wrong_parameters_are_refused(
    emulator: Emulator, parameters: dict[str, object], code: str
) -> None:
    """A wrong parameter is a 400 in the two-key shape of the backend, with its own code."""
    reply = listed(emulator, **parameters)
    assert reply.status == 400
    assert set(reply.json) == {"error_code", "error_msg"}
    assert reply.json["error_code"] == code


def test_a_plus_is_no_blank(emulator: Emulator) -> None:
    """A blank in a time must come as %20: a plus is refused, for it breaks signatures."""
    token = emulator.config("token")["auth_token"]
    url = list_url(emulator) + "?begin_time=2023-11-14+00:00:00"
    assert call(url, headers={"X-Auth-Token": token}).status == 400


def test_a_parameter_given_twice_is_refused(emulator: Emulator) -> None:
    """No client means a doubled parameter, so it is an error and not a choice."""
    token = emulator.config("token")["auth_token"]
    reply = call(list_url(emulator) + "?limit=1&limit=2", headers={"X-Auth-Token": token})
    assert (reply.status, reply.json["error_code"]) == (400, "DBS.200001")


def test_an_unknown_path_is_the_gateways_404(emulator: Emulator) -> None:
    """A wrong path is answered by the gateway: three keys, the request id among them."""
    token = emulator.config("token")["auth_token"]
    reply = call(f"{emulator.url}/v2/backups", headers={"X-Auth-Token": token})
    assert (reply.status, reply.json["error_code"]) == (404, "APIGW.0101")
    assert reply.json["request_id"] == reply.headers["x-request-id"]


def test_a_token_serves_its_own_project_only() -> None:
    """The project in the address must be the one of the token's scope."""
    stores = [Store(Project("a" * 32)), Store(Project("b" * 32, "eu-west-101"))]
    with Emulator(stores) as emulator:
        token = emulator.config("token", project_id="b" * 32)["auth_token"]
        statuses = [
            call(f"{emulator.url}/v3/{key * 32}/backups", headers={"X-Auth-Token": token}).status
            for key in "abc"
        ]
    assert statuses == [403, 200, 403]


def test_what_came_is_logged_without_header_values(emulator: Emulator) -> None:
    """The log tells what was asked and how it ended, and holds no secret."""
    listed(emulator, offset=0, limit=2)
    (seen,) = emulator.seen("list")
    assert (seen.method, seen.status, seen.query) == ("GET", 200, {"offset": "0", "limit": "2"})
    assert "x-auth-token" in seen.header_names
    assert emulator.config("token")["auth_token"] not in repr(seen)
