"""Compiles this package for DuckDB into `tap_dds_backups/report/sql/`, which the report runs.

`python analytics/compile_sql.py --dbt PATH` (a dbt with its DuckDB adapter; default: on PATH).
`--out FOLDER` writes elsewhere: a test compares that with what is committed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tap_dds_backups.report.sources import COLUMNS  # noqa: E402  # found by the path above

SQL = HERE.parent / "tap_dds_backups" / "report" / "sql"
PROFILE = "compile: {target: out, outputs: {out: {type: duckdb, path: '%s', schema: report}}}\n"


def compile_models(dbt: str, folder: Path) -> dict[str, str]:
    """Compiled SQL by model, in the order in which the models are to be built."""
    database = folder / "compile.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema report_source")
        for stream, columns in COLUMNS.items():
            listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            connection.execute(
                f"create table report_source.{stream} ({listed}, _sdc_extracted_at timestamptz)"
            )
    (folder / "profiles.yml").write_text(PROFILE % database)
    settings = {"dds_settings_from_session": True, "dds_schema": "report_source"}
    command = [dbt, "compile", "--project-dir", str(HERE), "--profiles-dir", str(folder)]
    command += ["--profile", "compile", "--target-path", str(folder / "target")]
    command += ["--log-path", str(folder / "logs"), "--vars", json.dumps(settings)]
    quiet = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return in_order(json.loads((folder / "target" / "manifest.json").read_text()))


def in_order(manifest: dict) -> dict[str, str]:
    """Models of the manifest, each after what it reads."""
    models = {k: v for k, v in manifest["nodes"].items() if v["resource_type"] == "model"}
    graph = {k: sorted(set(v["depends_on"]["nodes"]) & set(models)) for k, v in sorted(models.items())}
    compiled = {}
    for name in TopologicalSorter(graph).static_order():
        text = models[name]["compiled_code"].replace('"compile".', "")
        compiled[models[name]["name"]] = tidy(text)
    return compiled


def tidy(text: str) -> str:
    """Without the blank lines and trailing blanks that macros leave."""
    lines = (line.rstrip() for line in text.strip().splitlines())
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)) + "\n"


def main() -> None:
    """Writes one numbered file a model and removes files of models that are gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dbt", default="dbt")
    parser.add_argument("--out", type=Path, default=SQL)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        compiled = compile_models(options.dbt, Path(folder))
    for old in options.out.glob("*.sql"):
        old.unlink()
    for number, (name, text) in enumerate(compiled.items(), start=1):
        (options.out / f"{number:02}_{name}.sql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
