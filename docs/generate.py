"""Writes what is derived from the code: meta.yml and the settings table in README.md.

`make docs` runs it; a test fails while a file differs from what it would write.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml

from tap_dds_backups.settings.schemas import settings_table

ROOT = Path(__file__).parents[1]
API_PAGE = "https://support.huaweicloud.com/intl/en-us/api-dds/dds_api_0029.html"
TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- /settings -->)", re.DOTALL)

# What MeltanoHub's schema of an extractor definition allows; a newer SDK announces more.
HUB_CAPABILITIES = {
    "properties",
    "catalog",
    "discover",
    "state",
    "about",
    "stream-maps",
    "schema-flattening",
    "activate-version",
    "batch",
    "test",
    "log-based",
    "structured-logging",
}
# Any one of these has to be complete.
SIGN_INS = [
    ["project_id", "region", "access_key", "secret_key"],
    ["project_id", "region", "username", "password", "domain_name"],
    ["project_id", "region", "auth_token"],
]


def about() -> dict[str, Any]:
    """Return what the installed tap says about itself."""
    command: list[str | Path] = [
        Path(sys.executable).parent / "tap-dds-backups",
        "--about",
        "--format",
        "json",
    ]
    told: dict[str, Any] = json.loads(subprocess.check_output(command))  # noqa: S603  # our own command
    return told


def meta(told: dict[str, Any], project: dict[str, Any]) -> str:
    """Return the MeltanoHub definition of a tap that says this about itself."""
    pythons = [
        name.rpartition(" :: ")[2] for name in project["classifiers"] if ":: Python ::" in name
    ]
    definition = {
        "name": "tap-dds-backups",
        "namespace": "tap_dds_backups",
        "variant": "tap-dds-backups",
        "label": "Huawei Cloud DDS backups",
        "description": project["description"] + ".",
        "keywords": project["keywords"],
        "pip_url": "tap-dds-backups",
        "executable": "tap-dds-backups",
        "domain_url": API_PAGE,
        "maintenance_status": "beta",
        "quality": "unknown",
        "capabilities": sorted(HUB_CAPABILITIES.intersection(told["capabilities"])),
        "supported_python_versions": [name for name in pythons if re.fullmatch(r"3\.\d+", name)],
        "settings_group_validation": SIGN_INS,
        "settings": [
            setting(name, of_tap) for name, of_tap in told["settings"]["properties"].items()
        ],
    }
    head = "# MeltanoHub extractor definition, written by `make docs` from what the tap says of itself.\n"
    return head + yaml.safe_dump(definition, sort_keys=False, allow_unicode=True, width=100)


def setting(name: str, of_tap: dict[str, Any]) -> dict[str, Any]:
    """Return a setting as MeltanoHub describes it."""
    described = {
        "name": name,
        "label": of_tap["title"],
        "description": of_tap["description"],
        "kind": kind(name, of_tap),
    }
    if of_tap.get("secret"):
        described["sensitive"] = True
    if "examples" in of_tap:
        described["placeholder"] = str(of_tap["examples"][0])
    if "default" in of_tap:
        described["value"] = of_tap["default"]
    return described


def kind(name: str, of_tap: dict[str, Any]) -> str:
    """Return MeltanoHub's name of a setting's type."""
    if of_tap.get("secret"):
        return "password"
    if name in {"start_date", "end_date"}:
        return "date_iso8601"
    return json_type(of_tap)


def json_type(of_tap: dict[str, Any]) -> str:
    """Return the one JSON type of a setting beside null."""
    types = of_tap["type"] if isinstance(of_tap["type"], list) else [of_tap["type"]]
    (only,) = [name for name in types if name != "null"]
    return str(only)


def generated() -> dict[Path, str]:
    """Return every file that is generated, whole or in part, as it should be."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    readme = ROOT / "README.md"
    return {
        ROOT / "meta.yml": meta(about(), project),
        readme: TABLE.sub(lambda _: settings_table(), readme.read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
