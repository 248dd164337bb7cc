"""`dds-backups-emulator`: the service on the command line."""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence

from tap_dds_backups.emulator.emulator import Emulator
from tap_dds_backups.emulator.estate import plain_store
from tap_dds_backups.emulator.throttle import parse_rate_limit


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the first line on stdout is JSON with settings for the tap."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with contextlib.closing(_Output()) as output, _emulator(options) as emulator:
        output.line(json.dumps(emulator.configs()))
        output.line(_explanation(emulator))
        while not stop.wait(1.0):
            pass
    return 0


class _Output:
    """Lines on stdout, each flushed; a reader that went away is no error."""

    def line(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            print(text, flush=True)

    def close(self) -> None:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()


def _emulator(options: argparse.Namespace) -> Emulator:
    store = plain_store(options.backups, seed=options.seed, until=time.time())
    return Emulator(
        store,
        seed=options.seed,
        port=options.port,
        iam_port=options.iam_port,
        latency=options.latency / 1000,
        throttle=options.rate_limit,
    )


def _explanation(emulator: Emulator) -> str:
    return (
        f"DDS answers at {emulator.url}, IAM at {emulator.iam_url}, until Ctrl-C.\n"
        "The line above holds settings for the tap, one set for each way to sign in."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dds-backups-emulator",
        description="A DDS and an IAM on loopback, to try the tap against.",
    )
    parser.add_argument("--port", type=int, default=0, help="port of DDS (default: any free one)")
    parser.add_argument("--iam-port", type=int, default=0, help="port of IAM (default: any)")
    parser.add_argument("--backups", type=int, default=1000, metavar="N", help="how many (1000)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same backups (0)")
    parser.add_argument("--latency", type=float, default=0, metavar="MS", help="of each answer (0)")
    parser.add_argument(
        "--rate-limit", type=_rate_limit, metavar="N/PERIOD", help="such as 60/minute, 10/s, 200/5m"
    )
    return parser


def _rate_limit(text: str) -> object:
    try:
        return parse_rate_limit(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    sys.exit(main())
