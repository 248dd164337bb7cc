"""Our signatures against those of the vendor's SDK, over requests of every shape."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tap_dds_backups.api.http import Request
from tap_dds_backups.api.signing import sign
from tests.peers.environments import environment

pytestmark = pytest.mark.peers

SCRIPT = Path(__file__).parent / "clients" / "vendor_signer.py"
REQUESTS = 2_000
SEED = 20_190_605
TEXTS = " :-_.~+*'()!@$,;=&?#%\"<>[]{}|^`\\abcXYZ019\u00e9\u4e2d\U0001f600"


def made_up(dice: random.Random) -> dict[str, Any]:
    """Return a request whose every part may hold whatever is allowed there."""

    def text(shortest: int = 0) -> str:
        return "".join(dice.choices(TEXTS, k=dice.randint(shortest, 8)))

    headers = {"X-Sdk-Date": f"202406{dice.randint(10, 30)}T{dice.randint(10, 23)}0405Z"}
    headers["X-Project-Id"] = f"{dice.getrandbits(128):032x}"
    if dice.random() < 0.5:
        headers["X-Security-Token"] = f"{dice.getrandbits(256):x}"
    if dice.random() < 0.5:
        headers["Content-Type"] = "application/json"
    segments = [quote(text(1), safe="") for _ in range(dice.randint(1, 5))]
    return {
        "method": dice.choice(["GET", "POST", "DELETE"]),
        "host": dice.choice(
            ["dds.eu-west-101.myhuaweicloud.eu", "127.0.0.1:8080", "h.example.com"]
        ),
        "path": "/" + "/".join(segments) + dice.choice(["", "/"]),
        "query": [(text(1), text()) for _ in range(dice.randint(0, 6))],
        "headers": headers,
        "body": dice.choice(["", '{"a": 1}', text()]),
        "access_key": "AK",
        "secret_key": f"{dice.getrandbits(160):x}",
    }


def our_signature(case: dict[str, Any]) -> str:
    """Sign the same request our way, from its final URL."""
    query = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in case["query"])
    url = f"https://{case['host']}{case['path']}{'?' if query else ''}{query}"
    headers = case["headers"]
    own = {name: value for name, value in headers.items() if name == "Content-Type"}
    return sign(
        Request(case["method"], url, own, case["body"].encode()),
        access_key=case["access_key"],
        secret_key=case["secret_key"],
        project_id=headers["X-Project-Id"],
        security_token=headers.get("X-Security-Token"),
        sdk_date=headers["X-Sdk-Date"],
    )["Authorization"]


def test_same_signatures_as_the_vendor(tmp_path: Path) -> None:
    """The vendor's SDK signs thousands of requests of every shape exactly as we do."""
    dice = random.Random(SEED)
    cases = [made_up(dice) for _ in range(REQUESTS)]
    python = environment("huaweicloudsdkcore", ["huaweicloudsdkcore==3.1.219"]) / "bin" / "python"
    done = subprocess.run(
        [python, "-I", SCRIPT],
        input=json.dumps(cases),
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    assert len(theirs) == REQUESTS
    differing = [c for c, signed in zip(cases, theirs, strict=True) if our_signature(c) != signed]
    assert differing == []
