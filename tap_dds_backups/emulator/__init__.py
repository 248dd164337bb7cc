"""A DDS and an IAM to run against: on loopback by HTTP, or in-process on a virtual clock.

    with Emulator(plain_store(1000, until=time.time())) as emulator:
        run_the_tap(emulator.config("token"))

It imports nothing of the tap, so that the two are independent readings of the API page.
"""

from tap_dds_backups.emulator.answers import ApiError
from tap_dds_backups.emulator.emulator import Emulator, Hosts
from tap_dds_backups.emulator.estate import estate, plain_store
from tap_dds_backups.emulator.faults import FAULTS
from tap_dds_backups.emulator.identity import Identity
from tap_dds_backups.emulator.life import advance
from tap_dds_backups.emulator.listing import Query, query_from
from tap_dds_backups.emulator.log import Seen
from tap_dds_backups.emulator.metadata import Machine, Metadata
from tap_dds_backups.emulator.readings import READINGS, REFUSALS, Reading
from tap_dds_backups.emulator.rows import Backup, Instance, Project
from tap_dds_backups.emulator.store import Store
from tap_dds_backups.emulator.throttle import Throttle

__all__ = [
    "FAULTS",
    "READINGS",
    "REFUSALS",
    "ApiError",
    "Backup",
    "Emulator",
    "Hosts",
    "Identity",
    "Instance",
    "Machine",
    "Metadata",
    "Project",
    "Query",
    "Reading",
    "Seen",
    "Store",
    "Throttle",
    "advance",
    "estate",
    "plain_store",
    "query_from",
]
