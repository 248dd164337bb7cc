"""`make demo`: a local service, the tap, a DuckDB file and the report; twice, in a minute.

Everything it runs is what a user has: the console scripts, one after another.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

COMMANDS = Path(sys.executable).parent
FOLDER = Path("output") / "demo"
CONFIG = FOLDER / "config.json"
CATALOG = FOLDER / "catalog.json"
STATE = FOLDER / "state.json"
PAGE = FOLDER / "report.html"
WAREHOUSE = FOLDER / "backups.duckdb"
BACKUPS = 500
# What is younger than a second is left for the next run: the second is not over yet.
A_SECOND_HAS_PASSED = 2.0


def main() -> int:
    """Show a first run, let time pass, show a second one."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with service() as config:
        CONFIG.write_text(json.dumps(config, indent=2))
        select_everything()
        say(f"A DDS with {BACKUPS} backups runs at {config['api_url']}, for this demo alone.")
        say("\nFirst run: everything.")
        sync("first.jsonl")
        before = warehouse()
        happened = advance(config["api_url"])
        say("\nMeanwhile: " + ", ".join(f"{len(ids)} {change}" for change, ids in happened.items()))
        time.sleep(A_SECOND_HAS_PASSED)
        say("\nSecond run: from where the first one ended.")
        sync("second.jsonl", "--state", STATE)
        after = warehouse()
    new = after.keys() - before.keys()
    changed = [name for name in before if before[name] != after[name]]
    say(f"\nNew in the warehouse: {len(new)}. Changed their status: {len(changed)}.")
    say(f"The warehouse: {WAREHOUSE} ({len(after)} backups in the table `backups`)")
    say("\nThe report: what the backups are worth.")
    report()
    return 0


@contextmanager
def service() -> Iterator[dict[str, Any]]:
    """Run the local service; yields settings for the tap."""
    command: list[str | Path] = [COMMANDS / "dds-backups-emulator", "--backups", str(BACKUPS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        try:
            settings: dict[str, Any] = json.loads(running.stdout.readline())["access_key"]
            yield settings
        finally:
            running.terminate()


def sync(messages: str, *options: str | Path) -> None:
    """Run the tap into a file of messages, and load that file."""
    tap: list[str | Path] = [COMMANDS / "tap-dds-backups", "--config", CONFIG]
    tap += ["--catalog", CATALOG, *options]
    say(f"  $ {shown(tap)} > {FOLDER / messages}")
    with (FOLDER / messages).open("wb") as out, (FOLDER / "tap.log").open("ab") as log:
        subprocess.run(tap, stdout=out, stderr=log, check=True)
    load: list[str | Path] = [sys.executable, "-m", "tap_dds_backups.report.load"]
    load += ["--duckdb", WAREHOUSE, "--state-out", STATE]
    say(f"  $ {shown(load)} < {FOLDER / messages}")
    with (FOLDER / messages).open("rb") as read:
        subprocess.run(load, stdin=read, stderr=subprocess.DEVNULL, check=True)
    lines = (FOLDER / messages).read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines if '"RECORD"' in line]
    begins = [each["record"]["begin_time"] for each in found if each["stream"] == "backups"]
    beside = len(found) - len(begins)
    say(f"  {len(begins)} backups read, {begins[0]} to {begins[-1]}; {beside} records beside them")


def select_everything() -> None:
    """Write the discovered catalog with every stream selected."""
    found = subprocess.run(
        [COMMANDS / "tap-dds-backups", "--discover"], capture_output=True, check=True
    )
    catalog = json.loads(found.stdout)
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            item["metadata"]["selected"] = True
    CATALOG.write_text(json.dumps(catalog))


def report() -> None:
    """Write the report from the warehouse; what it finds wrong is planted, and no failure."""
    command: list[str | Path] = [COMMANDS / "dds-backups-report", "--duckdb", WAREHOUSE]
    command += ["-o", PAGE]
    say(f"  $ {shown(command)}")
    subprocess.run(command, check=True)
    say(f"\nOpen {PAGE.resolve()} in a browser.")


def advance(url: str) -> dict[str, list[str]]:
    """Let backups end, fail and begin; returns which."""
    body = json.dumps({"start": 3, "fail": 1}).encode()
    request = urllib.request.Request(f"{url}/emulator/advance", body, method="POST")  # noqa: S310  # our own
    with urllib.request.urlopen(request) as answer:  # noqa: S310  # loopback, our own service
        (changes,) = json.load(answer).values()
    return {change: ids for change, ids in changes.items() if ids}


def warehouse() -> dict[str, str]:
    """Return the status of every backup that the warehouse holds."""
    with duckdb.connect(str(WAREHOUSE), read_only=True) as connection:
        return dict(connection.execute("select id, status from backups").fetchall())


def shown(command: list[str | Path]) -> str:
    """Return a command as a person types it, the environment's own programs by name."""
    here = f"{COMMANDS}/"
    return " ".join(str(part).removeprefix(here) for part in command)


def say(text: str) -> None:
    """Tell the person who watches."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
