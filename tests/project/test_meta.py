"""meta.yml is a MeltanoHub extractor definition, and says what the tap says."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from docs.generate import HUB_CAPABILITIES, about, generated, json_type
from tests.project.tree import ROOT, pyproject

# MeltanoHub, schemas/plugin_definitions: the keys that an extractor definition may have.
HUB_KEYS = set(
    """name pip_url variant namespace label description executable settings docs repo logo_url hidden
    python settings_group_validation commands capabilities metadata schema select maintenance_status
    quality domain_url keywords requires definition next_steps settings_preamble usage prereq
    supported_python_versions log_parser""".split()
)
SETTING_KEYS = set(
    """name aliases label value placeholder kind description tooltip documentation docs env
    value_processor value_post_processor oauth options hidden sensitive""".split()
)
KINDS = set(
    """oauth hidden password date_iso8601 file email integer options object array boolean string
    decimal""".split()
)
FITS = {
    "password": {"string"},
    "date_iso8601": {"string"},
    "file": {"string"},
    "email": {"string"},
    "string": {"string"},
    "integer": {"integer"},
    "boolean": {"boolean"},
    "object": {"object"},
    "array": {"array"},
}


@pytest.fixture(scope="module")
def meta() -> dict[str, Any]:
    """Return meta.yml, parsed."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "meta.yml").read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """Return what the installed tap says about itself."""
    return about()


def test_it_has_the_shape_that_the_hub_asks_for(meta: dict[str, Any]) -> None:
    """All that MeltanoHub requires is there, and nothing that it would refuse."""
    assert {"name", "namespace", "variant", "quality"} <= set(meta) <= HUB_KEYS
    assert set(meta["capabilities"]) <= HUB_CAPABILITIES
    assert meta["quality"] in {"gold", "silver", "bronze", "unknown"}
    assert meta["maintenance_status"] in {"active", "beta", "development", "inactive", "unknown"}
    for version in meta["supported_python_versions"]:
        assert re.fullmatch(r"3\.\d+", version)
    for setting in meta["settings"]:
        assert {"name", "label", "description", "kind"} <= set(setting) <= SETTING_KEYS
        assert setting["kind"] in KINDS


def test_its_settings_are_the_taps(meta: dict[str, Any], told: dict[str, Any]) -> None:
    """Names, types, defaults and secrecy of all settings equal what the tap accepts."""
    of_tap = told["settings"]["properties"]
    assert [setting["name"] for setting in meta["settings"]] == list(of_tap)
    for setting in meta["settings"]:
        described = of_tap[setting["name"]]
        assert json_type(described) in FITS[setting["kind"]], setting["name"]
        assert setting.get("value") == described.get("default"), setting["name"]
        assert setting.get("sensitive", False) == described.get("secret", False), setting["name"]


def test_credentials_are_sensitive(meta: dict[str, Any]) -> None:
    """Meltano hides each credential; it does not hide what is none."""
    sensitive = {setting["name"] for setting in meta["settings"] if setting.get("sensitive")}
    assert sensitive == {"auth_token", "password", "access_key", "secret_key", "security_token"}


def test_it_names_what_is_installed(meta: dict[str, Any], told: dict[str, Any]) -> None:
    """Package, command, capabilities and Python versions are the ones of this project."""
    project = pyproject()["project"]
    assert meta["pip_url"] == project["name"] == meta["name"]
    assert meta["executable"] in project["scripts"]
    assert set(meta["capabilities"]) == set(told["capabilities"]) & HUB_CAPABILITIES
    assert "batch" not in meta["capabilities"]
    classifiers = [
        f"Programming Language :: Python :: {v}" for v in meta["supported_python_versions"]
    ]
    assert [name for name in project["classifiers"] if ":: Python :: 3." in name] == classifiers


def test_each_way_to_sign_in_can_be_completed(meta: dict[str, Any]) -> None:
    """Meltano's groups of required settings name settings that exist, one group a sign-in."""
    names = {setting["name"] for setting in meta["settings"]}
    groups = [set(group) for group in meta["settings_group_validation"]]
    assert all(group <= names for group in groups)
    sign_ins = [group - {"project_id", "region"} for group in groups]
    assert sorted(map(sorted, sign_ins)) == [
        ["access_key", "secret_key"],
        ["auth_token"],
        ["domain_name", "password", "username"],
    ]


@pytest.mark.parametrize("name", ["meta.yml", "README.md"])
def test_what_is_generated_is_fresh(name: str) -> None:
    """`make docs` would change nothing."""
    assert (ROOT / name).read_text(encoding="utf-8") == generated()[ROOT / name]
