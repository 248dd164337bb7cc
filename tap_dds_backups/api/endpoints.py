"""Where DDS and IAM are, and which texts may become part of an address.

Hosts are built as `{service}.{region}.{cloud}`, the rule of the clouds' endpoint lists. An
explicit URL is consent: it is checked for form, never against a list of hosts.

Every check raises ValueError with a sentence that never holds the text that was refused: a
misplaced secret must not come back in a log.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

DEFAULT_CLOUD = "myhuaweicloud.com"
# Dublin is the one region of the default cloud under another suffix (endpoint list of DDS).
_OTHER_SUFFIX = {("eu-west-101", DEFAULT_CLOUD): "myhuaweicloud.eu"}
# Its signature of the same name derives the key from date, region and service.
_DERIVED_KEY_CLOUD = "otc.t-systems.com"

_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_CLOUD = re.compile(rf"{_LABEL}(\.{_LABEL})+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


def dds_url(region: str, cloud: str = DEFAULT_CLOUD) -> str:
    """Return the base URL of DDS in a region of a cloud, both checked."""
    return _service_url("dds", region, cloud)


def iam_url(region: str, cloud: str = DEFAULT_CLOUD) -> str:
    """Return the base URL of IAM in a region of a cloud, both checked."""
    return _service_url("iam", region, cloud)


def global_iam_url(cloud: str) -> str | None:
    """Return the IAM that answers for all regions of a cloud, where one is known (endpoint list)."""
    return f"https://iam.{cloud}" if cloud == DEFAULT_CLOUD else None


def _service_url(service: str, region: str, cloud: str) -> str:
    suffix = _OTHER_SUFFIX.get((region, cloud), cloud)
    return f"https://{service}.{checked_region(region)}.{checked_cloud(suffix)}"


def is_region(text: str) -> bool:
    """Tell whether a text is the id of a region by its form."""
    return len(text) <= 63 and _REGION.fullmatch(text) is not None


def checked_region(text: str) -> str:
    """Return a region id such as eu-west-101. Raises ValueError."""
    if not is_region(text):
        raise ValueError("must be a region id such as eu-west-101: small letters, digits, hyphens")
    return text


def checked_cloud(text: str) -> str:
    """Return a host suffix such as myhuaweicloud.com. Raises ValueError."""
    if len(text) > 180 or not _CLOUD.fullmatch(text):
        raise ValueError("must be a host suffix such as myhuaweicloud.com, without https://")
    return text


def checked_id(text: str) -> str:
    """Return an id of a project, instance or backup. Raises ValueError.

    Ids are 32 hexadecimal digits, with a suffix such as `in02` for instances; anything that is
    safe inside a path and a query is taken, because clouds are free in their choice.
    """
    if not _IDENTIFIER.fullmatch(text):
        raise ValueError("must be an id: up to 64 letters, digits, hyphens, underscores")
    return text


def checked_url(text: str) -> str:
    """Return a base URL in its plain form: no default port, no slash and no `/v3` at its end.

    https only, except to this machine. A path prefix is allowed (gateways of private regions);
    a trailing `/v3` is dropped because endpoint lists of IAM have it. Raises ValueError.
    """
    parts = _split(text)
    host = _checked_host(parts)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("must begin with https:// (http:// only to this machine)")
    path = parts.path.rstrip("/").removesuffix("/v3")
    if not _PATH.fullmatch(path):
        raise ValueError("has a path with characters that do not belong there")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{_port(parts)}{path}"


def host_of(url: str) -> str:
    """Return the host of a URL for messages, without its port."""
    return urlsplit(url).hostname or ""


def region_of(url: str) -> str | None:
    """Return the region that a host of the form `dds.<region>.<cloud>` names, if it is one."""
    labels = host_of(url).split(".")
    if len(labels) < 4 or labels[0] != "dds" or not _REGION.fullmatch(labels[1]):
        return None
    return labels[1]


def derives_signing_key(url: str) -> bool:
    """Tell whether this cloud's AK/SK signature is the one with a derived key, not ours."""
    host = host_of(url)
    return host == _DERIVED_KEY_CLOUD or host.endswith(f".{_DERIVED_KEY_CLOUD}")


def _split(text: str) -> SplitResult:
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("must be a URL of plain characters, without blanks")
    try:
        parts = urlsplit(text)
        _ = parts.port, parts.hostname
    except ValueError:
        raise ValueError("is not a URL with a host and a port that exist") from None
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password")
    if "?" in text or "#" in text:
        raise ValueError("must not hold a query or a fragment")
    return parts


def _checked_host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if "[" in parts.netloc:
        try:
            return ipaddress.IPv6Address(host.replace("%", "no zone ids")).compressed
        except ValueError:
            raise ValueError("is not a URL with a host and a port that exist") from None
    if len(host) > 253 or not _HOST.fullmatch(host):
        raise ValueError("is not a URL with a host, such as https://dds.eu-west-101.example.com")
    return host


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address, without brackets, can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(host: str) -> bool:
    """Tell whether a host is this machine, or a link-local address that no router passes on.

    At the latter the metadata service of a cloud server answers.
    """
    try:
        return is_loopback(host) or ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def checked_local_url(text: str) -> str:
    """Return an address, path included, from which a machine gets its own keys. Raises ValueError.

    Whoever answers there is trusted, and plain http is usual: so it must be a local address.
    """
    parts = _split(text)
    host = _checked_host(parts)
    if parts.scheme not in {"http", "https"} or not is_local(host):
        raise ValueError("must begin with http:// and lead to this machine or a link-local address")
    path = parts.path.rstrip("/")
    if not _PATH.fullmatch(path):
        raise ValueError("has a path with characters that do not belong there")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{_port(parts)}{path}"


def _port(parts: SplitResult) -> str:
    if parts.netloc.endswith(":") or parts.port == 0:
        raise ValueError("is not a URL with a host and a port that exist")
    default = {"https": 443, "http": 80}[parts.scheme]
    return "" if parts.port in {None, default} else f":{parts.port}"
