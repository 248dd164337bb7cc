"""What a start costs: modules that no run uses are put off, and the others are there for good."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

# Imported for async functions, targets, BATCH files in cloud storage, rows inside any JSON, and for
# --about and --config=ENV, which load what they need. Measured: a quarter of `import singer_sdk`.
NEVER_USED_BY_A_RUN = (
    "asyncio",
    "dotenv",
    "dotenv.main",
    "joblib",
    "packaging.specifiers",
    "packaging.version",
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


@contextmanager
def deferred(*names: str) -> Iterator[None]:
    """While inside, import stand-ins for these modules; afterwards they can be imported as ever."""
    stand_ins = {name: _StandIn(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for stand_in in stand_ins.values():
            stand_in.withdraw()


class _StandIn(ModuleType):
    """Gives a function for each name that is taken from it, which loads the module when called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **named: Any) -> Any:
            self.withdraw()
            return getattr(import_module(self.__name__), name)(*arguments, **named)

        return call

    def withdraw(self) -> None:
        """From now on the module itself is imported."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
