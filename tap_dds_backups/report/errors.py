"""What ends a report, named by what is wrong; the text is one line for a person."""

from __future__ import annotations


class ReportError(Exception):
    """Base of the errors that the report's commands show as one line and exit 1."""


class MessageError(ReportError):
    """A line of the input is not the Singer message that it should be."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line}: {problem}")
        self.line = line


class DatabaseError(ReportError):
    """The DuckDB file cannot be used."""
