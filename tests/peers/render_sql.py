"""Renders the dbt package for a warehouse that is not here and parses what comes out.

Run by dbt's Python (it has Jinja and sqlglot). dbt itself cannot compile without a connection, so
what models ask of it is answered here: references by name, sources with the columns that a loader
makes on that warehouse, macros of the package chosen by the warehouse's name.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import sqlglot
import yaml

TYPES = {
    "snowflake": {"time": "TIMESTAMP_TZ", "text": "TEXT", "nested": "VARIANT"},
    "bigquery": {"time": "TIMESTAMP", "text": "STRING", "nested": "RECORD"},
    "redshift": {"time": "timestamp with time zone", "text": "varchar", "nested": "super"},
    "postgres": {"time": "timestamp with time zone", "text": "text", "nested": "jsonb"},
    "duckdb": {"time": "TIMESTAMP WITH TIME ZONE", "text": "VARCHAR", "nested": "JSON"},
}
TIMES = ("begin_time", "end_time", "created", "started_at", "finished_at", "start_time")
NESTED = ("datastore", "backup_strategy")
OTHERS = ("id", "name", "size", "type", "status", "instance_id", "project_id", "sync_id", "stream")
MACRO = r"(\{%-? macro (\w+)\(.*?endmacro -?%\})"
SERIES = "select 1 as generated_number union all select 2"


class Returned(Exception):
    """dbt's `return` ends a macro with any value."""


class Package:
    """The package's macros and models, rendered as dbt would for one warehouse."""

    def __init__(self, folder: Path, dialect: str) -> None:
        self.dialect = dialect
        self._environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - SQL, not HTML
        project = yaml.safe_load((folder / "dbt_project.yml").read_text())
        self._variables = project["vars"]["dds_backups"]
        quote = "`" if dialect == "bigquery" else '"'
        self._columns = [
            SimpleNamespace(name=name, quoted=f"{quote}{name}{quote}", dtype=TYPES[dialect][kind])
            for kind, names in (("time", TIMES), ("nested", NESTED), ("text", OTHERS))
            for name in (*names, *(["_sdc_extracted_at"] if kind == "time" else []))
        ]
        self._environment.globals.update(self._globals())
        # One template a macro: siblings of one template would call each other past `caught`.
        chunks = {
            name: chunk
            for path in sorted((folder / "macros").glob("*.sql"))
            for chunk, name in re.findall(MACRO, path.read_text(), re.DOTALL)
        }
        known: dict[str, Callable[..., Any]] = {}
        self._environment.globals.update({name: later(known, name) for name in chunks})
        for name, chunk in chunks.items():
            module = self._environment.from_string(chunk).module
            known[name] = caught(getattr(module, name))

    def render(self, path: Path) -> str:
        """A model as SQL."""
        return str(self._environment.from_string(path.read_text()).render())

    def _globals(self) -> dict[str, Any]:
        text = "string" if self.dialect == "bigquery" else "varchar"
        dbt = SimpleNamespace(type_string=lambda: text, generate_series=lambda _: SERIES)
        return {
            "execute": True,
            "dbt": dbt,
            "ref": lambda name: f"analytics.{name}",
            "source": lambda _, table: f"dds.{table}",
            "load_relation": lambda relation: relation,
            "var": lambda name, default=None: self._variables.get(name, default),
            "target": SimpleNamespace(type=self.dialect),
            "adapter": SimpleNamespace(
                get_columns_in_relation=lambda _: self._columns, dispatch=self._dispatch
            ),
            "return": returned,
        }

    def _dispatch(self, name: str, _: str) -> Callable[..., Any]:
        known = self._environment.globals
        found: Callable[..., Any] = (
            known.get(f"{self.dialect}__{name}") or known[f"default__{name}"]
        )
        return found


def later(known: dict[str, Callable[..., Any]], name: str) -> Callable[..., Any]:
    """The macro of that name, looked up when it is called."""
    return lambda *arguments, **named: known[name](*arguments, **named)  # noqa: PLW0108 - later


def returned(value: Any) -> None:
    """Ends the macro that says it."""
    raise Returned(value)


def caught(macro: Callable[..., Any]) -> Callable[..., Any]:
    """The macro, giving back what it returned, or its text."""

    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return macro(*arguments, **named)
        except Returned as result:
            return result.args[0]

    return call


def main() -> None:
    """Parses every model; the first that does not parse ends it."""
    folder, dialect = Path(sys.argv[1]), sys.argv[2]
    package = Package(folder, dialect)
    models = sorted((folder / "models").rglob("*.sql"))
    for model in models:
        sql = package.render(model)
        try:
            parsed = sqlglot.parse(sql, read=dialect)
        except sqlglot.errors.ParseError as error:
            sys.exit(f"{model.name}: {error}\n{sql}")
        assert len(parsed) == 1, model
        assert not list(parsed[0].find_all(sqlglot.exp.Command)), model
    print(f"{len(models)} models parse")  # noqa: T201 - what the test reads


main()
