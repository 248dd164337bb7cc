"""The record of what a client did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that came.

    `name` is the call (list, sign-in, ...), `query` is decoded, `status` is what was answered,
    `time` the emulator's clock in UTC seconds. Header values are not kept.
    """

    name: str
    method: str
    path: str
    query: dict[str, str]
    header_names: tuple[str, ...]
    status: int
    time: float
    fault: str = ""
