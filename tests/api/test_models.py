"""The values of the list call: they stay as they were read, and are small."""

from __future__ import annotations

import pytest

from tap_dds_backups.api.models import Backup, Datastore, Filters, Page, PageRequest, Window

BEGIN = "2018-08-06T12:41:14+00:00"
ROW = Backup(id="a", begin_time=BEGIN, datastore=Datastore("DDS-Community", "4.4"))
VALUES = [ROW, ROW.datastore, Page([ROW], 1), Window(BEGIN, BEGIN), Filters(), PageRequest(0, 100)]

TAKES_PART_IN_COLLECTION = 1 << 14  # Py_TPFLAGS_HAVE_GC in CPython's object.h


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_stay(value: object) -> None:
    """Pages are read ahead by several threads: nobody can change what another one holds."""
    name = dir(value)[-1]
    with pytest.raises(AttributeError):
        setattr(value, name, None)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_have_no_dictionary(value: object) -> None:
    """A value takes the room of its fields and no more, and a mistyped field is no new one."""
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("kind", [Backup, Datastore])
def test_rows_cost_the_collector_nothing(kind: type) -> None:
    """No row can be part of a cycle: garbage collection never looks at one, nor keeps room for it."""
    assert not kind.__flags__ & TAKES_PART_IN_COLLECTION


def test_what_a_page_leaves_out() -> None:
    """A page alone has no clock and nothing to say."""
    page = Page([ROW], 1)
    assert (page.flaws, page.notes, page.date, page.received) == ((), (), None, 0.0)


def test_what_a_question_leaves_out() -> None:
    """A question alone is the first of its place, takes any answer and announces nothing."""
    question = PageRequest(0, 100)
    assert (question.fresh, question.attempt, question.ahead) == (False, 0, ())
