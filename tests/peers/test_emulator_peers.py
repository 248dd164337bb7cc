"""Clients that others wrote agree with the emulator: the vendor's SDK and keystoneauth1.

They are what keeps the emulator honest. Each runs in an environment of its own, as a script that
prints what it found as JSON; the vendor's SDK gets a home of its own, for it writes there.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tap_dds_backups.emulator import Emulator, Machine, Metadata, Query, estate, plain_store
from tests.peers.environments import environment

pytestmark = pytest.mark.peers

BACKUPS = 230
SCRIPTS = Path(__file__).parent / "clients"


class Client(NamedTuple):
    """A client: its packages and the script that drives it."""

    packages: list[str]
    script: str


VENDOR = Client(["huaweicloudsdkdds==3.1.219"], "vendor_sdk.py")
KEYSTONE = Client(["keystoneauth1==5.18.1", "requests>=2.32"], "keystone.py")
CLIENTS = {"huaweicloudsdkdds": VENDOR, "keystoneauth1": KEYSTONE}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """A service with backups for three pages."""
    with Emulator(plain_store(BACKUPS, until=time.time() - 60)) as running:
        yield running


def run(client: Client, given: dict[str, Any], home: Path) -> Any:
    """What the client's script prints for these settings."""
    name = client.packages[0].partition("==")[0]
    python = environment(name, client.packages) / "bin" / "python"
    done = subprocess.run(
        [python, "-I", SCRIPTS / client.script],
        input=json.dumps(given),
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def settings(emulator: Emulator, name: str, **more: Any) -> dict[str, Any]:
    """The settings that a client needs, and what it is to do."""
    sign_in = "access_key" if name == "huaweicloudsdkdds" else "password"
    return {**emulator.config(sign_in), "limit": 100, **more}  # type: ignore[arg-type]  # a name in a literal


def held(emulator: Emulator) -> list[str]:
    """The ids that the store holds, newest first."""
    return [row["id"] for row in emulator.store.visible(Query(), now=time.time())]


@pytest.mark.parametrize("name", CLIENTS)
def test_all_pages_hold_the_same_ids(emulator: Emulator, name: str, tmp_path: Path) -> None:
    """Page by page the client finds every backup, in the store's order."""
    found = run(CLIENTS[name], settings(emulator, name), tmp_path)
    assert found == {"ids": held(emulator), "total_count": BACKUPS}
    assert [seen.status for seen in emulator.seen("list")] == [200, 200, 200]


@pytest.mark.parametrize("name", CLIENTS)
def test_a_time_window_holds_the_same_ids(emulator: Emulator, name: str, tmp_path: Path) -> None:
    """The client's own spelling of a window reaches the same backups."""
    rows = emulator.store.visible(Query(), now=time.time())
    newest, oldest = rows[20]["begin_time"], rows[140]["begin_time"]
    window = {"begin_time": oldest, "end_time": newest}
    found = run(CLIENTS[name], settings(emulator, name, **window), tmp_path)
    assert found == {"ids": [row["id"] for row in rows[20:141]], "total_count": 121}


def test_the_vendors_sdk_reads_the_sibling_calls(tmp_path: Path) -> None:
    """Instances, policies, incremental backups and restorable times come out as its own types."""
    now = time.time()
    store = estate(1_000, until=now)
    with Emulator(store) as emulator:
        found = run(VENDOR, {**emulator.config("access_key"), "do": "siblings"}, tmp_path)
    instances = store.instances.values()
    assert found["instances"] == {each.id: each.name for each in instances}
    assert found["keep_days"] == {each.id: each.keep_days for each in instances}
    with_increments = [each.id for each in instances if each.incremental_since is not None]
    assert found["incrementals"] == dict.fromkeys(with_increments, 287)
    assert set(found["restorable"]) == set(with_increments)


@pytest.mark.parametrize("source", ["metadata", "metadata version 1", "pod"])
def test_the_vendors_sdk_gets_keys_from_its_surroundings(
    emulator: Emulator, source: str, tmp_path: Path
) -> None:
    """Its own providers find keys at the metadata service and at the pod's endpoint."""
    machine = Machine(version_2=404 if source == "metadata version 1" else "spoken")
    with Metadata(emulator.identity, machine) as metadata:
        (tmp_path / "pod-token").write_text(metadata.pod_token)
        given = {
            **emulator.config("access_key"),
            "do": source.partition(" ")[0],
            "metadata_url": metadata.url,
            "pod_url": metadata.pod_url,
            "token_file": str(tmp_path / "pod-token"),
            "limit": 100,
        }
        given = {name: value for name, value in given.items() if name[-4:] != "_key"}
        assert run(VENDOR, given, tmp_path)["ids"] == held(emulator)


def test_the_vendors_sdk_finds_the_project_by_its_region(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Without a project id it asks IAM for the project that is named like the region."""
    given = {**emulator.config("access_key"), "limit": 100, "region": "ap-southeast-3"}
    del given["project_id"]
    assert run(VENDOR, given, tmp_path)["ids"] == held(emulator)
    assert emulator.requests[0].name == "projects"


@pytest.mark.parametrize(
    ("name", "secret"), [("huaweicloudsdkdds", "secret_key"), ("keystoneauth1", "password")]
)
def test_a_wrong_secret_is_refused(
    emulator: Emulator, name: str, secret: str, tmp_path: Path
) -> None:
    """The client says 401 in its own way, and nothing is listed."""
    found = run(CLIENTS[name], settings(emulator, name, **{secret: "wrong"}), tmp_path)
    assert found == {"refused": 401}
    assert {seen.status for seen in emulator.requests} == {401}


def test_the_vendors_sdk_uses_a_temporary_key(emulator: Emulator, tmp_path: Path) -> None:
    """Its way to sign the security token is understood."""
    given = {**emulator.config("temporary_key"), "limit": 100}
    assert run(VENDOR, given, tmp_path)["ids"] == held(emulator)


def test_keystone_reads_life_project_and_catalog(emulator: Emulator, tmp_path: Path) -> None:
    """Expiry, project id and the address of ddsv3 come out of the token's body."""
    found = run(KEYSTONE, settings(emulator, "keystoneauth1", facts=True), tmp_path)
    project_id = emulator.store.project.id
    assert found == {
        "project_id": project_id,
        "endpoint": f"{emulator.url}/v3/{project_id}",
        "seconds_left": pytest.approx(86_400, abs=60),
    }


def test_keystone_finds_version_3_by_itself(emulator: Emulator, tmp_path: Path) -> None:
    """A generic client with the bare address of IAM reads the version documents."""
    found = run(KEYSTONE, settings(emulator, "keystoneauth1", generic=True), tmp_path)
    assert found["total_count"] == BACKUPS
