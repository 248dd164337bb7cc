"""Faults below JSON: connections that break, stall or drip, and bytes that are no HTTP."""

from __future__ import annotations

import functools
import gzip
import zlib
from collections.abc import Callable, Iterable
from dataclasses import replace

from tap_dds_backups.emulator.answers import Answer, Ending, Step
from tap_dds_backups.emulator.faults.fault import DAY_SECONDS, Effect, Exchange, Fault, with_header
from tap_dds_backups.emulator.times import http_date

BOMB_MEBIBYTES = 64


def _delivered(steps: Callable[[bytes, Exchange], Iterable[Step]]) -> Effect:
    def effect(answer: Answer, exchange: Exchange) -> Answer:
        return replace(answer, deliver=lambda wire: steps(wire, exchange))

    return effect


def _cut(share: float, ending: Ending) -> Effect:
    """The answer breaks off after a share of its body."""

    def steps(wire: bytes, _: Exchange) -> Iterable[Step]:
        head = wire.index(b"\r\n\r\n") + 4
        yield wire[: head + int((len(wire) - head) * share)]
        yield ending

    return _delivered(steps)


def _cut_in_head(ending: Ending) -> Effect:
    return _delivered(lambda wire, _: (wire[: wire.index(b"\r\n\r\n") // 2], ending))


def _drip(wire: bytes, exchange: Exchange) -> Iterable[Step]:
    """One byte at a time; the argument is the pause between two, in seconds."""
    for place in range(len(wire)):
        yield wire[place : place + 1]
        yield exchange.seconds(0.05)


def _drip_body(wire: bytes, exchange: Exchange) -> Iterable[Step]:
    head = wire.index(b"\r\n\r\n") + 4
    yield wire[:head]
    yield from _drip(wire[head:], exchange)


def _stall(wire: bytes, exchange: Exchange) -> Iterable[Step]:
    yield exchange.seconds(3600.0)
    yield wire


def _stall_in_body(wire: bytes, exchange: Exchange) -> Iterable[Step]:
    half = len(wire) - len(wire) // 4
    yield wire[:half]
    yield exchange.seconds(3600.0)
    yield wire[half:]


def _instead(data: bytes) -> Effect:
    return _delivered(lambda _wire, _exchange: (data, Ending.CLOSE))


def _chunked(body_to_wire: Callable[[bytes], bytes]) -> Effect:
    def effect(answer: Answer, _: Exchange) -> Answer:
        headers = {**answer.headers, "Transfer-Encoding": "chunked"}
        return replace(
            answer,
            body=body_to_wire(answer.body),
            headers=headers,
            deliver=lambda wire: (wire, Ending.CLOSE),
        )

    return effect


def _chunks(body: bytes) -> bytes:
    pieces = [body[place : place + 1000] for place in range(0, len(body), 1000)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def _length(change: int) -> Effect:
    def effect(answer: Answer, _: Exchange) -> Answer:
        headers = {**answer.headers, "Content-Length": str(len(answer.body) + change)}
        return replace(answer, headers=headers, deliver=lambda wire: (wire, Ending.CLOSE))

    return effect


def _length_words(answer: Answer, _: Exchange) -> Answer:
    headers = {**answer.headers, "Content-Length": "many"}
    return replace(answer, headers=headers, deliver=lambda wire: (wire, Ending.CLOSE))


def _encoded(encoding: str, encode: Callable[[bytes], bytes]) -> Effect:
    def effect(answer: Answer, _: Exchange) -> Answer:
        headers = {**answer.headers, "Content-Encoding": encoding}
        return replace(answer, body=encode(answer.body), headers=headers)

    return effect


@functools.cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    mebibyte = b" " * (1 << 20)
    pieces = [packer.compress(b'{"backups":[')]
    pieces += [packer.compress(mebibyte) for _ in range(BOMB_MEBIBYTES)]
    return b"".join([*pieces, packer.compress(b'],"total_count":0}'), packer.flush()])


def _date_off(days: int) -> Effect:
    def effect(answer: Answer, exchange: Exchange) -> Answer:
        when = http_date(exchange.now + days * DAY_SECONDS)
        return replace(answer, headers={**answer.headers, "Date": when})

    return effect


def _without_date(answer: Answer, _: Exchange) -> Answer:
    headers = {name: value for name, value in answer.headers.items() if name != "Date"}
    return replace(answer, headers=headers)


def _many_headers(answer: Answer, _: Exchange) -> Answer:
    many = {f"X-Filler-{number}": "f" * 100 for number in range(200)}
    return replace(answer, headers={**answer.headers, **many})


WIRES = (
    Fault(
        "reset_before",
        "reset before a byte",
        _delivered(lambda *_: (Ending.RESET,)),
        temporary=True,
    ),
    Fault("reset_in_head", "reset inside the head", _cut_in_head(Ending.RESET), temporary=True),
    Fault("reset_in_body", "reset inside the body", _cut(0.5, Ending.RESET), temporary=True),
    Fault("reset_after", "whole, then reset", _cut(1.0, Ending.RESET)),
    Fault(
        "closed_before",
        "closed before a byte",
        _delivered(lambda *_: (Ending.CLOSE,)),
        temporary=True,
    ),
    Fault("closed_in_head", "closed inside the head", _cut_in_head(Ending.CLOSE), temporary=True),
    Fault("closed_at_body", "closed after the head", _cut(0.0, Ending.CLOSE), temporary=True),
    Fault("truncated", "closed inside the body", _cut(0.5, Ending.CLOSE), temporary=True),
    Fault("closed_after", "whole, then closed", _cut(1.0, Ending.CLOSE)),
    Fault("drip", "a byte at a time (argument: pause in s)", _delivered(_drip), temporary=True),
    Fault("drip_body", "the body a byte at a time", _delivered(_drip_body), temporary=True),
    Fault("stalled", "nothing for long (argument: s)", _delivered(_stall), temporary=True),
    Fault("stalled_in_body", "stops in the body", _delivered(_stall_in_body), temporary=True),
    Fault(
        "slow", "late by a fifth of a second", _delivered(lambda wire, x: (x.seconds(0.2), wire))
    ),
    Fault(
        "no_http", "bytes that are no HTTP", _instead(b"SSH-2.0-OpenSSH_9.2\r\n"), temporary=True
    ),
    Fault(
        "bad_status_line",
        "a status that is none",
        _instead(b"HTTP/1.1 OK 200\r\n\r\n"),
        temporary=True,
    ),
    Fault(
        "endless_head",
        "a head of a megabyte",
        _instead(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * (1 << 20)),
        temporary=True,
    ),
    Fault("many_headers", "two hundred headers", _many_headers, temporary=True),
    Fault("chunked", "chunked, as it should be", _chunked(_chunks)),
    Fault(
        "chunked_cut",
        "chunked, the end missing",
        _chunked(lambda body: _chunks(body)[:-400]),
        temporary=True,
    ),
    Fault(
        "chunked_nonsense",
        "chunk sizes that are none",
        _chunked(lambda body: b"zz\r\n" + body),
        temporary=True,
    ),
    Fault("length_too_large", "fewer bytes than promised", _length(+100), temporary=True),
    Fault("length_too_small", "more bytes than promised", _length(-100)),
    Fault("length_no_number", "Content-Length: many", _length_words),
    Fault("gzip", "gzip, as it should be", _encoded("gzip", gzip.compress)),
    Fault("gzip_broken", "gzip that is none", _encoded("gzip", lambda _: b"\x1f\x8b no gzip")),
    Fault(
        "gzip_cut",
        "gzip, the end missing",
        _encoded("gzip", lambda body: gzip.compress(body)[:-20]),
    ),
    Fault(
        "gzip_twice",
        "gzip in gzip",
        _encoded("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
    ),
    Fault("gzip_bomb", f"{BOMB_MEBIBYTES} MiB out of little", _encoded("gzip", lambda _: _bomb())),
    Fault("unknown_encoding", "an encoding nobody has", with_header("Content-Encoding", "snail")),
    Fault("date_missing", "no Date", _without_date),
    Fault("date_ahead", "a day ahead", _date_off(+1)),
    Fault("date_behind", "a day behind", _date_off(-1)),
    Fault("date_words", "no date", with_header("Date", "yesterday")),
)
