"""Whether tests notice a mutant: they run in a fork of this process, the files stay as they are."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

# Imported once, here, so that no fork has to: the tests' own packages and what they need.
import backoff
import hypothesis
import msgspec
import pytest
import requests

PRELOADED = (backoff, hypothesis, msgspec, pytest, requests)
MEMORY_LIMIT = 4 * 2**30
PYTEST = [
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "-m",
    "not peers and not laws",
    "-o",
    "faulthandler_timeout=0",
]


class Replaced(MetaPathFinder, Loader):
    """Imports one module from a text instead of from its file."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name = name
        self.path = path
        self.source = source

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """This module's place in the import system, and no other's."""
        return spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        """Run the text as the module."""
        exec(compile(self.source, self.path, "exec"), module.__dict__)  # noqa: S102  # its purpose


def passes(name: str, path: Path, source: str, tests: Sequence[str], seconds: float) -> bool:
    """Whether the tests pass, in that many seconds, with the module `name` made of `source`."""
    replaced = Replaced(name, path, source)
    run = get_context("fork").Process(target=_run, args=(replaced, tests))
    run.start()
    run.join(seconds)
    if run.is_alive():
        run.kill()
        run.join()
    return run.exitcode == 0


def _run(replaced: Replaced, tests: Sequence[str]) -> None:
    assert replaced.name not in sys.modules, "it would be tested unchanged"
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.meta_path.insert(0, replaced)
    os._exit(int(pytest.main([*PYTEST, *tests])))
