"""The search for mistakes that no test sees, as far as it runs without Cosmic Ray."""

from __future__ import annotations

from tests.mutation.__main__ import explained, report
from tests.mutation.mutants import left_out


def test_statements_are_left_out() -> None:
    """Each simple statement of a function once, not its docstring."""
    text = 'def f(a):\n    """What."""\n    a += (\n        1\n    )\n    if a: return a\n'
    assert list(left_out(text)) == [
        text.replace("a += (\n        1\n    )", "pass"),
        text.replace("return a", "pass"),
    ]


def test_a_report() -> None:
    """Figures, then what is new and what is explained in vain."""
    known = list(explained("bookmark"))
    lines = report("bookmark", 100, [*known[1:], "a  ->  b"])
    figures = f"bookmark: 100 mutants, {100 - len(known)} killed ({100 - len(known):.1f} %)"
    assert lines[0] == f"{figures}, {len(known) - 1} explained, 1 new"
    assert lines[1:] == ["survived: a  ->  b", f"explained, but killed: {known[0]}"]
