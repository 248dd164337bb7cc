"""An emulated service for each test that asks for one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tap_dds_backups.emulator import Emulator, plain_store


@pytest.fixture
def service() -> Iterator[Emulator]:
    """A service with 250 finished backups, the newest ten minutes old."""
    with Emulator(plain_store(250, seed=7, until=time.time())) as emulator:
        yield emulator
