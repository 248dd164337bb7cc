"""HTML by hand: escaping, tables and the marks that stand for severities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

# A shape and a letter each, so that no one needs the colour.
_SHAPES = {
    "critical": ("C", "M9 0l9 9-9 9-9-9z"),
    "high": ("H", "M9 0l9 17H0z"),
    "medium": ("M", "M1 1h16v16H1z"),
    "low": ("L", "M9 0a9 9 0 1 0 0 18 9 9 0 0 0 0-18z"),
    "cost": ("$", "M4.5 1h9L18 9l-4.5 8h-9L0 9z"),
    "info": ("i", "M9 0a9 9 0 1 0 0 18 9 9 0 0 0 0-18z"),
}


def text(value: object) -> str:
    """Any value as text that is safe between tags and in attributes; no value is a dash."""
    return "-" if value is None else escape(str(value))


def symbols() -> str:
    """The marks, defined once and used by name."""
    drawn = "".join(
        f'<symbol id="s-{name}" viewBox="0 0 18 18"><path fill="currentColor" d="{shape}"/>'
        f'<text x="9" y="{14 if name == "high" else 12.6}" text-anchor="middle" font-size="10"'
        f' font-weight="700" fill="var(--mark)">{letter}</text></symbol>'
        for name, (letter, shape) in _SHAPES.items()
    )
    return f'<svg width="0" height="0" aria-hidden="true" style="position:absolute">{drawn}</svg>'


def severity(name: str) -> str:
    """Mark and word."""
    return (
        f'<span class="sev {name}"><svg aria-hidden="true"><use href="#s-{name}"/></svg>'
        f"{text(name)}</span>"
    )


def section(identifier: str, title: str, lead: str, *body: str) -> str:
    """A part of the page under its own heading; `lead` is one sentence that reads the figure."""
    said = f"<p>{lead}</p>" if lead else ""
    return (
        f'<section id="{identifier}" aria-labelledby="{identifier}-title">'
        f'<h2 id="{identifier}-title">{text(title)}</h2>{said}{"".join(body)}</section>\n'
    )


def table(
    caption: str,
    columns: Sequence[tuple[str, str]],
    rows: Iterable[Sequence[str]],
    *,
    style: str = "",
) -> str:
    """A table of finished cells. `columns` are title and class; the first cell heads its row."""
    head = "".join(f'<th scope="col"{_class(kind)}>{title}</th>' for title, kind in columns)
    kinds = [_class(kind) for _, kind in columns]
    body = "".join(f"<tr>{_cells(row, kinds)}</tr>\n" for row in rows)
    return (
        f'<table{_class(style)}><caption class="hidden">{text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    )


def scrolled(label: str, content: str) -> str:
    """Content that may be wider than a phone: it scrolls by itself, by keyboard too."""
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(label)}">{content}</div>'
    )


def folded(summary: str, content: str) -> str:
    """Content behind a line that opens it; no script."""
    return f"<details><summary>{text(summary)}</summary>{content}</details>"


def _cells(row: Sequence[str], kinds: Sequence[str]) -> str:
    first, *rest = row
    cells = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(rest, kinds[1:], strict=True))
    return f'<th scope="row"{kinds[0]}>{first}</th>{cells}'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
