"""The list of projects: which are read, in which order, and what is no list."""

from __future__ import annotations

from typing import Any

import pytest

from tap_dds_backups.api.errors import ProtocolError
from tap_dds_backups.api.projects import ListedProject, listed_projects

ID = "0" * 32


def entry(name: object, **more: Any) -> dict[str, Any]:
    """A project as IAM lists it."""
    usual = {"id": ID, "enabled": True, "is_domain": False, "parent_id": "d", "domain_id": "d"}
    return {"name": name, **usual, **more}


def test_by_name_with_the_region_of_the_parent() -> None:
    """Projects come by name; the region of a sub-project is what stands before the underscore."""
    names = ["eu-west-101_b", "eu-west-101", "cn-north-4_a_b", "cn-north-4"]
    assert listed_projects({"projects": [entry(name) for name in names]}) == [
        ListedProject("cn-north-4", ID, "cn-north-4"),
        ListedProject("cn-north-4_a_b", ID, "cn-north-4"),
        ListedProject("eu-west-101", ID, "eu-west-101"),
        ListedProject("eu-west-101_b", ID, "eu-west-101"),
    ]


@pytest.mark.parametrize(
    "left_out",
    [
        entry("MOS"),
        entry("MOS_team"),
        entry(None),
        entry("_eu-west-101"),
        entry("eu-west-101", enabled=False),
        entry("eu-west-101", is_domain=True),
        entry("eu-west-101.evil.example"),
        entry("a-" + "b" * 62),
    ],
)
def test_what_is_left_out(left_out: dict[str, Any]) -> None:
    """Projects of no region, switched off, or accounts themselves are not read."""
    assert listed_projects({"projects": [left_out], "links": {"next": None}}) == []


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({}, "no list of projects"),
        ({"projects": {}}, "no list of projects"),
        ({"projects": ["x"]}, "no list of projects"),
        ({"projects": [], "links": {"next": "https://x"}}, "in parts"),
        ({"projects": [entry("eu-west-101", id="../x")]}, "without a usable id"),
        ({"projects": [entry("eu-west-101_\n", id="")]}, r"'eu-west-101_\\+n' without"),
    ],
)
def test_what_is_refused(answer: dict[str, Any], says: str) -> None:
    """An answer that is no whole list is an error, not fewer projects."""
    with pytest.raises(ProtocolError, match=says):
        listed_projects(answer)
