"""An account that lives: what the tap reads in a first run, what happens, what a second one adds."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from tap_dds_backups.emulator import Emulator, Store, plain_store

COMMANDS = Path(sys.executable).parent
TAP = COMMANDS / "tap-dds-backups"
BACKUPS = 350
RUNNING = 4


class Summary(NamedTuple):
    """What a warehouse holds, as far as it has to equal the service: times in UTC, sizes in KB."""

    rows: int
    ids: int
    oldest: str
    newest: str
    unfinished: int
    failed: int
    size: int


@contextmanager
def account(store: Store | None = None) -> Iterator[Emulator]:
    """Serve a few hundred finished backups and some that are running."""
    now = time.time()
    store = store or plain_store(BACKUPS, until=now - 3600)
    instance = next(iter(store.instances.values()))
    for number in range(RUNNING):
        store.start(instance, begin=now - 3000 + number)
    with Emulator(store) as emulator:
        yield emulator


def time_passes(store: Store) -> None:
    """Let two running backups finish, one fail, one go on; start more; disable a recent one."""
    now = time.time()
    running = [backup for backup in store.backups() if backup.status == "BUILDING"]
    store.finish(running[0].id, end=now - 60, size=4_711)
    store.finish(running[1].id, end=now - 50, size=4_712)
    store.fail(running[2].id, end=now - 40)
    store.disable(store.backups()[BACKUPS - 1].id)
    instance = next(iter(store.instances.values()))
    started = [store.start(instance, begin=now - 30 + n, kind="Manual") for n in range(7)]
    store.finish(started[0].id, end=now - 5, size=99)


def expected(store: Store) -> Summary:
    """Return what a warehouse has to hold that has seen all of this account."""
    backups = store.backups()
    return Summary(
        rows=len(backups),
        ids=len({backup.id for backup in backups}),
        oldest=rfc_3339(min(backup.begin for backup in backups)),
        newest=rfc_3339(max(backup.begin for backup in backups)),
        unfinished=sum(backup.status == "BUILDING" for backup in backups),
        failed=sum(backup.status == "FAILED" for backup in backups),
        size=sum(backup.size for backup in backups),
    )


def summary_of(records: list[dict[str, Any]]) -> Summary:
    """Return the same of records, as the tap writes them."""
    begins = [record["begin_time"] for record in records]
    return Summary(
        rows=len(records),
        ids=len({record["id"] for record in records}),
        oldest=min(begins),
        newest=max(begins),
        unfinished=sum(record["status"] == "BUILDING" for record in records),
        failed=sum(record["status"] == "FAILED" for record in records),
        size=sum(record["size"] for record in records),
    )


def rfc_3339(seconds: float) -> str:
    """Return UTC seconds as the records spell them."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def sync(config: dict[str, Any], folder: Path, state: str = "") -> bytes:
    """Run the tap as a user does; return its messages."""
    (folder / "config.json").write_text(json.dumps(config))
    command: list[str | Path] = [TAP, "--config", folder / "config.json"]
    if state:
        (folder / "state.json").write_text(state)
        command += ["--state", folder / "state.json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
