"""The dbt package on DuckDB and PostgreSQL: one golden estate, whatever shape a loader gave it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tap_dds_backups.report.load import connect, load
from tests.peers.dbt import Project, programs
from tests.peers.postgres import Postgres, postgres
from tests.report.estate import NOW, PACKAGE, messages
from tests.report.golden import MARTS, differences, query

pytestmark = pytest.mark.peers
SHANGHAI = "Asia/Shanghai"

# What target-postgres (JSON, times without a zone), an Airbyte destination (JSON, its own name for
# the time of extraction) and a loader of plain text make of the seeds.
_TIME = "to_char({0} at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
SHAPES = {
    "jsonb": """
        create schema jsonb;
        create table jsonb.backups as select id, name, instance_id, instance_name,
          jsonb_build_object('type', datastore__type, 'version', datastore__version) as datastore,
          type, begin_time at time zone 'UTC' as begin_time, end_time at time zone 'UTC' as end_time,
          status, size, kms_enable, project_id, region,
          _sdc_extracted_at at time zone 'UTC' as _sdc_extracted_at,
          null::timestamp as _sdc_deleted_at
          from dds.backups;
        create table jsonb.instances as select id, name, status, mode,
          created at time zone 'UTC' as created, disk_size_gb, project_id, region,
          jsonb_build_object('keep_days', backup_strategy__keep_days,
            'start_time', backup_strategy__start_time) as backup_strategy,
          _sdc_extracted_at at time zone 'UTC' as _sdc_extracted_at from dds.instances;
    """,
    "airbyte": """
        create schema airbyte;
        create table airbyte.backups as select id, name, instance_id, instance_name, type,
          jsonb_build_object('type', datastore__type, 'version', datastore__version) as datastore,
          begin_time, end_time, status, size::numeric as size, kms_enable, project_id, region,
          _sdc_extracted_at as _airbyte_extracted_at, gen_random_uuid()::text as _airbyte_raw_id
          from dds.backups;
        create table airbyte.instances as select id, name, status, mode, created, project_id, region,
          disk_size_gb::numeric as disk_size_gb,
          jsonb_build_object('keep_days', backup_strategy__keep_days,
            'start_time', backup_strategy__start_time) as backup_strategy,
          _sdc_extracted_at as _airbyte_extracted_at from dds.instances;
    """,
    "plain": f"""
        create schema plain;
        create table plain.backups as select id, name, instance_id, instance_name, type,
          json_build_object('type', datastore__type, 'version', datastore__version)::text as datastore,
          {_TIME.format("begin_time")} || '+00:00' as begin_time,
          {_TIME.format("end_time")} || 'Z' as end_time,
          status, size::text as size, kms_enable::text as kms_enable, project_id, region,
          {_TIME.format("_sdc_extracted_at")} as _sdc_extracted_at from dds.backups;
        create table plain.instances as select id, name, status, mode, project_id, region,
          to_char(created at time zone '{SHANGHAI}', 'YYYY-MM-DD"T"HH24:MI:SS') || '+08:00' as created,
          disk_size_gb, backup_strategy__keep_days::text as backup_strategy_keep_days,
          backup_strategy__start_time as backup_strategy_start_time,
          {_TIME.format("_sdc_extracted_at")} as _sdc_extracted_at from dds.instances;
    """,  # noqa: S608 - names of ours
}
# The seeds are there before; the estate has a lost row planted, which is tested by itself.
APART = ("resource_type:seed", "tag:reconciliation")
OTHERS = ("backup_policies", "backup_syncs", "restore_windows")


def assert_golden_in_duckdb(database: Path) -> None:
    """Every mart, both ways."""
    with duckdb.connect(str(database), read_only=True) as connection:
        for mart in MARTS:
            found = connection.execute(query(mart, "analytics")).fetchall()
            assert differences(mart, found) == []


def assert_golden_in_postgres(server: Postgres) -> None:
    """Every mart, both ways."""
    for mart in MARTS:
        assert differences(mart, server.query(query(mart, "analytics"))) == []


@pytest.fixture(scope="module", params=["UTC", SHANGHAI])
def warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Postgres, Project]]:
    """A PostgreSQL server in that zone with the seeds in it, and the project that made them."""
    with postgres() as server:
        server.query(f"alter system set timezone = '{request.param}'")
        server.query("select pg_reload_conf()")
        project = Project(tmp_path_factory.mktemp("dbt"), server.environment)
        project.run("seed", target="postgres")
        yield server, project


@pytest.mark.parametrize("zone", ["UTC", SHANGHAI])
def test_duckdb_is_golden(tmp_path: Path, zone: str) -> None:
    """The seeds, flattened, in a session of either zone; the package's own tests pass."""
    project = Project(tmp_path, {"DDS_TEST_ZONE": zone})
    project.run("seed")
    project.run("build", "--exclude", *APART)
    assert_golden_in_duckdb(project.database)


def test_duckdb_is_golden_from_our_own_loader(tmp_path: Path) -> None:
    """Nested values as a STRUCT and real times, as report/load.py writes them."""
    project = Project(tmp_path, {"DDS_TEST_ZONE": SHANGHAI})
    project.run("seed", "--select", "estate_objectives", "dds_objectives")
    with connect(str(project.database)) as connection:
        load(messages(), connection, received_at=NOW, schema="dds")
    project.run("run")
    assert_golden_in_duckdb(project.database)


def test_postgres_is_golden(warehouse: tuple[Postgres, Project]) -> None:
    """The seeds, flattened, on a server of either zone; the package's own tests pass."""
    server, project = warehouse
    project.run("build", "--exclude", *APART, target="postgres")
    assert_golden_in_postgres(server)


@pytest.mark.parametrize("shape", SHAPES)
def test_postgres_is_golden_in_every_shape(warehouse: tuple[Postgres, Project], shape: str) -> None:
    """What loaders make of nested values and of times changes no answer."""
    server, project = warehouse
    server.query(f"drop schema if exists {shape} cascade")
    for statement in SHAPES[shape].split(";"):
        if statement.strip():
            server.query(statement)
    for table in OTHERS:
        server.query(f"create table {shape}.{table} as select * from dds.{table}")  # noqa: S608  # names of ours
    project.run("run", target="postgres", dds_schema=shape)
    assert_golden_in_postgres(server)


@pytest.mark.parametrize("target", ["duckdb", "postgres"])
def test_backups_alone_are_enough(tmp_path: Path, target: str) -> None:
    """Without the optional tables the package builds, and its own tests still pass."""
    with postgres() as server:
        project = Project(tmp_path, server.environment)
        seeds = ("backups", "estate_objectives", "dds_objectives")
        project.run("seed", "--select", *seeds, target=target)
        project.run("build", "--exclude", *APART, target=target)


def test_a_row_that_the_loader_lost_is_an_error(tmp_path: Path) -> None:
    """Reconciliation against the tap's own count fails the build, once every model is built."""
    project = Project(tmp_path, {})
    project.run("seed")
    built = project.attempt("build", "--exclude", "resource_type:seed")
    assert built.returncode == 1
    assert "Failure in test listing_is_in_the_warehouse" in built.stdout
    assert "Got 1 result" in built.stdout
    assert "ERROR=1 SKIP=0" in built.stdout


def test_a_broken_warehouse_fails_the_package_own_tests(tmp_path: Path) -> None:
    """Data tests have teeth: a lost row of a full listing and a backup twice are errors."""
    project = Project(tmp_path, {})
    project.run("seed")
    project.run("run")
    with duckdb.connect(str(project.database)) as connection:
        connection.execute("insert into analytics.dds__backups from analytics.dds__backups limit 1")
        connection.execute(
            "update analytics.dds__controls set status = 'odd' where severity = 'low'"
        )
    failed = project.attempt("test", "--exclude", "tag:alert")
    assert failed.returncode == 1
    for name in ("unique_dds__backups_backup_id", "accepted_values_dds__controls_status"):
        assert f"{name}" in failed.stdout


def test_the_report_carries_the_package_as_it_is(tmp_path: Path) -> None:
    """Compiled anew, the SQL is what is committed, file by file."""
    script = [sys.executable, str(PACKAGE / "compile_sql.py"), "--dbt", str(programs() / "dbt")]
    subprocess.run([*script, "--out", str(tmp_path)], check=True, capture_output=True)
    committed = PACKAGE.parent / "tap_dds_backups" / "report" / "sql"
    there = {path.name: path.read_text() for path in committed.glob("*.sql")}
    assert {path.name: path.read_text() for path in tmp_path.glob("*.sql")} == there


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "redshift", "duckdb", "postgres"])
def test_the_sql_parses_for_other_warehouses(dialect: str) -> None:
    """Rendered with that warehouse's macros, every model is read by its parser. No more than that."""
    script = Path(__file__).with_name("render_sql.py")
    done = subprocess.run(
        [str(programs() / "python"), str(script), str(PACKAGE), dialect],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "16 models parse\n"
