"""The answers: planted faults are found, healthy instances raise nothing, and every mart is golden."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import duckdb
import pytest

from tap_dds_backups.report import marts
from tap_dds_backups.report.errors import DatabaseError, ReportError
from tap_dds_backups.report.load import connect, load
from tap_dds_backups.report.sources import lay_views
from tests.report.estate import NOW, STREAMS, alarms, built, estate, messages
from tests.report.golden import MARTS, differences, query
from tests.report.singer import record, schema

# Written from the faults that make_estate.py plants, not from what the SQL says.
PLANTED = {
    ("billing-prod", "slowdown"),
    ("crm-staging", "sync_complete"),
    ("dev-sandbox", "automated_policy_on"),
    ("dev-sandbox", "has_restore_point"),
    ("ghost-prod", "has_restore_point"),
    ("ghost-prod", "missed_schedule"),
    ("gone-app", "orphan_backups"),
    ("iot-ingest", "stuck_building"),
    ("ledger-prod", "encrypted"),
    ("lossy-prod", "sync_complete"),
    ("old-legacy", "old_manual_backups"),
    ("old-legacy", "orphan_backups"),
    ("orders-prod", "old_manual_backups"),
    ("search-prod", "missed_schedule"),
    ("search-prod", "recent_restore_point"),
    ("sessions-prod", "failures_in_a_row"),
    ("sessions-prod", "recent_restore_point"),
    ("trim-prod", "retention_long_enough"),
    ("vault-prod", "recent_restore_point"),
    ("web-staging", "retention_long_enough"),
    ("web-staging", "size_drop"),
}
CONTROLS = {control for _, control in PLANTED}
HEALTHY = {"audit-prod", "catalog-prod", "reports-new", "scratch-1"}


@cache
def everything() -> duckdb.DuckDBPyConnection:
    """The whole estate, built once and only read."""
    return built()


@pytest.mark.parametrize("mart", MARTS)
def test_every_mart_is_golden(mart: str) -> None:
    """Compared both ways: no row is missing, none is too many, every number is right."""
    assert differences(mart, everything().execute(query(mart, "report")).fetchall()) == []


def test_exactly_the_planted_faults_alarm() -> None:
    """Every planted fault is found by its control and nothing else is raised."""
    assert alarms(everything()) == PLANTED


def test_each_instance_meets_each_control_once() -> None:
    """The grain of the controls: instance and control, no more and no less."""
    connection = everything()
    pairs = Counter(
        connection.execute("select instance_id, control_id from report.dds__controls").fetchall()
    )
    instances = connection.execute("select instance_id from report.dds__instances").fetchall()
    assert set(pairs) == {(one, control) for (one,) in instances for control in CONTROLS}
    assert set(pairs.values()) == {1}


@pytest.mark.parametrize("time_zone", ["UTC", "Asia/Shanghai", "America/Los_Angeles"])
def test_a_day_border_makes_no_alarm(time_zone: str) -> None:
    """Whose day it is changes no verdict, not even where a backup window lies over midnight."""
    assert alarms(built(time_zone=time_zone)) == PLANTED


@pytest.mark.parametrize("nested", [True, False])
def test_nested_and_flattened_columns_give_the_same_answers(nested: bool) -> None:
    """Singer flattening changes no verdict."""
    connection = estate(nested=nested)
    marts.build(connection)
    found = connection.execute(query("dds__instance_days", "report")).fetchall()
    assert differences("dds__instance_days", found) == []


def test_backups_alone_give_answers_that_say_what_is_unproven() -> None:
    """Without the sibling streams no control fails: it answers, marked as unproven, or says why not."""
    connection = built(["backups"])
    found = connection.execute(
        "select control_id, status, reason from report.dds__controls"
    ).fetchall()
    needs = {c for c, status, reason in found if status == "skip" and "needs" in reason}
    assert needs == {
        "automated_policy_on",
        "retention_long_enough",
        "sync_complete",
        "orphan_backups",
        "missed_schedule",
    }
    verdicts = [r for c, s, r in found if c == "recent_restore_point" and s != "skip"]
    assert verdicts
    assert all("unproven: no full listing is loaded" in reason for reason in verdicts)


def test_backups_alone_raise_nothing_for_healthy_instances() -> None:
    """A Mon+Thu schedule is seen in the backups themselves; a gone instance is the only doubt left."""
    unknowable = {"gone-app", "old-legacy", "ghost-prod"}
    raised = {pair for pair in alarms(built(["backups"])) if pair[0] not in unknowable}
    assert raised <= PLANTED
    assert {
        ("search-prod", "recent_restore_point"),
        ("search-prod", "missed_schedule"),
        ("sessions-prod", "failures_in_a_row"),
        ("billing-prod", "slowdown"),
        ("web-staging", "size_drop"),
        ("iot-ingest", "stuck_building"),
    } <= raised


@pytest.mark.parametrize("left_out", sorted(set(STREAMS) - {"backups"}))
def test_any_one_stream_may_be_missing(left_out: str) -> None:
    """No alarm is added by a stream that is not loaded, but for what it alone can excuse."""
    connection = built([stream for stream in STREAMS if stream != left_out])
    excused = {("ghost-prod", "has_restore_point")}
    if left_out == "instances":
        # Nothing tells then that an instance is gone, exempt from age, or new.
        excused |= {("gone-app", c) for c in CONTROLS} | {("old-legacy", c) for c in CONTROLS}
    if left_out == "backup_syncs":
        # Nothing tells then which backups are gone.
        excused |= {(i, "retention_long_enough") for i in ("trim-prod",)}
        excused |= {("ghost-prod", "recent_restore_point")}
    assert alarms(connection) - excused <= PLANTED


def test_a_day_in_the_past_can_be_asked_for() -> None:
    """As of two weeks ago the failures of this week had not happened; ages count to that moment."""
    connection = built(as_of=datetime(2026, 11, 10, 6, tzinfo=UTC))
    raised = alarms(connection)
    assert ("sessions-prod", "failures_in_a_row") not in raised
    assert ("search-prod", "recent_restore_point") not in raised
    assert ("web-staging", "size_drop") not in raised
    assert ("dev-sandbox", "has_restore_point") in raised
    newest = connection.execute(
        "select max(newest_age_hours) from report.dds__protection where instance_name = 'search-prod'"
    ).fetchall()
    assert 4 < newest[0][0] < 6


def test_rows_of_a_full_listing_are_reconciled() -> None:
    """A loader that loses one row of a full listing is found by the count that the service gave."""
    lines = [line for line in messages() if b'"orders-prod"' not in line or b"Manual" not in line]
    connection = connect(":memory:")
    load(lines, connection, received_at=NOW)
    lay_views(connection, "memory", "main")
    marts.build(connection)
    reasons = connection.execute(
        "select distinct reason from report.dds__controls where control_id = 'sync_complete'"
        " and status = 'alarm' and project_id like '0a%'"
    ).fetchall()
    assert reasons == [("69 of 71 rows of the newest full listing are in the warehouse",)]


def test_repeated_rows_of_an_append_only_loader_count_once() -> None:
    """Where a loader only appends, the newest row of each key is the row."""
    connection = connect(":memory:")
    append = [line.replace(b'"key_properties": ["id"]', b'"key_properties": []') for line in messages()]  # fmt: skip
    load(append + append, connection, received_at=NOW)
    lay_views(connection, "memory", "main")
    marts.build(connection)
    found = connection.execute(query("dds__instance_days", "report")).fetchall()
    assert differences("dds__instance_days", found) == []


def test_values_nobody_has_seen_yet_do_no_harm() -> None:
    """An unknown status or type, and null in every optional column, is answered, not an error."""
    properties = dict.fromkeys(("id", "status", "type", "instance_id"), "string")
    times = {"begin_time": {"type": "string", "format": "date-time"}}
    lines = [
        schema("backups", properties | times, "id"),
        record("backups", {"id": "a", "begin_time": "2026-11-24T01:00:00Z"}),
        record(
            "backups",
            {"id": "b", "begin_time": "2026-11-01T01:00:00Z", "status": "odd", "instance_id": "i"},
        ),
    ]
    connection = connect(":memory:")
    load(lines, connection, received_at=NOW)
    lay_views(connection, "memory", "main")
    marts.build(connection)
    assert ("i", "stuck_building") in alarms(connection)


@pytest.mark.parametrize("time_zone", ["Mars/Olympus", "", "'; drop table x; --"])
def test_a_zone_that_is_none_is_refused(time_zone: str) -> None:
    """One sentence instead of an engine's error."""
    with pytest.raises(ReportError, match="is not known"):
        built(time_zone=time_zone)


def test_objectives_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    """The file's name and the engine's first line."""
    bad = tmp_path / "objectives.csv"
    bad.write_text("name_pattern,tier,rpo_hours,min_retention_days,exempt\n%,x,soon,,\n")
    with pytest.raises(ReportError, match=r"objectives\.csv: "):
        built(objectives=bad)


def test_an_empty_or_foreign_database_is_refused() -> None:
    """No table `backups`, or no time at all: a sentence says what to do."""
    with pytest.raises(DatabaseError, match="no table `backups`"):
        lay_views(connect(":memory:"), "memory", "main")
    connection = connect(":memory:")
    load(messages(["backups"])[:1], connection, received_at=NOW)
    lay_views(connection, "memory", "main")
    with pytest.raises(DatabaseError, match="nothing was loaded yet"):
        marts.build(connection)
