"""Packages that the SDK imports for what a run of this tap never does, loaded once they are used.

`upath` (BATCH files in cloud storage) and `joblib` (targets) cost a quarter of `import singer_sdk`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

NEVER_USED_BY_A_RUN = ("joblib", "upath")


@contextmanager
def deferred(*names: str) -> Iterator[None]:
    """While inside, import stand-ins for these modules; afterwards they can be imported as ever."""
    stand_ins = {name: _StandIn(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


class _StandIn(ModuleType):
    """Gives a function for each name that is taken from it, which loads the module when called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*arguments: Any, **named: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*arguments, **named)

        return call
