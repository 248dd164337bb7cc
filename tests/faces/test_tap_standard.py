"""The SDK's own test suite, against the emulator."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_dds_backups.emulator import Emulator, Reading, estate
from tap_dds_backups.tap import TapDDSBackups

# The suite wants a value in each property, so the six newer fields are on.
_service = Emulator(estate(400, until=time.time()), reading=Reading(newer_fields=True))


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    """The service runs while the suite does."""
    with _service:
        yield


def everything() -> dict[str, Any]:
    """The discovered catalog with every stream selected: all but one are off by default."""
    catalog = TapDDSBackups(validate_config=False).catalog_dict
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            item["metadata"]["selected"] = True
    return catalog


TestTapDDSBackups: Any = get_tap_test_class(
    TapDDSBackups,
    config=_service.config("token"),
    catalog=everything(),
    # Its rows tell of whole runs, and the suite cuts each stream short.
    suite_config=SuiteConfig(max_records_limit=150, ignore_no_records_for_streams=["backup_syncs"]),
)
