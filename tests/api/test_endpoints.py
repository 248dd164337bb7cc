"""Addresses: what is built, what is taken, what is refused, and that refusals hold no value."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_dds_backups.api.endpoints import (
    checked_cloud,
    checked_id,
    checked_region,
    checked_url,
    dds_url,
    derives_signing_key,
    iam_url,
    region_of,
)


@pytest.mark.parametrize(
    ("region", "cloud", "dds", "iam"),
    [
        (
            "cn-north-4",
            "myhuaweicloud.com",
            "https://dds.cn-north-4.myhuaweicloud.com",
            "https://iam.cn-north-4.myhuaweicloud.com",
        ),
        (
            "eu-west-101",
            "myhuaweicloud.com",
            "https://dds.eu-west-101.myhuaweicloud.eu",
            "https://iam.eu-west-101.myhuaweicloud.eu",
        ),
        (
            "eu-west-101",
            "cloud.example.com",
            "https://dds.eu-west-101.cloud.example.com",
            "https://iam.eu-west-101.cloud.example.com",
        ),
        (
            "eu-de",
            "otc.t-systems.com",
            "https://dds.eu-de.otc.t-systems.com",
            "https://iam.eu-de.otc.t-systems.com",
        ),
        (
            "ru-moscow-1",
            "hc.sbercloud.ru",
            "https://dds.ru-moscow-1.hc.sbercloud.ru",
            "https://iam.ru-moscow-1.hc.sbercloud.ru",
        ),
        (
            "eu-west-0",
            "prod-cloud-ocb.orange-business.com",
            "https://dds.eu-west-0.prod-cloud-ocb.orange-business.com",
            "https://iam.eu-west-0.prod-cloud-ocb.orange-business.com",
        ),
    ],
)
def test_hosts_of_regions(region: str, cloud: str, dds: str, iam: str) -> None:
    """Hosts follow the endpoint lists of each cloud, Dublin under .eu."""
    assert (dds_url(region, cloud), iam_url(region, cloud)) == (dds, iam)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("https://dds.example.com", "https://dds.example.com"),
        ("https://dds.example.com/", "https://dds.example.com"),
        ("HTTPS://DDS.Example.Com:443", "https://dds.example.com"),
        ("https://dds.example.com:8443/", "https://dds.example.com:8443"),
        ("https://gw.example.com/dds/prod", "https://gw.example.com/dds/prod"),
        ("https://iam.eu-de.otc.t-systems.com/v3", "https://iam.eu-de.otc.t-systems.com"),
        ("https://iam.eu-de.otc.t-systems.com/v3/", "https://iam.eu-de.otc.t-systems.com"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://[2001:DB8::7]:444", "https://[2001:db8::7]:444"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://127.8.9.10:5", "http://127.8.9.10:5"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_urls_taken(text: str, plain: str) -> None:
    """A usable URL comes back in its plain form, and that form is stable."""
    assert checked_url(text) == plain
    assert checked_url(plain) == plain


HOSTILE_URLS = [
    "",
    "dds.example.com",
    "//dds.example.com",
    "https://",
    "https:///v3",
    "http://dds.example.com",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "http://127.1",
    "http://2130706433",
    "http://0x7f.0.0.1",
    "http://0.0.0.0",
    "http://[::]",
    "http://[::ffff:10.0.0.1]",
    "http://169.254.169.254",
    "ftp://localhost",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://CANARY@dds.example.com",
    "https://user:CANARY@dds.example.com",
    "https://@dds.example.com",
    "https://dds.example.com@evil.example.com",
    "https://dds.example.com?x=CANARY",
    "https://dds.example.com/?",
    "https://dds.example.com#CANARY",
    "https://dds.example.com/#",
    "https://dds.example.com\\@evil.example.com",
    "https://dds.example.com/a\\b",
    "https://dds.example.com\r\nX-Evil: CANARY",
    "https://dds.example.com/\x00",
    "https://dds.example.com/a b",
    " https://dds.example.com",
    "https://dds.example.com\t",
    "https://dds.example.com:0",
    "https://dds.example.com:",
    "https://dds.example.com:65536",
    "https://dds.example.com:CANARY",
    "https://dds.example.com:-1",
    "https://dds.example.com/../v3",
    "https://dds.example.com/./v3",
    "https://dds.example.com//v2",
    "https://dds.example.com/%2e%2e",
    "https://dds.example.com/a;b",
    "https://dds..example.com",
    "https://-dds.example.com",
    "https://dds_.example.com",
    "https://d\u0501s.example.com",
    "https://dds\u2100.example.com",
    "https://[::1",
    "https://[fe80::1%25eth0]",
    "https://[CANARY]",
    f"https://{'a' * 64}.example.com",
    "https://" + "a." * 130 + "com",
]


@pytest.mark.parametrize("text", HOSTILE_URLS, ids=range(len(HOSTILE_URLS)))
def test_urls_refused(text: str) -> None:
    """A URL that is none, or could send credentials elsewhere, is refused without its text."""
    with pytest.raises(ValueError, match=r"^(must|is not|has)") as caught:
        checked_url(text)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.text(max_size=40).map("https://".__add__) | st.text(max_size=40).map("http://".__add__))
def test_taken_urls_are_plain(text: str) -> None:
    """Whatever is taken has a host, no user, query or fragment, and is safe or of this machine."""
    try:
        parts = urlsplit(checked_url(text))
    except ValueError:
        return
    assert parts.hostname
    assert (parts.username, parts.query, parts.fragment) == (None, "", "")
    assert (
        parts.scheme == "https"
        or parts.hostname == "localhost"
        or ipaddress.ip_address(parts.hostname).is_loopback
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "eu",
        "eu-",
        "-eu",
        "EU-West-0",
        "eu_west",
        "eu-west-0.evil.com/",
        "eu-w\u00e9st",
        "eu-w\n",
        "eu--west",
        "a-" + "b" * 70,
    ],
)
def test_regions_refused(text: str) -> None:
    """What is no region id never becomes part of a host."""
    with pytest.raises(ValueError, match="region id"):
        checked_region(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "com",
        "https://myhuaweicloud.com",
        "evil.com/",
        "a.b:80",
        "x@y.com",
        "a..b",
        ".a.b",
        "a.b\n",
    ],
)
def test_clouds_refused(text: str) -> None:
    """What is no host suffix never becomes part of a host."""
    with pytest.raises(ValueError, match="host suffix"):
        checked_cloud(text)


@pytest.mark.parametrize("text", ["0" * 32, "p1", "5b6f0c5e-aaaa_in02"])
def test_ids_taken(text: str) -> None:
    """Ids of every cloud pass unchanged."""
    assert checked_id(text) == text


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a/b", "a%2fb", "a?b", "a b", "\u0661", "a\n", "x" * 65]
)
def test_ids_refused(text: str) -> None:
    """What could leave its place in a path is no id."""
    with pytest.raises(ValueError, match="must be an id"):
        checked_id(text)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://dds.eu-west-101.myhuaweicloud.eu", "eu-west-101"),
        ("https://dds.eu-de.otc.t-systems.com", "eu-de"),
        ("https://dds.example.com", None),
        ("https://rds.eu-west-0.example.com", None),
        ("http://127.0.0.1:8080", None),
    ],
)
def test_region_of(url: str, region: str | None) -> None:
    """The region is read off a host that names it, and never guessed."""
    assert region_of(url) == region


@pytest.mark.parametrize(
    ("url", "derived"),
    [
        ("https://dds.eu-de.otc.t-systems.com", True),
        ("https://otc.t-systems.com/dds", True),
        ("https://dds.eu-de.notc.t-systems.com", False),
        ("https://dds.eu-de.otc.t-systems.com.example.com", False),
    ],
)
def test_clouds_that_derive_the_key(url: str, derived: bool) -> None:
    """Open Telekom Cloud is known by its hosts, whatever stands before them."""
    assert derives_signing_key(url) is derived
