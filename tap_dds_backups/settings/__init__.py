"""The settings of a run: one list of them, read from either face's config into one frozen value."""

from tap_dds_backups.settings.reading import (
    ENVIRONMENT_PREFIX,
    Settings,
    from_airbyte,
    from_environment,
    from_singer,
)
from tap_dds_backups.settings.unknown import SDK_SETTINGS

__all__ = [
    "ENVIRONMENT_PREFIX",
    "SDK_SETTINGS",
    "Settings",
    "from_airbyte",
    "from_environment",
    "from_singer",
]
