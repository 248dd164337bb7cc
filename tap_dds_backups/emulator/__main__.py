"""`dds-backups-emulator`: the service on the command line."""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tap_dds_backups.emulator.emulator import Emulator, Hosts
from tap_dds_backups.emulator.estate import estate
from tap_dds_backups.emulator.faults import FAULTS, place_fault
from tap_dds_backups.emulator.identity import TOKEN_SECONDS, Identity
from tap_dds_backups.emulator.life import advance
from tap_dds_backups.emulator.readings import READINGS, REFUSALS
from tap_dds_backups.emulator.rows import Project, hex_id
from tap_dds_backups.emulator.store import Store
from tap_dds_backups.emulator.throttle import parse_rate_limit
from tap_dds_backups.emulator.times import seconds

WARMED = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the first line on stdout is JSON with settings for the tap."""
    options = _parser().parse_args(arguments)
    if options.list_faults:
        _say("\n".join(f"{fault.name:24} {fault.says}" for fault in FAULTS.values()))
        return 0
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        emulator = _emulator(options)
    except OSError as error:
        print(
            f"dds-backups-emulator: cannot listen: {os.strerror(error.errno or 0)}", file=sys.stderr
        )
        return 1
    if options.backups * options.projects <= WARMED:
        for store in emulator.stores.values():
            store.warm()
    gc.freeze()  # a million rows need not be looked through again and again
    with emulator:
        _say(json.dumps(_configs(emulator)))
        _say(_explanation(emulator, options))
        while not stop.wait(options.changing or None):
            for store in emulator.stores.values():
                advance(store, now=time.time(), start=1)
    return 0


def _configs(emulator: Emulator) -> dict[str, Any]:
    """Settings for each sign-in; with several projects, all of them where the sign-in can."""
    if len(emulator.stores) == 1:
        return emulator.configs()
    several = {way: emulator.config_for_projects(way) for way in ("password", "access_key")}
    return {**emulator.configs(), **several}


def _say(text: str) -> None:
    """One write to stdout; a reader that went away is no error."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, f"{text}\n".encode())


def _emulator(options: argparse.Namespace) -> Emulator:
    until = seconds(options.until) if options.until else time.time()
    throttle = options.rate_limit
    if throttle and options.retry_after:
        throttle = replace(throttle, retry_after="seconds")
    return Emulator(
        [_store(options, number, until) for number in range(options.projects)],
        faults=options.faults,
        throttle=throttle,
        identity=Identity(seed=options.seed, token_seconds=options.token_seconds),
        latency=options.latency / 1000,
        hosts=Hosts(options.port, options.iam_port),
    )


def _store(options: argparse.Namespace, number: int, until: float) -> Store:
    """The first project is the region's own, the others are sub-projects of it."""
    first = Project(hex_id(Random(f"project {options.seed}")))
    project = first
    if number:
        project_id = hex_id(Random(f"project {options.seed}.{number}"))
        project = replace(
            first, id=project_id, name=f"{first.name}_team-{number}", parent_id=first.id
        )
    seed = options.seed + number
    return estate(options.backups, seed=seed, until=until, project=project, reading=options.reading)


def _explanation(emulator: Emulator, options: argparse.Namespace) -> str:
    store = emulator.store
    lines = [
        f"DDS answers at {emulator.url}, IAM at {emulator.iam_url}, until Ctrl-C.",
        "The line above holds settings for the tap, one set for each way to sign in.",
        f"{len(store.instances)} instances, {options.backups} full backups (seed {options.seed}).",
        f"curl -X POST {emulator.url}/emulator/advance ends running backups and starts new ones;",
        f"curl {emulator.url}/emulator/backups shows what the store holds.",
    ]
    if options.changing:
        lines.append(f"A backup starts every {options.changing:g} s, and those running finish.")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dds-backups-emulator",
        description="A DDS and an IAM on loopback, to try the tap against.",
        epilog="A fault is NAME[=ARGUMENT][@WHERE][xTIMES]: html_502@list:3, truncated@page:last, "
        "iam_500@sign-in, drip=0.2x*.",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="port of DDS (default: any free one)")
    add("--iam-port", type=int, default=0, help="port of IAM (default: any free one)")
    add("--backups", type=_count, default=1_000, metavar="N", help="full backups held (1000)")
    add("--projects", type=_count, default=1, metavar="N", help="projects of as many backups (1)")
    add("--seed", type=int, default=0, help="same seed and --until, same backups (0)")
    add("--until", type=_time, metavar="TIME", help="'yyyy-mm-dd hh:mm:ss', end of history (now)")
    add("--latency", type=float, default=0, metavar="MS", help="milliseconds per answer (0)")
    add("--rate-limit", type=_checked(parse_rate_limit), metavar="N/PERIOD", help="such as 60/m")
    add("--retry-after", action="store_true", help="name the wait in the answer to a refused call")
    add("--faults", type=_checked(place_fault), nargs="+", default=[], metavar="FAULT")
    add("--list-faults", action="store_true", help="name every fault and stop")
    add("--reading", type=_reading, metavar="NAME", help="a reading of an open point of the API")
    add("--changing", type=float, metavar="SECONDS", help="keep the store changing")
    add("--token-seconds", type=float, default=TOKEN_SECONDS, help="life of a token (86400)")
    return parser


def _checked(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """`parse`, its ValueError being told as it is."""

    def checked(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked


@_checked
def _time(text: str) -> str:
    seconds(text)
    return text


@_checked
def _count(text: str) -> int:
    if not text.isdigit():
        raise ValueError("a number of backups is due")
    return int(text)


@_checked
def _reading(text: str) -> Any:
    named = {**READINGS, **REFUSALS}
    if text not in named:
        raise ValueError(f"no such reading, but: {', '.join(named)}")
    return named[text]


if __name__ == "__main__":
    sys.exit(main())
