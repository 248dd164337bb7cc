"""The SDK's own test suite, against the emulator."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_dds_backups.emulator import Emulator, Reading, plain_store
from tap_dds_backups.tap import TapDDSBackups

# The suite wants a value in each property, so the six newer fields are on.
_service = Emulator(plain_store(150, until=time.time()), reading=Reading(newer_fields=True))


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    """The service runs while the suite does."""
    with _service:
        yield


TestTapDDSBackups: Any = get_tap_test_class(
    TapDDSBackups,
    config=_service.config("token"),
    suite_config=SuiteConfig(max_records_limit=150),
)
