"""What can go wrong, as data: one row for each fault, and where it strikes."""

from tap_dds_backups.emulator.faults.fault import Exchange, Fault
from tap_dds_backups.emulator.faults.placing import FAULTS, Faults, PlacedFault, place_fault

__all__ = ["FAULTS", "Exchange", "Fault", "Faults", "PlacedFault", "place_fault"]
