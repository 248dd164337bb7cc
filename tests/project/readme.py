"""The commands that README.md tells people to type."""

from __future__ import annotations

import re

from tests.project.tree import ROOT

FENCED = re.compile(r"^```sh (\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROJECT_ID = "0d6c6f1e2a5f4f0f9a7b2f8f0c3b5a10"  # the one in its examples


def commands() -> dict[str, str]:
    """Return the commands by the label of their block; blocks of one label are joined."""
    found: dict[str, str] = {}
    for label, script in FENCED.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        found[label] = found.get(label, "") + script
    return found
