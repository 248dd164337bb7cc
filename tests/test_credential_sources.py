"""Credentials that are not configured: machine, pod, agency, profile; over real sockets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tap_dds_backups.api.clock import SystemClock
from tap_dds_backups.api.errors import ConfigError
from tap_dds_backups.api.readahead import QUICK_SECONDS
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.connect import connect
from tap_dds_backups.emulator import Emulator, Identity, Machine, Metadata, Project, plain_store
from tap_dds_backups.replication.events import Event, Failed, Records
from tap_dds_backups.run import Run
from tap_dds_backups.settings import from_airbyte, from_singer
from tap_dds_backups.settings.credentials import (
    AssumedAgency,
    EcsAgency,
    KeyPair,
    Password,
    PodIdentity,
)
from tests.faces.airbyte import read as read_source
from tests.faces.running import clean_environment, run_tap

ROWS = 950
PLACE = {"project_id": "0" * 32, "region": "eu-west-101"}
Source = Literal["ecs_agency", "pod_identity", "assume_agency", "assume_agency by password"]
SOURCES: tuple[Source, ...] = (
    "ecs_agency",
    "pod_identity",
    "assume_agency",
    "assume_agency by password",
)
every_source = pytest.mark.parametrize("source", SOURCES)


class MovedClock(SystemClock):
    """The machine's clock, which a test can move on."""

    moved = 0.0

    def now(self) -> float:
        """UTC seconds."""
        return super().now() + self.moved

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return super().monotonic() + self.moved


@dataclass
class World:
    """A service, the machine that reads it, and what happened."""

    emulator: Emulator
    metadata: Metadata
    clock: MovedClock
    folder: Path

    def config(self, source: Source, **more: Any) -> dict[str, Any]:
        """Settings of the tap that name this source."""
        base = {"credential_source": source.partition(" ")[0]}
        place: dict[str, Any] = {"project_id": self.emulator.store.project.id, **base}
        place |= {"api_url": self.emulator.url, "iam_url": self.emulator.iam_url, **more}
        if source == "ecs_agency":
            return place | {"metadata_url": self.metadata.url}
        if source == "pod_identity":
            return place
        user = self.emulator.identity.user
        agency = {"agency_name": user.agency_name, "agency_domain_name": user.domain_name}
        way: Literal["password", "access_key"] = "password" if " " in source else "access_key"
        return place | agency | self.emulator.config(way)

    def environ(self) -> dict[str, str]:
        """The environment of a pod."""
        file = self.folder / "pod-token"
        file.write_text(self.metadata.pod_token + "\n")
        return {
            "HC_CONTAINER_CREDENTIALS_FULL_URI": self.metadata.pod_url,
            "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(file),
        }

    def keys_given(self) -> list[int]:
        """The status of each request for a key pair."""
        given = [seen for seen in self.metadata.requests if not seen.path.endswith("/token")]
        return [seen.status for seen in [*given, *self.emulator.seen("temporary-key")]]

    def run(
        self,
        config: Mapping[str, Any],
        on_event: Callable[[Event], None] = lambda _: None,
        told: list[str] | None = None,
    ) -> list[Event]:
        """Sync once and return what happened."""
        settings = from_singer(config, self.environ())
        on_secret = (told if told is not None else []).append
        events = []
        with connect(settings, clock=self.clock, on_secret=on_secret) as connection:
            for event in Run(settings, connection).events("backups", lambda _: {}):
                on_event(event)
                events.append(event)
        return events


@contextmanager
def world(
    folder: Path, machine: Machine | None = None, *, projects: int = 1, strange: bool = False
) -> Iterator[World]:
    """A service and a machine on loopback; a `strange` machine is of another account."""
    clock = MovedClock()
    stores = [
        plain_store(
            ROWS, until=time.time() - 60, seed=place, project=Project(f"{place:032x}", name)
        )
        for place, name in enumerate(["ap-southeast-3", "ap-southeast-3_a", "ap-southeast-3_b"])
    ]
    with Emulator(stores[:projects], clock=clock.now, latency=QUICK_SECONDS) as emulator:
        identity = Identity(seed=9) if strange else emulator.identity
        with Metadata(identity, machine, clock=clock.now) as metadata:
            yield World(emulator, metadata, clock, folder)


def rows(events: list[Event]) -> int:
    """Count the backups written."""
    return sum(len(event.backups) for event in events if isinstance(event, Records))


def errors(events: list[Event]) -> list[str]:
    """Return what the failed projects failed with."""
    return [str(event.error) for event in events if isinstance(event, Failed)]


@every_source
def test_each_source_reads_everything(tmp_path: Path, source: Source) -> None:
    """One key pair serves all rows; nothing is refused, and its parts are told to be masked."""
    told: list[str] = []
    with world(tmp_path) as here:
        events = here.run(here.config(source), told=told)
        assert (rows(events), errors(events)) == (ROWS, [])
        assert [status // 100 for status in here.keys_given()] == [2]
        assert {seen.status for seen in here.emulator.seen("list")} == {200}
        assert len([text for text in told if text.startswith("sec-")]) == 1


@every_source
def test_renewed_before_it_expires(tmp_path: Path, source: Source) -> None:
    """In a run longer than the key pair's life one renewal serves all threads, unrefused."""
    with world(tmp_path, Machine(key_seconds=3600)) as here:

        def an_hour_passes(event: Event) -> None:
            # A request may stay in flight for 9 of these steps: its key pair has 360 seconds left.
            if isinstance(event, Records) and here.clock.moved < 3300:
                here.clock.moved += 35.0

        events = here.run(here.config(source, page_size=10, concurrency=4), an_hour_passes)
        assert (rows(events), errors(events)) == (ROWS, [])
        assert [status // 100 for status in here.keys_given()] == [2, 2]
        assert {seen.status for seen in here.emulator.seen("list")} == {200}


@every_source
def test_key_pair_that_ends_at_once(tmp_path: Path, source: Source) -> None:
    """A key pair that is revoked under eight threads is replaced once; no row is lost."""
    with world(tmp_path) as here:
        ended: list[bool] = []

        def end_once(event: Event) -> None:
            if isinstance(event, Records) and not ended:
                ended.append(True)
                here.emulator.expire_tokens()

        events = here.run(here.config(source, page_size=10), end_once)
        assert (rows(events), errors(events), ended) == (ROWS, [], [True])
        given = 201 if "assume" in source else 200
        assert [status for status in here.keys_given() if status < 300] == [given, given]


@every_source
def test_discovered_projects(tmp_path: Path, source: Source) -> None:
    """Projects are found and read with one key pair for all of them."""
    with world(tmp_path, projects=3) as here:
        config = here.config(source, discover_projects=True)
        del config["project_id"]
        events = here.run(config)
        assert (rows(events), errors(events)) == (3 * ROWS, [])
        assert len(here.keys_given()) == 1
        assert len(here.emulator.seen("sign-in")) == ("password" in source)


@pytest.mark.parametrize("status", [404, 405, 503])
def test_metadata_of_version_1(tmp_path: Path, status: Literal[404, 405, 503]) -> None:
    """Where version 2 is not spoken, version 1 is asked, at once."""
    with world(tmp_path, Machine(version_2=status)) as here:
        assert rows(here.run(here.config("ecs_agency"))) == ROWS
        assert [seen.status for seen in here.metadata.requests] == [status, 200]


def test_metadata_that_needs_a_token(tmp_path: Path) -> None:
    """A machine that answers to version 2 only is asked with its token."""
    with world(tmp_path, Machine(token_required=True)) as here:
        assert rows(here.run(here.config("ecs_agency"))) == ROWS
        assert [seen.status for seen in here.metadata.requests] == [200, 200]


def test_machine_without_an_agency(tmp_path: Path) -> None:
    """What to do is said, after one request for a key pair."""
    with world(tmp_path, Machine(agency=False), projects=1) as here:
        (error,) = errors(here.run(here.config("ecs_agency")))
        assert error.startswith("this machine has no agency. credential_source ecs_agency works on")
        assert here.keys_given() == [401]


def test_no_metadata_service(tmp_path: Path) -> None:
    """Elsewhere than on a cloud server the error says where this works."""
    with world(tmp_path) as here:
        config = here.config("ecs_agency") | {
            "metadata_url": "http://127.0.0.1:9",
            "max_attempts": 1,
        }
        (error,) = errors(here.run(config))
        assert "credential_source ecs_agency works on a cloud server" in error


@pytest.mark.parametrize("source", ["ecs_agency", "pod_identity"])
def test_keys_of_another_account(tmp_path: Path, source: Source) -> None:
    """Key pairs that the service never accepts end the run after one renewal, unshown."""
    told: list[str] = []
    with world(tmp_path, strange=True) as here:
        (error,) = errors(here.run(here.config(source, concurrency=1), told=told))
        assert "gives key pairs that the service does not accept" in error
        assert len(here.keys_given()) == 2
        assert not [text for text in told if text in error]


def test_pod_whose_token_is_refused(tmp_path: Path) -> None:
    """A token that the pod's endpoint does not know is told as such and does not show."""
    with world(tmp_path) as here:
        here.metadata.pod_token, right = "WRONG-CANARY", here.metadata.pod_token
        environ = here.environ()
        here.metadata.pod_token = right
        settings = from_singer(here.config("pod_identity"), environ)
        with connect(settings, clock=here.clock) as connection:
            events = list(Run(settings, connection).events("backups", lambda _: {}))
        (error,) = errors(events)
        assert "refuses a key pair (status 401). credential_source pod_identity works in" in error
        assert "CANARY" not in error


@pytest.mark.parametrize("wrong", [{"agency_name": "x"}, {"agency_domain_name": "x"}])
def test_agency_that_is_not_there(tmp_path: Path, wrong: dict[str, str]) -> None:
    """An agency that cannot be assumed ends the run, and the usual causes are named."""
    with world(tmp_path) as here:
        (error,) = errors(here.run(here.config("assume_agency") | wrong))
        assert error.startswith("the agency could not be assumed: ")
        assert "agency_domain_name" in error
        assert here.keys_given() == [404]


def test_both_faces(tmp_path: Path) -> None:
    """Both faces read with the machine's agency and show nothing of its keys."""
    with world(tmp_path) as here:
        config = here.config("ecs_agency")
        singer = run_tap(tmp_path, config)
        source = read_source(tmp_path, config | {"credentials": {"auth_type": "machine"}})
        assert (singer.code, source.code) == (0, 0), singer.stderr
        assert len(singer.ids()) == ROWS
        assert [record["id"] for record in source.records()] == singer.ids()
        for run in (singer, source):
            assert "sec-" not in run.stdout.decode() + run.stderr


def test_profile_through_the_script(tmp_path: Path) -> None:
    """The profile in the home folder signs in where nothing is configured."""
    with world(tmp_path) as here:
        key, folder = here.emulator.identity.access_key, tmp_path / ".huaweicloud"
        folder.mkdir()
        text = f"[basic]\nak = {key.access_key}\nsk = {key.secret_key}\nproject_id = {'0' * 32}\n"
        (folder / "credentials").write_text(text)
        environ = clean_environment(HOME=str(tmp_path))
        run = run_tap(tmp_path, {"api_url": here.emulator.url}, environ=environ)
        assert (run.code, len(run.ids())) == (0, ROWS), run.stderr


def profile(folder: Path, text: str) -> dict[str, str]:
    """The environment of a user with this profile."""
    (folder / "credentials").write_text(text)
    return {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(folder / "credentials")}


FULL = "[basic]\nak = PA\nsk = P%S\nsecurity_token = PT\nproject_id = p1\n[global]\nak = GA\n"


def test_order(tmp_path: Path) -> None:
    """Settings win over the variables, and these, as a whole, over the profile."""
    environ = profile(tmp_path, FULL)
    variables = {"HUAWEICLOUD_SDK_AK": "EA", "HUAWEICLOUD_SDK_SK": "ES"}
    place, named = {"region": "eu-west-101"}, PLACE
    found = from_singer(place, environ)
    assert found.sign_in == KeyPair(Secret("PA"), Secret("P%S"), Secret("PT"))
    assert found.projects[0].project_id == "p1"
    assert from_airbyte(place | {"credentials": {"auth_type": "machine"}}, environ) == found
    assert from_singer(named, environ).projects[0].project_id == "0" * 32
    assert from_singer(named, environ | variables).sign_in == KeyPair(Secret("EA"), Secret("ES"))
    configured = {"access_key": "CA", "secret_key": "CS"}
    found = from_singer(named | configured, environ | variables)
    assert found.sign_in == KeyPair(Secret("CA"), Secret("CS"))
    with pytest.raises(ConfigError, match="project_id must be given"):
        from_singer(place, environ | variables)
    by_variable = environ | {"HUAWEICLOUD_SDK_PROJECT_ID": "p2"}
    assert from_singer(place, by_variable).projects[0].project_id == "p2"


NO_SIGN_IN = "no sign-in is configured"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", NO_SIGN_IN),
        ("[global]\nak = CANARY\nsk = CANARY\n", NO_SIGN_IN),
        ("[basic]\nak = CANARY\n", "the key pair in the profile is incomplete: sk missing"),
        ("[basic]\nak = CAN ARY\nsk = CANARY\n", "ak must be plain ASCII without blanks"),
        ("ak = CANARY\n", "HUAWEICLOUD_SDK_CREDENTIALS_FILE is no INI file"),
        ("[basic]\nak = CANARY\nak = CANARY\n", "HUAWEICLOUD_SDK_CREDENTIALS_FILE is no INI file"),
    ],
)
def test_profiles_that_are_none(tmp_path: Path, text: str, says: str) -> None:
    """What is wrong with a profile is one line without a value."""
    with pytest.raises(ConfigError) as caught:
        from_singer(PLACE, profile(tmp_path, text))
    (problem,) = caught.value.problems
    assert says in problem
    assert "CAN" not in problem.replace("HUAWEICLOUD", "")


def test_profile_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder in the profile's place is one line; no profile at all is none."""
    with pytest.raises(ConfigError, match="CREDENTIALS_FILE cannot be read"):
        from_singer(PLACE, {"HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(tmp_path)})
    with pytest.raises(ConfigError, match=NO_SIGN_IN):
        from_singer(PLACE, {"HOME": str(tmp_path)})


KEYS = {"access_key": "AK", "secret_key": "SK"}
AGENCY = {"agency_name": "a", "agency_domain_name": "d"}
POD = {
    "HC_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.1.2:8080/v1/credentials",
    "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t",
}


def test_what_each_source_makes() -> None:
    """The settings of each source, its secrets known for masking."""
    ecs = from_singer(PLACE | {"credential_source": "ECS_agency"}, {})
    assert ecs.sign_in == EcsAgency("http://169.254.169.254")
    pod = from_singer(PLACE | {"credential_source": "pod_identity"}, POD)
    assert pod.sign_in == PodIdentity("http://169.254.1.2:8080/v1/credentials", "/t")
    config = PLACE | {"credential_source": "assume_agency"} | AGENCY
    by_key = from_singer(config | KEYS, {})
    assert by_key.sign_in == AssumedAgency(KeyPair(Secret("AK"), Secret("SK")), "a", "d")
    assert by_key.secrets() == ["AK", "SK"]
    by_user = from_singer(config | {"username": "u", "password": "p", "domain_name": "e"}, {})
    assert by_user.sign_in == AssumedAgency(Password("u", Secret("p"), "e"), "a", "d")
    credentials = {"auth_type": "access_key", **KEYS}
    assert from_airbyte(config | {"credentials": credentials}, {}) == by_key


@pytest.mark.parametrize(
    ("config", "environ", "problem"),
    [
        (
            {"credential_source": "ecs_agency"} | KEYS,
            {},
            "credential_source ecs_agency and a sign-in: keep one",
        ),
        (
            {"credential_source": "pod_identity"},
            {},
            (
                "credential_source pod_identity needs HC_CONTAINER_CREDENTIALS_FULL_URI and "
                "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"
            ),
        ),
        (
            {"credential_source": "pod_identity"},
            POD | {"HC_CONTAINER_CREDENTIALS_FULL_URI": "http://pods.example.com/"},
            (
                "HC_CONTAINER_CREDENTIALS_FULL_URI must begin with http:// and lead to this "
                "machine or a link-local address"
            ),
        ),
        (
            {"credential_source": "ecs_agency", "metadata_url": "http://10.0.0.1"},
            {},
            "metadata_url must begin with http:// and lead to this machine or a link-local address",
        ),
        (
            {"credential_source": "assume_agency"} | KEYS,
            {},
            "credential_source assume_agency needs agency_name and agency_domain_name",
        ),
        (
            {"credential_source": "assume_agency", "auth_token": "T"} | AGENCY,
            {},
            "credential_source assume_agency needs an access key or a password",
        ),
        (
            {"agency_name": "a"} | KEYS,
            {},
            "agency_name needs credential_source assume_agency",
        ),
        (
            {"credential_source": "magic"},
            {},
            "credential_source must be one of ecs_agency, pod_identity, assume_agency",
        ),
        (
            {"credential_source": "ecs_agency", "cloud": "otc.t-systems.com"},
            {},
            (
                "access_key does not work on Open Telekom Cloud, which signs in another way: give "
                "auth_token, or username, password and domain_name"
            ),
        ),
    ],
)
def test_what_does_not_fit(config: dict[str, Any], environ: dict[str, str], problem: str) -> None:
    """What cannot work is told before any request, in one line."""
    with pytest.raises(ConfigError) as caught:
        from_singer(PLACE | config, environ)
    assert caught.value.problems == [problem]
