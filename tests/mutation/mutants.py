"""The wrong changes themselves: those of Cosmic Ray's operators, and statements left out."""

from __future__ import annotations

import ast
import difflib
import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.peers.environments import environment

COSMIC_RAY = "cosmic-ray==8.7.0"
HERE = Path(__file__).parent
_LEFT_OUT = (ast.Expr, ast.Assign, ast.AugAssign, ast.Return, ast.Raise, ast.Continue, ast.Delete)


@dataclass(frozen=True)
class Mutant:
    """A source with one wrong change, and that change as `was -> became`."""

    change: str
    source: str


def mutants(path: Path) -> list[Mutant]:
    """Return all mutants of a file that compile, once each; annotations are left to mypy."""
    source = path.read_text(encoding="utf-8")
    found = dict.fromkeys([*_cosmic_ray(path, source), *left_out(source)])
    found.pop(source, None)
    return [Mutant(_change(source, text), text) for text in found if _compiles(text)]


def _compiles(text: str) -> bool:
    with suppress(SyntaxError):
        return bool(ast.parse(text))
    return False


def _cosmic_ray(path: Path, source: str) -> Iterator[str]:
    python = environment("cosmic-ray", [COSMIC_RAY]) / "bin/python"
    command = [str(python), str(HERE / "cosmic_ray_mutants.py"), str(path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    annotations = list(_annotations(ast.parse(source)))
    for line, column, text in map(json.loads, said.splitlines()):
        if not any(start <= (line, column) < end for start, end in annotations):
            yield text


def _annotations(tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations stand that mypy reads and nobody else, but for their bare types."""
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            part = getattr(node, name, None)
            if isinstance(part, ast.expr) and not any(map(_is_call, ast.walk(part))):
                end = (part.end_lineno or 0, part.end_col_offset or 0)
                yield (part.lineno, part.col_offset), end


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call)


def left_out(source: str) -> Iterator[str]:
    """A source with each simple statement of its functions replaced by `pass`; docstrings stay."""
    lines = source.splitlines(keepends=True)
    for function in ast.walk(ast.parse(source)):
        if not isinstance(function, ast.FunctionDef):
            continue
        for node in ast.walk(function):
            if isinstance(node, _LEFT_OUT) and not _is_text(node):
                first, last = node.lineno - 1, node.end_lineno or 0
                tail = lines[last - 1].encode()[node.end_col_offset :].decode()
                head = lines[first].encode()[: node.col_offset].decode()
                yield "".join([*lines[:first], head, "pass", tail, *lines[last:]])


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _change(before: str, after: str) -> str:
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    was, became = (
        " ".join(" ".join(line[2:] for line in lines if line.startswith(sign)).split())
        for sign in ("- ", "+ ")
    )
    return f"{was}  ->  {became or '(nothing)'}"
