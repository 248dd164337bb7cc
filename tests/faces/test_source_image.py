"""The files that Airbyte's users need beside the code. No image is built here: they are read."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

import tap_dds_backups
from tap_dds_backups.schema import STREAMS
from tests.project.tree import ROOT

DOCS = (ROOT / "docs" / "airbyte.md").read_text(encoding="utf-8")
HEADERS = [
    "Prerequisites",
    "Setup guide",
    "Supported sync modes",
    "Supported Streams",
    "Performance considerations",
    "Data type map",
    "Limitations & Troubleshooting",
    "Changelog",
]


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions in order, each with its argument."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined]


def of(name: str) -> list[str]:
    """Return the arguments of all instructions of one name."""
    return [argument for each, argument in instructions() if each == name]


def test_the_image_starts_the_source_as_airbyte_does() -> None:
    """The entrypoint is absolute, a list, and the same as the variable that Airbyte reads."""
    (entrypoint,) = (json.loads(argument) for argument in of("ENTRYPOINT"))
    variables = dict(word.split("=", 1) for each in of("ENV") for word in shlex.split(each))
    assert entrypoint == [variables["AIRBYTE_ENTRYPOINT"]]
    assert entrypoint[0] == "/usr/local/bin/source-dds-backups"
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert Path(entrypoint[0]).name in scripts
    assert not of("CMD")


def test_the_image_is_small_and_runs_without_rights() -> None:
    """A slim base, no caches kept, and the user `airbyte` before the entrypoint, for all that runs."""
    (base,) = of("FROM")
    assert re.fullmatch(r"python:3\.\d+-slim", base)
    runs = " ".join(of("RUN"))
    assert "useradd --uid 1000" in runs
    assert "chown airbyte:airbyte /airbyte" in runs
    assert "pip install --no-cache-dir" in runs
    assert of("USER") == ["airbyte"]
    order = [name for name, _ in instructions()]
    assert order.index("USER") > max(n for n, name in enumerate(order) if name in {"RUN", "COPY"})
    assert of("WORKDIR") == ["/airbyte"]
    known = {"FROM", "LABEL", "RUN", "COPY", "ENV", "WORKDIR", "USER", "ENTRYPOINT"}
    assert set(order) <= known


def test_what_the_image_copies_is_there_and_not_kept_out() -> None:
    """Every source exists and passes .dockerignore, and it is all that the wheel is built from."""
    kept = (ROOT / ".dockerignore").read_text().split()
    assert kept[0] == "*", "everything is kept out first"
    copied = [word for each in of("COPY") for word in each.split()[:-1]]
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in kept
    assert {"pyproject.toml", "README.md", "LICENSE", "schemas", "tap_dds_backups"} <= set(copied)


def test_every_file_tells_the_packages_version() -> None:
    """Image, metadata and docs say the version of the package."""
    version = tap_dds_backups.__version__
    data = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
    assert data["dockerImageTag"] == version
    assert f'io.airbyte.version="{version}"' in " ".join(of("LABEL"))
    assert f"source-dds-backups:{version}" in DOCS


def test_metadata_says_what_airbytes_tools_ask() -> None:
    """The fields that they read, and hosts for each cloud that the settings name."""
    data = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
    assert data["dockerRepository"] == "airbyte/source-dds-backups"
    assert data["connectorType"] == "source"
    assert "language:python" in data["tags"]
    assert (ROOT / data["icon"]).is_file()
    names = {stream.name for stream in STREAMS}
    assert set(data["suggestedStreams"]["streams"]) <= names
    assert data["maxSecondsBetweenMessages"] > 30 * 60, "longer than the longest wait"
    for host in ("otc.t-systems.com", "prod-cloud-ocb.orange-business.com", "hc.cloud.ru"):
        assert f"*.{host}" in data["allowedHosts"]["hosts"]


def test_the_icon_is_a_small_picture() -> None:
    """Square, and a drawing of its own: nothing is loaded from elsewhere."""
    path = ROOT / "icon.svg"
    assert path.stat().st_size < 2_000
    root = ET.fromstring(path.read_text())  # noqa: S314  # our own file
    assert root.get("width") == root.get("height")
    assert "href" not in path.read_text()


def test_the_page_has_airbytes_headers_in_their_order() -> None:
    """Readers of Airbyte's documentation find each thing where they expect it."""
    assert re.findall(r"^## (.*)$", DOCS, re.MULTILINE) == HEADERS


def test_the_page_lists_every_stream() -> None:
    """Each with its schema."""
    for stream in STREAMS:
        assert f"[{stream.name}](../schemas/{stream.name}.json)" in DOCS


def test_the_pages_links_lead_somewhere() -> None:
    """Every file that the page points at exists."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", DOCS):
        assert (ROOT / "docs" / target).exists(), target


@pytest.mark.parametrize(
    ("command", "absent"),
    [
        ("spec", {"singer_sdk", "requests", "urllib3", "msgspec", "airbyte_cdk"}),
        ("discover", {"singer_sdk", "requests", "urllib3", "msgspec", "airbyte_cdk"}),
        ("airbyte_run", {"singer_sdk", "click", "sqlalchemy", "airbyte_cdk", "jsonschema"}),
    ],
)
def test_the_source_loads_only_what_it_needs(command: str, absent: set[str]) -> None:
    """No SDK ever, and nothing of HTTP where nobody is asked."""
    script = (
        "import sys\nfrom tap_dds_backups import source\n"
        "sys.argv[1] == 'airbyte_run' and __import__('tap_dds_backups.airbyte.run')\n"
        "sys.argv[1] == 'airbyte_run' or source.main(sys.argv[1:])\n"
        "print(*(name for name in sys.modules if '.' not in name), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, command], capture_output=True, text=True, check=True
    )
    assert not absent & set(done.stderr.split())
