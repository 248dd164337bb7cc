"""Settings: what is taken, what is refused in which words, and that no value comes back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk import Tap

from tap_dds_backups.api.errors import ConfigError
from tap_dds_backups.api.models import Filters
from tap_dds_backups.api.secret import Secret
from tap_dds_backups.settings import SDK_SETTINGS, from_airbyte, from_environment, from_singer
from tap_dds_backups.settings.catalogue import CONFIG
from tap_dds_backups.settings.credentials import KeyPair, Password, Token
from tap_dds_backups.settings.projects import Project
from tap_dds_backups.settings.setting import Setting

P1, P2 = "0" * 31 + "1", "0" * 31 + "2"
PLACE = {"project_id": P1, "region": "eu-west-101"}
TOKEN = {"auth_token": "T-1"}
PASSWORD = {"username": "reader", "password": "p w", "domain_name": "acme"}
KEYS = {"access_key": "AK", "secret_key": "SK"}
GOOD = PLACE | TOKEN


def problems(config: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the lines with which a Singer config is refused."""
    with pytest.raises(ConfigError) as caught:
        from_singer(config, environ or {})
    return caught.value.problems


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("token", TOKEN, Token(Secret("T-1"))),
        ("password", PASSWORD, Password("reader", Secret("p w"), "acme")),
        ("access_key", KEYS, KeyPair(Secret("AK"), Secret("SK"))),
        (
            "access_key",
            KEYS | {"security_token": "ST"},
            KeyPair(Secret("AK"), Secret("SK"), Secret("ST")),
        ),
    ],
    ids=["token", "password", "keys", "temporary"],
)
def test_each_sign_in_on_both_faces(kind: str, fields: dict[str, str], expected: object) -> None:
    """Each complete sign-in is taken, and both faces make the same settings of it."""
    singer = from_singer(PLACE | fields, {})
    assert singer.sign_in == expected
    credentials = {"auth_type": kind, **fields}
    assert from_airbyte(PLACE | {"credentials": credentials}, {}) == singer


def test_defaults() -> None:
    """What is not set has the documented default."""
    settings = from_singer(GOOD, {})
    assert settings.projects == (
        Project(
            P1,
            "https://dds.eu-west-101.myhuaweicloud.eu",
            "https://iam.eu-west-101.myhuaweicloud.eu",
            "eu-west-101",
        ),
    )
    reading = (86_400, 3_600, 7, 100, 8)
    assert settings[2:] == (None, None, None, Filters(), *reading, None, 60, 5, None, None, False)


def test_defaults_may_be_given() -> None:
    """Meltano hands over every default: that changes nothing."""
    defaults = {setting.name: setting.default for setting in CONFIG if setting.default is not None}
    assert "metadata_url" in defaults
    assert from_singer(defaults | GOOD, {}) == from_singer(GOOD, {})


ENV = {"HUAWEICLOUD_SDK_AK": "EA", "HUAWEICLOUD_SDK_SK": "ES", "HUAWEICLOUD_SDK_PROJECT_ID": P2}


def test_environment_where_no_sign_in_is_configured() -> None:
    """The vendor's variables serve a config without a sign-in, project included."""
    settings = from_singer({"region": "eu-west-101"}, ENV | {"HUAWEICLOUD_SDK_SECURITY_TOKEN": "E"})
    assert settings.sign_in == KeyPair(Secret("EA"), Secret("ES"), Secret("E"))
    assert settings.projects[0].project_id == P2
    empty = ENV | {"HUAWEICLOUD_SDK_SECURITY_TOKEN": ""}
    assert from_airbyte({"region": "eu-west-101"}, empty).sign_in == KeyPair(
        Secret("EA"), Secret("ES")
    )


def test_environment_is_not_mixed_in() -> None:
    """A configured sign-in, or a configured project, is never completed from the environment."""
    assert from_singer(GOOD, ENV).sign_in == Token(Secret("T-1"))
    assert from_singer(PLACE, ENV).projects[0].project_id == P1
    assert problems({"region": "eu-west-101"} | TOKEN, ENV) == [
        "project_id must be given (or projects, or discover_projects)"
    ]
    assert problems(PLACE | {"access_key": "AK"}, ENV) == [
        "the sign-in with an access key is incomplete: give secret_key too"
    ]


NO_SIGN_IN = (
    "no sign-in is configured: give auth_token; or username, password and domain_name; or "
    "access_key and secret_key (or HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK in the environment, "
    "or ak and sk in ~/.huaweicloud/credentials); or credential_source"
)
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "none": (PLACE, NO_SIGN_IN),
    "two": (
        PLACE | TOKEN | KEYS,
        "2 sign-ins are configured (auth_token; access_key and secret_key): keep exactly one",
    ),
    "three": (
        PLACE | TOKEN | KEYS | {"username": "u"},
        (
            "3 sign-ins are configured (auth_token; username; access_key and secret_key): keep exactly "
            "one"
        ),
    ),
    "half a key pair": (
        PLACE | {"secret_key": "S"},
        "the sign-in with an access key is incomplete: give access_key too",
    ),
    "security token alone": (
        PLACE | {"security_token": "S"},
        "the sign-in with an access key is incomplete: give access_key and secret_key too",
    ),
    "half a password": (
        PLACE | {"password": "S", "username": ""},
        "the sign-in with a password is incomplete: give username and domain_name too",
    ),
    "token with a line break": (
        PLACE | {"auth_token": "T\n"},
        "auth_token must not hold a line break or another control character",
    ),
    "token with a blank": (
        PLACE | {"auth_token": "Bearer T"},
        "auth_token must be plain ASCII without blanks: check how it was copied",
    ),
    "number as password": (PLACE | PASSWORD | {"password": 12345678}, "password must be text"),
    "no project": (
        {"region": "eu-west-101"} | TOKEN,
        "project_id must be given (or projects, or discover_projects)",
    ),
    "project twice": (
        GOOD | {"projects": [{"project_id": P2}]},
        "project_id and projects are both given: keep one",
    ),
    "no host": (
        {"project_id": P1} | TOKEN,
        "region or api_url must be given, for every project",
    ),
    "project is a path": (
        GOOD | {"project_id": "../x"},
        "project_id must be an id: up to 64 letters, digits, hyphens, underscores",
    ),
    "region is none": (
        GOOD | {"region": "Europe"},
        "region must be a region id such as eu-west-101: small letters, digits, hyphens",
    ),
    "cloud is a URL": (
        GOOD | {"cloud": "https://x.com"},
        "cloud must be a host suffix such as myhuaweicloud.com, without https://",
    ),
    "http elsewhere": (
        GOOD | {"api_url": "http://dds.example.com"},
        "api_url must begin with https:// (http:// only to this machine)",
    ),
    "user in URL": (
        GOOD | {"api_url": "https://u:p@dds.example.com"},
        "api_url must not hold a user or a password",
    ),
    "query in URL": (
        GOOD | {"iam_url": "https://iam.example.com?x=1"},
        "iam_url must not hold a query or a fragment",
    ),
    "no IAM for a password": (
        {"project_id": P1, "api_url": "https://dds.example.com"} | PASSWORD,
        "iam_url or region must be given for a sign-in with a password",
    ),
    "keys on Open Telekom Cloud": (
        {"project_id": P1, "region": "eu-de", "cloud": "otc.t-systems.com"} | KEYS,
        (
            "access_key does not work on Open Telekom Cloud, which signs in another way: give "
            "auth_token, or username, password and domain_name"
        ),
    ),
    "keys on its host": (
        {"project_id": P1, "api_url": "https://dds.eu-de.otc.t-systems.com"} | KEYS,
        (
            "access_key does not work on Open Telekom Cloud, which signs in another way: give "
            "auth_token, or username, password and domain_name"
        ),
    ),
    "token for two projects": (
        {"region": "eu-west-101", "projects": [{"project_id": P1}, {"project_id": P2}]} | TOKEN,
        "auth_token serves one project, but projects names several",
    ),
    "the same project twice": (
        {"region": "eu-west-101", "projects": [{"project_id": P1}, {"project_id": P1}]} | KEYS,
        "projects names a project twice",
    ),
    "empty projects": (TOKEN | {"projects": []}, "projects must not be an empty list"),
    "projects not JSON": (
        TOKEN | {"projects": "a,b"},
        "projects must be a list, in JSON where it is given as text",
    ),
    "projects of text": (
        TOKEN | {"projects": [P1]},
        "projects must be a list of objects, each with a project_id",
    ),
    "an entry without id": (
        TOKEN | {"projects": [{"region": "eu-de"}]},
        "projects, entry 1: project_id is missing",
    ),
    "an entry with a bad host": (
        TOKEN | {"projects": [{"project_id": P1, "api_url": "dds"}]},
        (
            "projects, entry 1: api_url is not a URL with a host, such as "
            "https://dds.eu-west-101.example.com"
        ),
    ),
    "an unknown field in an entry": (
        TOKEN | {"projects": '[{"project_id": "p", "region": "eu-de", "iam_ur": "x"}]'},
        "unknown setting in projects 'iam_ur': did you mean iam_url?",
    ),
    "no date": (
        GOOD | {"start_date": "yesterday"},
        "start_date must be a time as 2024-01-31T00:00:00Z or a date as 2024-01-31",
    ),
    "no such day": (
        GOOD | {"end_date": "2023-02-29"},
        "end_date must be a time as 2024-01-31T00:00:00Z or a date as 2024-01-31",
    ),
    "end before start": (
        GOOD | {"start_date": "2024-01-02", "end_date": "2024-01-01"},
        "end_date lies before start_date",
    ),
    "backup type": (
        GOOD | {"backup_type": "Differential"},
        "backup_type must be one of Auto, Manual, Incremental",
    ),
    "mode": (GOOD | {"mode": "shard"}, "mode must be one of Sharding, ReplicaSet, Single"),
    "incremental": (
        GOOD | {"backup_type": "incremental"},
        "backup_type Incremental needs instance_id",
    ),
    "page size 0": (GOOD | {"page_size": 0}, "page_size must be a whole number from 10 to 100"),
    "page size 101": (GOOD | {"page_size": 101}, "page_size must be a whole number from 10 to 100"),
    "page size true": (
        GOOD | {"page_size": True},
        "page_size must be a whole number from 10 to 100",
    ),
    "true as a number": (
        GOOD | {"requests_per_minute": True},
        "requests_per_minute must be a whole number from 1 to 60000",
    ),
    "delete in a name": (
        GOOD | {"user_agent": "a\x7fb"},
        "user_agent must not hold a line break or another control character",
    ),
    "concurrency": (GOOD | {"concurrency": 17}, "concurrency must be a whole number from 1 to 16"),
    "half a second": (
        GOOD | {"lookback_seconds": 0.5},
        "lookback_seconds must be a whole number from 0 to 2592000",
    ),
    "truth": (
        GOOD | {"emit_activate_version_messages": "maybe"},
        "emit_activate_version_messages must be true or false",
    ),
    "CA file": (
        GOOD | {"ca_bundle": "/nonexistent/ca.pem"},
        "ca_bundle names a file that does not exist or cannot be read",
    ),
    "CA file of nobody": (
        GOOD | {"ca_bundle": "~nosuchuser/ca.pem"},
        "ca_bundle names a file that does not exist or cannot be read",
    ),
    "user agent": (
        GOOD | {"user_agent": "caf\u00e9"},
        "user_agent must be plain ASCII, at most 200 characters",
    ),
    "typo": (GOOD | {"start_dat": "x"}, "unknown setting 'start_dat': did you mean start_date?"),
    "other name": (GOOD | {"zzzz": "x"}, "unknown setting 'zzzz'"),
    "batch": (
        GOOD | {"batch_config": {}},
        "batch_config: this tap writes no BATCH messages, remove it",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_one_mistake_is_one_line(case: str) -> None:
    """Each mistake gives its own line and no line that only follows from it."""
    config, line = BAD[case]
    assert problems(config) == [line]


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"HUAWEICLOUD_SDK_AK": "EA"},
            "the key pair in the environment is incomplete: HUAWEICLOUD_SDK_SK missing",
        ),
        (
            {"HUAWEICLOUD_SDK_AK": "E A", "HUAWEICLOUD_SDK_SK": "ES"},
            "HUAWEICLOUD_SDK_AK must be plain ASCII without blanks: check how it was copied",
        ),
    ],
    ids=["half", "blank"],
)
def test_mistakes_in_the_environment(environ: dict[str, str], line: str) -> None:
    """Mistakes in the vendor's variables are told by the variable's name."""
    assert problems(PLACE, environ) == [line]


def test_all_mistakes_at_once() -> None:
    """Several mistakes are told together, in the order of the settings."""
    config = {
        "acess_key": "x",
        "password": "CANARY",
        "region": "CANARY",
        "start_date": "CANARY",
        "backup_type": "CANARY",
        "page_size": 1000,
    }
    assert [line.split()[0] for line in problems(config)] == [
        "unknown",
        "region",
        "start_date",
        "backup_type",
        "page_size",
        "the",
        "project_id",
    ]
    assert not any("CANARY" in line or "1000" in line for line in problems(config))


values = st.one_of(
    st.text(max_size=8).map("CANARY".__add__),
    st.just(["CANARY"]),
    st.just({"CANARY": "CANARY"}),
    st.just([{"project_id": "CANARY/", "region": "CANARY", "api_url": "http://CANARY", "": 1}]),
    st.just('[{"project_id": "CANARY/", "iam_url": ["CANARY"]}]'),
)
configs = st.dictionaries(st.sampled_from([setting.name for setting in CONFIG]), values)


def told(read: Callable[[Mapping[str, Any], Mapping[str, str]], object], raw: Any) -> str:
    """Return the text with which a config is refused, if it is."""
    try:
        read(raw, {})
    except ConfigError as error:
        return str(error)
    return ""


@given(configs)
def test_no_value_comes_back(config: dict[str, Any]) -> None:
    """Whatever is set to whatever, no line holds any of it; nothing but ConfigError is raised."""
    form = config | {"credentials": {"auth_type": "password", **config}}
    text = told(from_singer, config) + told(from_airbyte, form)
    assert "must" in text or "is" in text
    assert "CANARY" not in text
    assert "\n" not in text


def test_secrets_do_not_show() -> None:
    """The settings show no credential, and can name each of them for masking."""
    settings = from_singer(PLACE | KEYS | {"security_token": "CANARY"}, {})
    assert "CANARY" not in repr(settings)
    assert settings.secrets() == ["AK", "SK", "CANARY"]
    assert from_singer(PLACE | PASSWORD, {}).secrets() == ["p w"]


NUMBERS = [setting for setting in CONFIG if setting.minimum is not None]


@pytest.mark.parametrize("setting", NUMBERS, ids=[setting.name for setting in NUMBERS])
def test_bounds_are_inclusive(setting: Setting) -> None:
    """Each number is taken at both its bounds, also as text and as a whole float; not beyond."""
    assert setting.minimum is not None
    assert setting.maximum is not None
    for bound, beyond in ((setting.minimum, -1), (setting.maximum, 1)):
        for value in (bound, str(bound), f" {bound} ", float(bound)):
            assert getattr(from_singer(GOOD | {setting.name: value}, {}), setting.name) == bound
        for value in (bound + beyond, str(bound + beyond), bound + beyond / 2):
            assert len(problems(GOOD | {setting.name: value})) == 1


def test_text_from_the_environment() -> None:
    """Numbers, truth values and lists are understood as text, and `--config ENV` finds all."""
    entries = [{"project_id": P1, "region": "eu-de"}, {"project_id": P2, "region": "eu-nl"}]
    environ = {
        "TAP_DDS_BACKUPS_ACCESS_KEY": "AK",
        "TAP_DDS_BACKUPS_SECRET_KEY": "SK",
        "TAP_DDS_BACKUPS_PROJECTS": json.dumps(entries),
        "TAP_DDS_BACKUPS_PAGE_SIZE": "50",
        "TAP_DDS_BACKUPS_LOOKBACK_SECONDS": "0",
        "TAP_DDS_BACKUPS_EMIT_ACTIVATE_VERSION_MESSAGES": "True",
        "TAP_DDS_BACKUPS_MODE": "",
        "OTHER": "x",
    }
    settings = from_singer(from_environment(environ), {})
    assert (settings.page_size, settings.lookback_seconds) == (50, 0)
    assert settings.emit_activate_version_messages is True
    assert settings.filters.mode is None
    assert [project.region for project in settings.projects] == ["eu-de", "eu-nl"]


@pytest.mark.parametrize(
    ("given_", "start", "end"),
    [
        ("2024-01-31", "2024-01-31T00:00:00+00:00", "2024-01-31T23:59:59+00:00"),
        ("2024-01-31T01:02:03Z", "2024-01-31T01:02:03+00:00", "2024-01-31T01:02:03+00:00"),
        ("2024-01-31T01:02:03.9+08:00", "2024-01-30T17:02:03+00:00", "2024-01-30T17:02:03+00:00"),
        ("2024-01-31 01:02:03", "2024-01-31T01:02:03+00:00", "2024-01-31T01:02:03+00:00"),
    ],
    ids=["date", "zulu", "offset", "plain"],
)
def test_dates(given_: str, start: str, end: str) -> None:
    """Dates and times become UTC; a date as the end includes its day."""
    settings = from_singer(GOOD | {"start_date": given_, "end_date": given_}, {})
    assert (settings.start_date, settings.end_date) == (start, end)


def test_filters_in_the_spelling_of_the_api() -> None:
    """Filters are taken in any letter case and sent as the API writes them."""
    config = GOOD | {"backup_type": "INCREMENTAL", "mode": "replicaset", "instance_id": "i1"}
    expected = Filters(instance_id="i1", backup_type="Incremental", mode="ReplicaSet")
    assert from_singer(config, {}).filters == expected


@pytest.mark.parametrize(
    ("entry", "common", "expected"),
    [
        (
            {"region": "eu-de"},
            {"region": "eu-nl", "cloud": "c.example.com"},
            ("https://dds.eu-de.c.example.com", "https://iam.eu-de.c.example.com", "eu-de"),
        ),
        (
            {},
            {"region": "eu-nl", "cloud": "c.example.com"},
            ("https://dds.eu-nl.c.example.com", "https://iam.eu-nl.c.example.com", "eu-nl"),
        ),
        (
            {"region": "eu-de"},
            {"api_url": "https://gw.example.com", "iam_url": "https://iam.example.com"},
            ("https://dds.eu-de.myhuaweicloud.com", "https://iam.example.com", "eu-de"),
        ),
        (
            {"api_url": "https://dds.eu-de.example.com/"},
            {"region": "eu-nl"},
            (
                "https://dds.eu-de.example.com",
                "https://iam.eu-nl.myhuaweicloud.com",
                "eu-de",
            ),
        ),
        (
            {},
            {"api_url": "http://127.0.0.1:9/x/", "iam_url": "http://127.0.0.1:9/v3"},
            ("http://127.0.0.1:9/x", "http://127.0.0.1:9", None),
        ),
        (
            {"iam_url": "https://a.example.com"},
            {"api_url": "https://gw.example.com", "region": "eu-nl"},
            ("https://gw.example.com", "https://a.example.com", "eu-nl"),
        ),
    ],
    ids=["own region", "common region", "common IAM", "own host", "loopback", "region to note"],
)
def test_where_a_project_is(
    entry: dict[str, str], common: dict[str, str], expected: tuple[str, str, str | None]
) -> None:
    """The nearer setting wins, and of equally near ones the explicit address."""
    config = KEYS | common | {"projects": [{"project_id": P1, **entry}]}
    project = from_singer(config, {}).projects[0]
    assert (project.api_url, project.iam_url, project.region) == expected


def test_order_of_projects_is_kept() -> None:
    """Projects are read in the order of the config."""
    ids = [f"p{n}" for n in (3, 1, 2)]
    config = KEYS | {"region": "eu-de", "projects": [{"project_id": name} for name in ids]}
    assert [project.project_id for project in from_singer(config, {}).projects] == ids


@pytest.mark.parametrize(
    "credentials",
    ["CANARY", ["CANARY"], {}, {"auth_type": "CANARY"}, {"auth_type": ["x"]}],
    ids=str,
)
def test_airbyte_credentials_of_no_type(credentials: object) -> None:
    """Credentials that name no sign-in are one line; what else is wrong is told with it."""
    with pytest.raises(ConfigError) as caught:
        from_airbyte({"credentials": credentials, "page_size": 0} | PLACE, ENV)
    assert caught.value.problems == [
        "credentials must be an object whose auth_type is one of token, password, access_key, machine",
        "page_size must be a whole number from 10 to 100",
    ]


def test_airbyte_takes_one_branch_and_ignores_the_rest() -> None:
    """What an earlier choice left in the form, and unknown keys, change nothing."""
    credentials = {"auth_type": "token", "auth_token": "T-1", "password": 5, "new": 1}
    config = PLACE | {"credentials": credentials, "username": 5, "zzz": {}, "batch_config": 1}
    config["emit_activate_version_messages"] = "maybe"
    assert from_airbyte(config, ENV) == from_singer(GOOD, {})


def test_airbyte_half_a_branch() -> None:
    """A chosen sign-in that is empty is incomplete; the environment does not fill it."""
    with pytest.raises(ConfigError) as caught:
        from_airbyte(PLACE | {"credentials": {"auth_type": "token"}}, ENV)
    assert caught.value.problems == ["the sign-in with a token is incomplete: give auth_token too"]


def test_settings_of_the_sdk_are_known() -> None:
    """Whatever the installed SDK adds to a tap's settings is taken, BATCH excepted."""
    schema: dict[str, Any] = {"properties": {}}
    Tap.append_builtin_config(schema)
    ours = {setting.name for setting in CONFIG}
    assert set(schema["properties"]) - ours - set(SDK_SETTINGS) == {"batch_config"}
    from_singer(GOOD | dict.fromkeys(SDK_SETTINGS), {})


def test_import_brings_nothing_heavy() -> None:
    """Settings can be read before anything heavy is loaded: a face answers `spec` at once."""
    code = (
        "import sys, tap_dds_backups.settings, tap_dds_backups.settings.schemas;"
        "print(*{'requests', 'urllib3', 'msgspec', 'singer_sdk', 'jsonschema'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
