"""What a start costs: modules that no run uses are put off, and the others are there for good."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

# Imported for async functions, targets, BATCH files in cloud storage, rows inside any JSON, schemas
# of an API's own, settings that the SDK checks (ours are checked by `settings`), plug-ins, versions,
# host names beyond ASCII and text of unknown encoding, and for --about and --config=ENV, which load
# what they need. Measured: half of `import singer_sdk`.
NEVER_USED_BY_A_RUN = (
    "asyncio",
    "charset_normalizer",
    "dotenv",
    "dotenv.main",
    "idna",
    "importlib.metadata",
    "importlib_metadata",
    "joblib",
    "jsonschema",
    "packaging.specifiers",
    "packaging.version",
    "referencing",
    "referencing.jsonschema",
    "singer_sdk.helpers.jsonpath",
    "upath",
)


@contextmanager
def kept() -> Iterator[None]:
    """What is imported inside is there for good: no search for garbage looks at it again.

    Measured: a sixth of the CPU time of a start, most of it in the search at the exit.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def version_in(folder: Path, package: str) -> str | None:
    """The version of a package that is installed there, by the folder that pip keeps notes in.

    None where there is none, or more than one.
    """
    notes = [path.stem for path in folder.glob(f"{package}-*.dist-info")]
    return notes[0].removeprefix(f"{package}-") if len(notes) == 1 else None


@contextmanager
def deferred(*names: str) -> Iterator[None]:
    """While inside, import stand-ins for these modules; afterwards they can be imported as ever."""
    stand_ins: list[_StandIn] = []
    stand_ins += [_StandIn(name, stand_ins) for name in names if name not in sys.modules]
    sys.modules.update({stand_in.__name__: stand_in for stand_in in stand_ins})
    try:
        yield
    finally:
        for stand_in in stand_ins:
            stand_in.withdraw()


class _StandIn(ModuleType):
    """Gives a promise for each name that is taken from it while it is in place.

    `together` are all that are put off with it.
    """

    def __init__(self, name: str, together: Sequence[_StandIn]) -> None:
        super().__init__(name)
        self._together = together

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return self._version()
        if name.startswith("__"):
            raise AttributeError(name)
        if not self.is_in_place:
            return getattr(self.module(), name)
        return _Promise(self, lambda: getattr(self.module(), name))

    @property
    def is_in_place(self) -> bool:
        """Whether it is what an import gives."""
        return sys.modules.get(self.__name__) is self

    def module(self) -> ModuleType:
        """The module itself, loaded now if it never was, with all that it needs."""
        aside = [other for other in self._together if other.is_in_place]
        for other in aside:
            other.withdraw()
        try:
            return import_module(self.__name__)
        finally:
            for other in aside:
                sys.modules.setdefault(other.__name__, other)

    def _version(self) -> Any:
        """What the package's module `version` says: `requests` asks for it while it is imported."""
        spec = PathFinder.find_spec(self.__name__)
        self.__path__ = (spec and spec.submodule_search_locations) or []
        try:
            return import_module(f"{self.__name__}.version").__version__
        except (ImportError, AttributeError):
            return self.module().__version__

    def withdraw(self) -> None:
        """From now on the module itself is imported."""
        if self.is_in_place:
            del sys.modules[self.__name__]


class _Promise:
    """Something out of a module that is put off, or made from such a thing.

    While the module is put off, what is made from it by a call, an attribute or an index is a
    promise too. Later it is looked up, and at once where its truth, its text, its parts, a base
    class or a kind is asked for. It cannot stand behind `except`.
    """

    def __init__(self, stand_in: _StandIn, look_up: Callable[[], Any]) -> None:
        self._stand_in = stand_in
        self.promised = cache(look_up)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._then(lambda: getattr(self.promised(), name))

    def __getitem__(self, key: Any) -> Any:
        return self._then(lambda: self.promised()[key])

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        def call() -> Any:
            values = {name: _kept_promise(value) for name, value in named.items()}
            return self.promised()(*map(_kept_promise, arguments), **values)

        return self._then(call)

    def __str__(self) -> str:
        return str(self.promised())

    def __bool__(self) -> bool:
        return bool(self.promised())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.promised())

    def __instancecheck__(self, value: Any) -> bool:
        return isinstance(value, self.promised())

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type]:
        return (self.promised(),)

    def _then(self, look_up: Callable[[], Any]) -> Any:
        return _Promise(self._stand_in, look_up) if self._stand_in.is_in_place else look_up()


def _kept_promise(value: Any) -> Any:
    return value.promised() if isinstance(value, _Promise) else value
