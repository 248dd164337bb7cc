"""Projects that are found instead of named: settings, sign-ins, both faces."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

import pytest

from tap_dds_backups.api.errors import ConfigError, DdsError, NotFound, SignInError
from tap_dds_backups.api.projects import ListedProject
from tap_dds_backups.emulator import Emulator, Identity, Project, Store, plain_store
from tap_dds_backups.replication.events import Failed, Finished
from tap_dds_backups.run import opened
from tap_dds_backups.settings import Settings, from_airbyte, from_singer
from tap_dds_backups.settings.discovery import Discovery
from tap_dds_backups.settings.projects import Project as ReadProject
from tests.faces.airbyte import airbyte_config, read, run_source
from tests.faces.running import run_tap

SignIn = Literal["password", "access_key", "temporary_key"]
NAMES = ("eu-west-101_team-b", "eu-west-101", "ap-southeast-3_a", "ap-southeast-3")
ROWS = 7
FINDS = {"discover_projects": True}
KEYS = {"access_key": "AK", "secret_key": "SK"}


def stores(*, disabled: str = "") -> list[Store]:
    """One project of each name, in an order that is not theirs."""
    return [
        plain_store(
            ROWS,
            seed=place,
            until=time.time() - 60,
            project=Project(
                f"{place:032x}",
                name,
                name.partition("_")[0],
                parent_id="p" if "_" in name else "",
                enabled=name != disabled,
            ),
        )
        for place, name in enumerate(NAMES)
    ]


def found(config: dict[str, Any]) -> list[ReadProject]:
    """The projects that a run of this config reads; each is read to its end."""
    with opened(from_singer(config, {})) as run:
        events = list(run.events("backups", lambda _: {}))
        assert [event for event in events if isinstance(event, Failed)] == []
        finished = [event for event in events if isinstance(event, Finished)]
        assert [event.written for event in finished] == [ROWS] * len(finished)
        ids = [event.partition.project_id for event in finished]
        assert ids == [project.project_id for project in run.connection.projects]
        return list(run.connection.projects)


@pytest.mark.parametrize(
    ("sign_in", "sign_ins"), [("password", 5), ("access_key", 0), ("temporary_key", 0)]
)
def test_each_sign_in_finds_the_same(sign_in: SignIn, sign_ins: int) -> None:
    """All projects are found and read by name; a password signs in once more, for the account."""
    with Emulator(stores()) as emulator:
        projects = found(emulator.config_for_discovery(sign_in))
        by_name = sorted(NAMES)
        assert [NAMES[int(project.project_id, 16)] for project in projects] == by_name
        assert [project.region for project in projects] == [n.partition("_")[0] for n in by_name]
        assert {project.api_url for project in projects} == {emulator.url}
        assert len(emulator.seen("projects")) == 1
        assert len(emulator.seen("sign-in")) == sign_ins


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("eu-west-101*", ["eu-west-101", "eu-west-101_team-b"]),
        ("*_*", ["ap-southeast-3_a", "eu-west-101_team-b"]),
        ("ap-southeast-[123]", ["ap-southeast-3"]),
        ("EU-*", []),
    ],
)
def test_pattern(pattern: str, names: list[str]) -> None:
    """Only matching projects are read, letter case counting."""
    listed = [ListedProject(name, name, name.partition("_")[0]) for name in sorted(NAMES)]
    discovery = Discovery("https://iam.example", "myhuaweicloud.com", None, pattern)
    assert [project.project_id for project in discovery.projects(listed)] == names


def test_disabled_projects_are_not_read() -> None:
    """A project that is switched off is left alone."""
    with Emulator(stores(disabled="eu-west-101")) as emulator:
        assert len(found(emulator.config_for_discovery())) == len(NAMES) - 1


def test_hosts_are_built_from_each_region() -> None:
    """Without api_url a project is read where its region is, and signs in where it was found."""
    discovery = from_singer(FINDS | KEYS | {"region": "eu-west-101"}, {}).discovery
    assert discovery is not None
    assert discovery.projects(
        [
            ListedProject("cn-north-4_x", "1", "cn-north-4"),
            ListedProject("eu-west-101", "2", "eu-west-101"),
        ]
    ) == (
        ReadProject(
            "1",
            "https://dds.cn-north-4.myhuaweicloud.com",
            "https://iam.eu-west-101.myhuaweicloud.eu",
            "cn-north-4",
        ),
        ReadProject(
            "2",
            "https://dds.eu-west-101.myhuaweicloud.eu",
            "https://iam.eu-west-101.myhuaweicloud.eu",
            "eu-west-101",
        ),
    )


@pytest.mark.parametrize(
    ("more", "iam_url"),
    [
        ({}, "https://iam.myhuaweicloud.com"),
        ({"region": "cn-north-4"}, "https://iam.cn-north-4.myhuaweicloud.com"),
        ({"region": "eu-nl", "cloud": "example.org"}, "https://iam.eu-nl.example.org"),
        ({"region": "cn-north-4", "iam_url": "https://iam.example/v3"}, "https://iam.example"),
    ],
)
def test_which_iam_is_asked(more: dict[str, str], iam_url: str) -> None:
    """The one given, else the region's, else that of all regions; both faces agree."""
    settings = from_singer(FINDS | KEYS | more, {})
    assert (settings.projects, settings.discovery and settings.discovery.iam_url) == ((), iam_url)
    credentials = {"auth_type": "access_key", **KEYS}
    assert from_airbyte(FINDS | more | {"credentials": credentials}, {}) == settings


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        (
            KEYS | FINDS | {"project_id": "x"},
            "discover_projects finds the projects: leave out project_id",
        ),
        (
            FINDS | {"auth_token": "T"},
            "auth_token serves one project: discover_projects needs another sign-in",
        ),
        (
            FINDS | KEYS | {"cloud": "example.org"},
            "iam_url or region must be given for discover_projects in this cloud",
        ),
        (
            KEYS | {"project_id": "x", "region": "eu-west-101", "project_name_pattern": "*"},
            "project_name_pattern needs discover_projects",
        ),
        (
            FINDS | KEYS | {"region": "eu-de", "cloud": "otc.t-systems.com"},
            (
                "access_key does not work on Open Telekom Cloud, which signs in another way: give "
                "auth_token, or username, password and domain_name"
            ),
        ),
    ],
)
def test_what_does_not_fit(config: dict[str, Any], problem: str) -> None:
    """What cannot work with discovery is told before any request."""
    with pytest.raises(ConfigError) as caught:
        from_singer(config, {})
    assert caught.value.problems == [problem]


def test_project_of_the_environment_is_not_taken() -> None:
    """With discovery the environment's project does not narrow what is read."""
    environ = {f"HUAWEICLOUD_SDK_{name}": "x" for name in ("AK", "SK", "PROJECT_ID")}
    assert from_singer(FINDS, environ).projects == ()


def opening(settings: Settings) -> DdsError:
    """The error with which a run cannot be opened."""
    with pytest.raises(DdsError) as caught, opened(settings):
        pass
    return caught.value


def test_nothing_found_is_an_error() -> None:
    """A pattern that nothing matches ends the run instead of reading nothing with success."""
    with Emulator(stores()) as emulator:
        config = emulator.config_for_discovery() | {"project_name_pattern": "nowhere*"}
        error = opening(from_singer(config, {}))
        assert isinstance(error, NotFound)
        assert "project_name_pattern" in str(error)


@pytest.mark.parametrize("wrong", [{"secret_key": "SK-CANARY"}, {"access_key": "AK-CANARY"}])
def test_wrong_key(wrong: dict[str, str]) -> None:
    """A wrong key is told as such, after one request, and does not show."""
    with Emulator(stores()) as emulator:
        error = opening(from_singer(emulator.config_for_discovery() | wrong, {}))
        assert isinstance(error, SignInError)
        assert str(error).startswith("the account's projects could not be listed: ")
        assert "CANARY" not in str(error)
        assert len(emulator.requests) == 1


def test_outage_of_iam_is_waited_out() -> None:
    """A list that fails at first is asked for again."""
    with Emulator(stores(), faults=["iam_500@projects"]) as emulator:
        assert len(found(emulator.config_for_discovery())) == len(NAMES)
        assert [seen.status for seen in emulator.seen("projects")] == [500, 200]


def test_both_faces(tmp_path: Path) -> None:
    """Both faces read what is found, with each project's region, and go on from their states."""
    with Emulator(stores(), identity=Identity(seed=3)) as emulator:
        config = emulator.config_for_discovery("password")
        singer = run_tap(tmp_path, config)
        assert singer.code == 0, singer.stderr
        regions = {record["project_id"]: record["region"] for record in singer.records()}
        assert list(regions.values()) == [name.partition("_")[0] for name in sorted(NAMES)]
        assert len(singer.records()) == ROWS * len(NAMES)
        assert singer.state
        again = run_tap(tmp_path, config, state=singer.state)
        assert (again.code, again.state) == (0, singer.state)
        source = read(tmp_path, airbyte_config(config))
        assert source.code == 0
        assert [record["id"] for record in source.records()] == singer.ids()
        checked = run_source(tmp_path, "check", airbyte_config(config))
        assert checked.connection_status["status"] == "SUCCEEDED"


@pytest.mark.parametrize("option", ["--discover", "--about"])
def test_no_network_where_nothing_is_read(tmp_path: Path, option: str) -> None:
    """Discovery of streams and the description need no IAM."""
    config = FINDS | KEYS | {"iam_url": "http://127.0.0.1:9", "api_url": "http://127.0.0.1:9"}
    run = run_tap(tmp_path, config, option)
    assert (run.code, bool(run.stdout)) == (0, True)


def test_iam_that_is_none(tmp_path: Path) -> None:
    """Both faces say in one line that the projects could not be listed, and exit with 1."""
    config: dict[str, Any] = FINDS | KEYS | {"iam_url": "http://127.0.0.1:9", "max_attempts": 1}
    run = run_tap(tmp_path, config)
    assert (run.code, run.records()) == (1, [])
    assert run.stderr.count("the account's projects could not be listed") == 1
    assert "Traceback" not in run.stderr
    source = read(tmp_path, airbyte_config(config))
    assert source.code == 1
    assert "the account's projects could not be listed" in source.stdout.decode()
