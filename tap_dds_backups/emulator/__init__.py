"""A DDS and an IAM to run against: on loopback by HTTP, or in-process on a virtual clock.

    with Emulator(plain_store(1000, until=time.time())) as emulator:
        run_the_tap(emulator.config("token"))

It imports nothing of the tap, so that the two are independent readings of the API page.
"""

from tap_dds_backups.emulator.answers import ApiError
from tap_dds_backups.emulator.emulator import Emulator, Seen
from tap_dds_backups.emulator.estate import plain_store
from tap_dds_backups.emulator.identity import Identity
from tap_dds_backups.emulator.listing import Query, query_from
from tap_dds_backups.emulator.readings import READINGS, REFUSALS, Reading
from tap_dds_backups.emulator.rows import Backup, Instance, Project
from tap_dds_backups.emulator.store import Store
from tap_dds_backups.emulator.throttle import Throttle

__all__ = [
    "READINGS",
    "REFUSALS",
    "ApiError",
    "Backup",
    "Emulator",
    "Identity",
    "Instance",
    "Project",
    "Query",
    "Reading",
    "Seen",
    "Store",
    "Throttle",
    "plain_store",
    "query_from",
]
