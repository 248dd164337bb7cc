"""The calls beside the list: instances, policies, restorable times, projects, temporary keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tap_dds_backups.emulator import READINGS, Emulator, Machine, Metadata, Project, Store, estate
from tests.emulator.client import Reply, call, list_url, sign_in_body, signed_headers

NOON = 1_699_963_200  # 2023-11-14 12:00:00 UTC
DAY = 86_400


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A company with a few thousand backups, at noon."""
    with Emulator(estate(4_000, until=NOON), clock=lambda: NOON) as running:
        yield running


def get(emulator: Emulator, path: str) -> Reply:
    """A call below the project, under a ready token."""
    token = {"X-Auth-Token": emulator.config("token")["auth_token"]}
    return call(f"{emulator.url}/v3/{emulator.store.project.id}{path}", headers=token)


def test_instances_come_in_pages(emulator: Emulator) -> None:
    """Row offsets, a total, each instance once, newest first."""
    pages = [get(emulator, f"/instances?offset={n}&limit=50").json for n in (0, 50, 100)]
    rows = [row for page in pages for row in page["instances"]]
    assert {page["total_count"] for page in pages} == {len(rows)} == {len(emulator.store.instances)}
    assert {row["id"] for row in rows} == set(emulator.store.instances)
    created = [row["created"] for row in rows]
    assert created == sorted(created, reverse=True)
    assert created[0][10] == "T"
    assert len(created[0]) == 19


def test_an_instance_has_strategy_volume_and_tags(emulator: Emulator) -> None:
    """The values that a report needs; sizes are texts in GB, as the service has them."""
    rows = get(emulator, "/instances?mode=Sharding").json["instances"]
    assert {row["mode"] for row in rows} == {"Sharding"}
    row = rows[0]
    held = emulator.store.instances[row["id"]]
    assert row["backup_strategy"] == {"start_time": held.start_time, "keep_days": held.keep_days}
    assert row["datastore"]["version"] == held.version
    assert row["tags"] == [{"key": "team", "value": held.tags["team"]}]
    assert [group["type"] for group in row["groups"]] == ["mongos", "shard", "shard", "config"]
    volumes = [group["volume"] for group in row["groups"] if "volume" in group]
    assert sum(float(volume["size"]) for volume in volumes) == held.disk_gb
    assert sum(float(volume["used"]) for volume in volumes) == pytest.approx(held.used_gb, abs=0.01)


def test_one_instance_by_id_or_name(emulator: Emulator) -> None:
    """An id or a name finds one, a star before the name finds many; an id that is gone is refused."""
    held = next(iter(emulator.store.instances.values()))
    assert get(emulator, f"/instances?id={held.id}").json["total_count"] == 1
    assert get(emulator, f"/instances?name={held.name}").json["total_count"] == 1
    assert get(emulator, "/instances?name=*-prod-").json["total_count"] > 20
    gone = get(emulator, "/instances?id=gone")
    assert (gone.status, gone.json["error_code"]) == (400, "DBS.280110")
    emulator.store.reading = READINGS["gone instance is no row"]
    assert get(emulator, "/instances?id=gone").json == {"instances": [], "total_count": 0}


@pytest.mark.parametrize(
    ("query", "code"), [("limit=0", "DBS.280439"), ("offset=-1", "DBS.280440")]
)
def test_instance_pages_have_limits(emulator: Emulator, query: str, code: str) -> None:
    """The same limits as those of the backup list."""
    assert get(emulator, f"/instances?{query}").json["error_code"] == code


def test_a_policy_and_one_that_is_off(emulator: Emulator) -> None:
    """Where automatic backup is off, keep_days 0 is all that comes."""
    store = emulator.store
    off = store.add_instance("off", keep_days=0)
    on = store.add_instance("on", incremental_since=NOON)
    assert get(emulator, f"/instances/{off.id}/backups/policy").json == {
        "backup_policy": {"keep_days": 0}
    }
    assert get(emulator, f"/instances/{on.id}/backups/policy").json == {
        "backup_policy": {
            "keep_days": 7,
            "start_time": "18:00-19:00",
            "period": "1,2,3,4,5,6,7",
            "enable_incremental_backup": True,
        }
    }


@pytest.mark.parametrize("path", ["backups/policy", "restore-time?date=2023-11-14"])
def test_an_instance_that_is_gone(emulator: Emulator, path: str) -> None:
    """Its calls are refused with the code that says so."""
    reply = get(emulator, f"/instances/gone/{path}")
    assert (reply.status, reply.json["error_code"]) == (400, "DBS.280110")


def restorable() -> tuple[Store, str]:
    """An instance with incrementals around midnight, and a gap of two hours at noon."""
    store = Store()
    instance = store.add_instance("db")
    midnight = NOON - NOON % DAY
    for begin in range(midnight - 3600, midnight + 18 * 3600, 300):
        if not midnight + 11 * 3600 < begin < midnight + 13 * 3600:
            row = store.start(instance, begin=begin, kind="Incremental")
            store.finish(row.id, end=begin + 4)
    return store, instance.id


def test_restorable_times_of_a_day() -> None:
    """Milliseconds, cut at the borders of the UTC day, split where incrementals are missing."""
    store, instance_id = restorable()
    midnight = NOON - NOON % DAY
    with Emulator(store, clock=lambda: NOON + DAY) as emulator:
        path = f"/instances/{instance_id}/restore-time?date="
        today = get(emulator, path + "2023-11-14").json["restore_time"]
        before = get(emulator, path + "2023-11-13").json["restore_time"]
        never = get(emulator, path + "2023-11-12").json
    spans = [
        (span["start_time"] - midnight * 1000, span["end_time"] - midnight * 1000) for span in today
    ]
    hour = 3_600_000
    assert spans == [(0, 11 * hour + 4_000), (13 * hour, 18 * hour - 296_000)]
    assert before == [{"start_time": (midnight - 3600) * 1000, "end_time": (midnight - 1) * 1000}]
    assert never == {"restore_time": []}


@pytest.mark.parametrize("query", ["", "?date=", "?date=2023-02-30", "?date=14.11.2023"])
def test_a_day_must_be_a_day(query: str) -> None:
    """Anything else is DBS.280409."""
    store, instance_id = restorable()
    with Emulator(store) as emulator:
        reply = get(emulator, f"/instances/{instance_id}/restore-time{query}")
    assert (reply.status, reply.json["error_code"]) == (400, "DBS.280409")


def test_incremental_backups_over_http(emulator: Emulator) -> None:
    """With type and instance they come, without they do not."""
    instance = next(i for i in emulator.store.instances.values() if i.incremental_since)
    page = get(emulator, f"/backups?backup_type=Incremental&instance_id={instance.id}").json
    assert page["total_count"] == 287
    assert {row["type"] for row in page["backups"]} == {"Incremental"}
    plain = get(emulator, f"/backups?instance_id={instance.id}").json
    assert {row["type"] for row in plain["backups"]} <= {"Auto", "Manual"}


SUB = Project("b" * 32, "ap-southeast-3_team", parent_id="a" * 32)


@pytest.fixture
def company() -> Iterator[Emulator]:
    """A project, a sub-project and one of another region, with one backup each."""
    projects = [Project("a" * 32), SUB, Project("c" * 32, "eu-west-101", "eu-west-101")]
    stores = [Store(project) for project in projects]
    for store in stores:
        store.start(store.add_instance("db"), begin=NOON)
    with Emulator(stores, clock=lambda: NOON + 60) as running:
        yield running


def sign_in(emulator: Emulator, **changes: Any) -> str:
    """A token by password."""
    body = sign_in_body(emulator.config("password"), **changes)
    reply = call(f"{emulator.iam_url}/v3/auth/tokens", "POST", {}, body)
    return reply.headers["x-subject-token"]


def signed(emulator: Emulator, url: str, **more: Any) -> Reply:
    """A call signed with the permanent key."""
    key = emulator.config("access_key")
    names = {"when": NOON + 60, **more}
    headers = signed_headers(url, key["access_key"], key["secret_key"], **names)
    return call(url, names.get("method", "GET"), headers, names.get("body"))


@pytest.mark.parametrize("path", ["/v3/auth/projects", "/v3/projects"])
def test_the_projects_of_the_user(company: Emulator, path: str) -> None:
    """With a token of the account or a signature; the object storage's project is among them."""
    token = {"X-Auth-Token": sign_in(company, scope={"domain": {"name": "emulated-account"}})}
    by_token = call(company.iam_url + path, headers=token).json["projects"]
    assert signed(company, company.iam_url + path).json["projects"] == by_token
    assert [project["name"] for project in by_token] == [
        "ap-southeast-3",
        "ap-southeast-3_team",
        "eu-west-101",
        "MOS",
    ]
    assert by_token[1]["parent_id"] == "a" * 32
    assert by_token[0]["parent_id"] == by_token[0]["domain_id"]
    named = signed(company, f"{company.iam_url}{path}?name=eu-west-101").json["projects"]
    assert [project["id"] for project in named] == ["c" * 32]


def test_projects_come_in_pages_only_with_both_parameters(company: Emulator) -> None:
    """Page and per_page belong together."""
    url = f"{company.iam_url}/v3/auth/projects"
    pages = [signed(company, f"{url}?page={n}&per_page=3").json["projects"] for n in (1, 2)]
    assert [len(page) for page in pages] == [3, 1]
    assert signed(company, f"{url}?page=1").status == 400


def test_projects_need_a_sign_in(company: Emulator) -> None:
    """Without one it is IAM's 401, not the gateway's."""
    reply = call(f"{company.iam_url}/v3/auth/projects")
    assert (reply.status, reply.json["error"]["code"]) == (401, 401)


def test_a_signed_call_on_a_sub_project_must_name_it(company: Emulator) -> None:
    """Without X-Project-Id a sub-project is not found by a signature (API signing guide)."""
    url = f"{company.url}/v3/{SUB.id}/backups"
    assert signed(company, url).status == 403
    assert signed(company, url, more={"x-project-id": SUB.id}).json["total_count"] == 1


def test_settings_for_all_projects(company: Emulator) -> None:
    """One list of projects with their regions, in the place of project_id."""
    config = company.config_for_projects("password")
    assert "project_id" not in config
    assert [(each["project_id"][0], each["region"]) for each in config["projects"]] == [
        ("a", "ap-southeast-3"),
        ("b", "ap-southeast-3"),
        ("c", "eu-west-101"),
    ]


def temporary(emulator: Emulator, identity: dict[str, Any], token: str = "") -> Reply:
    """Ask for a temporary key; signed unless a token is given."""
    url = f"{emulator.iam_url}/v3.0/OS-CREDENTIAL/securitytokens"
    body = json.dumps({"auth": {"identity": identity}}).encode()
    if token:
        return call(url, "POST", {"X-Auth-Token": token}, body)
    return signed(emulator, url, method="POST", body=body)


def assume(**changes: Any) -> dict[str, Any]:
    """The identity of an assumed agency."""
    role = {"agency_name": "backup-readers", "domain_name": "emulated-account", **changes}
    return {"methods": ["assume_role"], "assume_role": role}


def works(emulator: Emulator, credential: dict[str, str]) -> bool:
    """Whether the key lists backups."""
    url = list_url(emulator)
    headers = signed_headers(
        url,
        credential["access"],
        credential["secret"],
        when=NOON + 60,
        more={"x-security-token": credential["securitytoken"]},
    )
    return call(url, headers=headers).status == 200


def test_temporary_keys_by_agency_and_by_token(company: Emulator) -> None:
    """Both ways give a key that works, with the end of its life in IAM's form."""
    token = sign_in(company)
    replies = [
        temporary(company, assume(duration_seconds=3600)),
        temporary(company, assume(), token),
        temporary(company, {"methods": ["token"], "token": {"id": token}}, token),
        temporary(company, {"methods": ["token"], "token": {"duration_seconds": 900}}, token),
    ]
    assert [reply.status for reply in replies] == [201] * 4
    credentials = [reply.json["credential"] for reply in replies]
    assert all(works(company, credential) for credential in credentials)
    assert credentials[0]["expires_at"] == "2023-11-14T13:01:00.000000Z"
    assert credentials[1]["expires_at"] == "2023-11-14T12:16:00.000000Z"


@pytest.mark.parametrize(
    ("identity", "status"),
    [
        (assume(agency_name="nobody"), 404),
        (assume(domain_name="elsewhere"), 404),
        (assume(duration_seconds=899), 400),
        (assume(duration_seconds=86_401), 400),
        (assume(duration_seconds="900"), 400),
        ({"methods": ["password"]}, 400),
        ({"methods": ["token"], "token": {"id": "nonsense"}}, 401),
    ],
)
def test_temporary_keys_that_are_refused(
    company: Emulator, identity: dict[str, Any], status: int
) -> None:
    """Unknown agencies and accounts, lives out of range, tokens that are none."""
    reply = temporary(company, identity)
    assert (reply.status, reply.json["error"]["code"]) == (status, status)


def keys(metadata: Metadata, token: str = "") -> Reply:
    """The key of the machine's agency."""
    headers = {"X-Metadata-Token": token} if token else {}
    return call(f"{metadata.url}/openstack/latest/securitykey", headers=headers)


def metadata_token(metadata: Metadata, life: str = "21600") -> Reply:
    """A token of the metadata service, version 2."""
    headers = {"X-Metadata-Token-Ttl-Seconds": life}
    return call(f"{metadata.url}/meta-data/latest/api/token", "PUT", headers)


def test_a_machine_gives_keys_of_its_agency(company: Emulator) -> None:
    """Version 2 with a token, version 1 without; the key works on DDS."""
    with Metadata(company.identity, clock=company.clock) as metadata:
        token = metadata_token(metadata).body.decode()
        assert works(company, keys(metadata, token).json["credential"])
        assert works(company, keys(metadata).json["credential"])
        metadata.expire_tokens()
        assert keys(metadata, token).status == 401
        assert [seen.method for seen in metadata.requests] == ["PUT", "GET", "GET", "GET"]


@pytest.mark.parametrize("status", [404, 405, 503])
def test_a_machine_that_speaks_version_1_only(company: Emulator, status: Any) -> None:
    """The request for a token fails in one of the ways that were seen."""
    with Metadata(company.identity, Machine(version_2=status)) as metadata:
        assert metadata_token(metadata).status == status
        assert keys(metadata).status == 200


def test_a_machine_that_insists_on_version_2(company: Emulator) -> None:
    """Without a token there is no key; a token lives as long as was asked for, at most six hours."""
    now = [float(NOON)]
    machine = Machine(token_required=True)
    with Metadata(company.identity, machine, clock=lambda: now[0]) as metadata:
        assert keys(metadata).status == 401
        token = metadata_token(metadata, "60").body.decode()
        now[0] += 59
        assert keys(metadata, token).status == 200
        now[0] += 1
        assert keys(metadata, token).status == 401
        lives = [metadata_token(metadata, life).status for life in ("0", "21601", "long")]
        assert lives == [400, 400, 400]


def test_a_machine_without_an_agency(company: Emulator) -> None:
    """The text that says so."""
    with Metadata(company.identity, Machine(agency=False)) as metadata:
        reply = keys(metadata)
    assert reply.status == 401
    assert b"Please configure Cloud Service Agency first" in reply.body


def test_a_pod_gives_keys_for_its_token(company: Emulator) -> None:
    """POST with the token of the file; any other is refused."""
    with Metadata(company.identity, clock=company.clock) as metadata:
        headers = {"Authorization": metadata.pod_token}
        found = call(metadata.pod_url, "POST", headers, b"{}").json["credentials"]
        refused = call(metadata.pod_url, "POST", {"Authorization": "wrong"}, b"{}").status
    names = {
        "access": "accessKeyId",
        "secret": "secretAccessKey",
        "securitytoken": "securityToken",
    }
    assert works(company, {ours: found[theirs] for ours, theirs in names.items()})
    assert refused == 401


def test_temporary_keys_end() -> None:
    """A key of a machine with short-lived keys is refused after its end."""
    now = [float(NOON)]
    with (
        Emulator(clock=lambda: now[0]) as emulator,
        Metadata(emulator.identity, Machine(key_seconds=60), clock=lambda: now[0]) as metadata,
    ):
        credential = keys(metadata).json["credential"]
        url = list_url(emulator)

        def status() -> int:
            more = {"x-security-token": credential["securitytoken"]}
            pair = (credential["access"], credential["secret"])
            return call(url, headers=signed_headers(url, *pair, when=now[0], more=more)).status

        before = status()
        now[0] += 60
        assert (before, status()) == (200, 401)
