"""All mutants of one file, as lines of JSON. Run by the Python of Cosmic Ray's own environment."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names


def mutants(source: str) -> Iterator[tuple[int, int, str]]:
    """Line (from 1) and column (from 0) of each change, and the source with it."""
    tree = get_ast(source)
    for name in operator_names():
        kind = get_operator(name)
        if kind.arguments():  # asks for names of variables to put in
            continue
        places = [place for node in ast_nodes(tree) for place in kind().mutation_positions(node)]
        for number, (start, _) in enumerate(places):
            try:
                yield *start, mutate_code(source, kind(), number)
            except AttributeError:  # Cosmic Ray 8.7.0 at `except one.Error, Other`
                continue


if __name__ == "__main__":
    for mutant in mutants(Path(sys.argv[1]).read_text(encoding="utf-8")):
        print(json.dumps(mutant))  # noqa: T201  # read by mutants.py
