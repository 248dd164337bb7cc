"""A first answer of each project: what the Airbyte source asks the service for `check`.

A module of its own, because a form waits for it: it loads nothing that only reading needs.
"""

from __future__ import annotations

import logging
import time

from tap_dds_backups.airbyte.messages import failure_type
from tap_dds_backups.api.errors import DdsError, Throttled
from tap_dds_backups.api.listings import Waiting
from tap_dds_backups.connect import Connection, connect
from tap_dds_backups.replication.events import Failed, Started
from tap_dds_backups.replication.partition import Partition
from tap_dds_backups.replication.sync import Wanted
from tap_dds_backups.settings import Settings
from tap_dds_backups.sign_ins import OnSecret

WAITS_SECONDS = 60.0  # nobody watches a form for longer
logger = logging.getLogger("source-dds-backups")


def check(settings: Settings, on_secret: OnSecret) -> list[str]:
    """Ask each project for its newest page; return what the user has to solve.

    Raises:
        DdsError: the service, not the settings, is the reason that there is no answer.
    """
    problems = []
    with connect(settings, on_secret=on_secret) as connection:
        for project in connection.projects:
            partition = Partition(project.project_id, settings.filters)
            error = _first_answer(connection, partition)
            if error is None:
                continue
            if failure_type(error) != "config_error":
                raise error
            problems.append(f"{partition}: {error}")
    return problems


def _first_answer(connection: Connection, partition: Partition) -> DdsError | None:
    """What keeps a project from being read; None once it has answered."""
    for event in connection.sync(Wanted()).run(connection.sources([partition]), {}):
        if isinstance(event, Failed):
            return event.error
        if isinstance(event, Started):
            total, begin = event.total, event.window.begin
            logger.info("%s: %d backups listed since %s", partition, total, begin)
            return None
        if isinstance(event, Waiting) and event.until - time.time() > WAITS_SECONDS:
            return Throttled(f"{partition}: throttled by the service for over a minute")
    return None
