"""Which proxy leads where."""

from __future__ import annotations

import pytest

from tap_dds_backups.api.proxies import proxy_for

PROXY = "http://proxy.example:3128"
HOST = "dds.eu-west-101.myhuaweicloud.eu"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTPS_PROXY": PROXY}, PROXY),
        ({"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, PROXY),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"all_proxy": "http://other", "HTTPS_PROXY": PROXY}, PROXY),
        ({"HTTP_PROXY": PROXY, "http_proxy": PROXY}, None),
        ({"HTTPS_PROXY": " user:word@proxy.example:3128 "}, "http://user:word@proxy.example:3128"),
    ],
)
def test_variables(environ: dict[str, str], expected: str | None) -> None:
    """HTTPS_PROXY before ALL_PROXY, small letters before capitals, http where no scheme is given."""
    assert proxy_for("https", HOST, 443, environ) == expected


@pytest.mark.parametrize(
    ("host", "no_proxy", "excepted"),
    [
        (HOST, "", False),
        (HOST, "*", True),
        (HOST, HOST, True),
        (HOST, HOST.upper(), True),
        (HOST, "myhuaweicloud.eu", True),
        (HOST, ".myhuaweicloud.eu", True),
        (HOST, "*.myhuaweicloud.eu", True),
        (HOST, "huaweicloud.eu", False),
        (HOST, "a, myhuaweicloud.eu ,b", True),
        (HOST, f"{HOST}:443", True),
        (HOST, f"{HOST}:8443", False),
        (HOST, f"{HOST}.example.com", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        (HOST, "10.0.0.0/8", False),
        ("10.1.2.3", "10.0.0.0/99", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("110.1.2.3", "10.1.2.3", False),
        ("[::1]", "::1", True),
        ("[::1]", "[::1]:443", True),
        ("[::1]", "[::1]:80", False),
        ("[fd00::1]", "fd00::/8", True),
    ],
)
def test_exceptions(host: str, no_proxy: str, *, excepted: bool) -> None:
    """NO_PROXY takes hosts with all below them, ports, addresses, networks and a star."""
    found = proxy_for("https", host, 443, {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy})
    assert found == (None if excepted else PROXY)


def test_plain_http_takes_none() -> None:
    """Credentials without TLS stay on this machine."""
    environ = {"HTTPS_PROXY": PROXY, "ALL_PROXY": PROXY, "HTTP_PROXY": PROXY}
    assert proxy_for("http", "127.0.0.1", 80, environ) is None
