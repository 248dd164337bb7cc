"""Credentials that are not configured but got: from the machine, the pod, or IAM for an agency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tap_dds_backups.api.endpoints import checked_local_url
from tap_dds_backups.settings.credentials import (
    AssumedAgency,
    EcsAgency,
    KeyPair,
    Password,
    PodIdentity,
    SignIn,
)

MACHINE_SOURCES = ("ecs_agency", "pod_identity")
AGENCY = ("agency_name", "agency_domain_name")
POD_URL = "HC_CONTAINER_CREDENTIALS_FULL_URI"
POD_TOKEN_FILE = "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105  # a variable's name


def misplaced(source: str | None, given: set[str]) -> list[str]:
    """Return a line for each setting that serves another source of credentials.

    Not for `metadata_url`: it has a default, and Meltano hands over every default.
    """
    return [
        f"{name} needs credential_source assume_agency"
        for name in AGENCY
        if name in given and source != "assume_agency"
    ]


def machine_sign_in(
    source: str, values: Mapping[str, Any], environ: Mapping[str, str], problems: list[str]
) -> SignIn | None:
    """Return the sign-in that this machine or pod gives; None with a problem."""
    if source == "ecs_agency":
        return EcsAgency(values["metadata_url"])
    url, file = environ.get(POD_URL), environ.get(POD_TOKEN_FILE)
    if not url or not file:
        problems.append(f"credential_source pod_identity needs {POD_URL} and {POD_TOKEN_FILE}")
        return None
    try:
        return PodIdentity(checked_local_url(url), file)
    except ValueError as problem:
        problems.append(f"{POD_URL} {problem}")
        return None


def assumed(
    base: SignIn | None, values: Mapping[str, Any], given: set[str], problems: list[str]
) -> SignIn | None:
    """Return the sign-in of the agency that `base` assumes; None with a problem."""
    missing = [name for name in AGENCY if name not in given]
    if missing:
        problems.append(f"credential_source assume_agency needs {' and '.join(missing)}")
    if base is not None and not isinstance(base, KeyPair | Password):
        problems.append("credential_source assume_agency needs an access key or a password")
    if missing or not isinstance(base, KeyPair | Password):
        return None
    return AssumedAgency(base, *(values[name] for name in AGENCY))
