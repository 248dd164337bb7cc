"""Where a sync gets its pages from: what a listing and a reader of listings can do."""

from __future__ import annotations

from collections.abc import Generator, Hashable
from typing import Protocol

from msgspec import Struct

from tap_dds_backups.api.models import Page, PageRequest, Window


class Waiting(Struct, frozen=True):
    """The service throttles: nothing is sent before `until` (UTC seconds)."""

    until: float
    reason: str


class Source(Protocol):
    """A listing that can be asked for a page."""

    @property
    def key(self) -> Hashable:
        """What tells this listing from another."""

    def page(self, request: PageRequest, window: Window) -> Page:
        """Read one page; raises DdsError."""


class Pages(Protocol):
    """Where a sync gets its pages from."""

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Read a page, or take it if it was read ahead and need not be fresh."""

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """Say that this page of another listing will be asked for soon."""


class OneByOne:
    """Reads each page when it is asked for, on the caller's thread."""

    def ask(
        self, source: Source, request: PageRequest, window: Window
    ) -> Generator[Waiting, None, Page]:
        """Read a page now."""
        yield from ()
        return source.page(request, window)

    def expect(self, source: Source, request: PageRequest, window: Window) -> None:
        """Nothing is read ahead."""
