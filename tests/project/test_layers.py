"""Who may import whom, and how long anything may get."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.project.tree import PACKAGE, ROOT, committed, modules, parsed, pyproject

OURS = "tap_dds_backups"
LINES_OF_A_FILE = 250
LINES_OF_A_BODY = 40


class Layer(NamedTuple):
    """What the modules of a folder may import: parts of the package, and others' packages."""

    ours: set[str]
    others: set[str]


# One way: api <- replication <- faces. The emulator and the report stand alone.
LAYERS = {
    "api": Layer({"api"}, {"backoff", "msgspec", "requests", "urllib3"}),
    "replication": Layer({"api", "replication"}, {"msgspec"}),
    "emulator": Layer({"emulator"}, set()),
    "report": Layer({"report"}, {"duckdb", "msgspec"}),
}
# Files at the top: the faces, and what both faces share (settings, schema, ...).
TOP = {path.stem for path in modules() if len(path.parts) == 1} | {"settings"}
FACES = {"__main__", "command", "messages", "source", "streams", "tap"}
SHARED = TOP - FACES
LAYERS |= {f"{name}.py": Layer({"api", "replication"} | SHARED, {"msgspec"}) for name in SHARED}
LAYERS["settings"] = Layer({"api", "settings"}, set())
LAYERS["airbyte"] = Layer({"airbyte", "api", "replication"} | SHARED, set())
LAYERS |= {
    f"{name}.py": Layer(
        {"airbyte", "api", "replication"} | SHARED | FACES, {"click", "msgspec", "singer_sdk"}
    )
    for name in FACES
}

# Packages that only these modules may know: the Singer face, and the transport in its three files.
HOMES = {
    "click": {"command.py"},
    "singer_sdk": {"tap.py", "streams.py", "messages.py", "command.py"},
    "requests": {"api/transport.py", "api/pools.py", "api/failures.py"},
    "urllib3": {"api/transport.py", "api/pools.py", "api/failures.py"},
}


def imports(module: Path) -> set[str]:
    """Return the full names of what a module imports, inside functions too."""
    names = set()
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("module", modules(), ids=str)
def test_imports_go_one_way(module: Path) -> None:
    """A module imports only what its layer may: lower layers of ours, and named packages."""
    layer = LAYERS[module.parts[0]]
    for name in imports(module):
        top, _, rest = name.partition(".")
        part = rest.partition(".")[0]
        if top == OURS:
            assert part in layer.ours | {"", "__version__"}, f"{module} imports {name}"
        elif top not in sys.stdlib_module_names:
            assert top in layer.others, f"{module} imports {name}"
            assert str(module) in HOMES.get(top, {str(module)}), f"{module} imports {name}"


def test_what_is_imported_is_declared() -> None:
    """Each package that is imported is a dependency of ours by name, and each dependency is used."""
    project = pyproject()["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["report"]]
    declared = {re.split(r"[^\w-]", line)[0] for line in lines}
    tops = {name.partition(".")[0] for module in modules() for name in imports(module)}
    owners = packages_distributions()
    assert declared == {owners[top][0] for top in tops - sys.stdlib_module_names - {OURS}}


@pytest.mark.parametrize("module", modules(), ids=str)
def test_files_and_functions_stay_small(module: Path) -> None:
    """A file fits a reader's head, a function body one screen; docstrings do not count."""
    source = (PACKAGE / module).read_text(encoding="utf-8")
    assert len(source.splitlines()) <= LINES_OF_A_FILE
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert length <= LINES_OF_A_BODY, f"{node.name}: {length} lines"


# One letter of each word stands in brackets, so that the pattern does not match itself.
PLACES_OF_ONE_MACHINE = re.compile(
    rb"""(?ix)
    /wor[k]/ | \.\./share[d] | \.librar[y]/ | /tmp/tea[m]
    | \b(decision[s]|reliabilit[y]|analytic[s]|performanc[e]|styl[e]|dds-ap[i]|singer-sd[k])\.md
    | \bissue[ ][#]?[0-9] | \bsub-?agen[t]
    | \b(claud[e]|anthropi[c]|chatgp[t]|copilo[t])\b
    | \b(pyp[i]|pythonhoste[d]|npmj[s]|deb\.debia[n])\.org
    """
)


def test_nothing_names_one_machine_or_registry() -> None:
    """No file points at a place that only one workshop has, nor at a package registry's host."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in committed()
        for match in PLACES_OF_ONE_MACHINE.finditer(path.read_bytes())
    ]
    assert found == []


def test_tests_fake_nothing_of_ours() -> None:
    """Tests use functions, a virtual clock, the emulator or a real socket; they patch nothing."""
    patches = re.compile(r"unittest\.moc[k]|monkeypatch\.setatt[r]|\bmocke[r]\b")
    found = [
        str(path.relative_to(ROOT))
        for path in committed()
        if path.suffix == ".py" and patches.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
