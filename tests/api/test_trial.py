"""Who may use a credential when: nobody waits for nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from tap_dds_backups.api.errors import SignInError
from tap_dds_backups.api.trial import Trial

LONG = 30.0


def admitted_elsewhere(trial: Trial) -> float:
    """Let another thread ask; return the seconds that it waited."""
    start = time.monotonic()
    thread = threading.Thread(target=trial.admit)
    thread.start()
    thread.join()
    return time.monotonic() - start


@pytest.mark.parametrize("end", [Trial.passed, Trial.ended], ids=["passed", "ended"])
def test_the_next_thread_is_admitted_at_once(end: Callable[[Trial], None]) -> None:
    """As soon as a try has ended, another thread may use the credential."""
    trial = Trial(1, try_seconds=LONG)
    trial.admit()
    end(trial)
    assert admitted_elsewhere(trial) < LONG / 2


def test_the_same_thread_is_admitted_at_once() -> None:
    """A thread that asks again has ended its last try, whatever became of it."""
    trial = Trial(1, try_seconds=LONG)
    start = time.monotonic()
    for _ in range(3):
        trial.admit()
    assert time.monotonic() - start < LONG / 2


def test_a_refusal_below_the_limit_admits_the_next() -> None:
    """A credential that may be refused more than once is tried again by another thread."""
    trial = Trial(2, try_seconds=LONG)
    trial.admit()
    trial.failed(SignInError("wrong"))
    assert admitted_elsewhere(trial) < LONG / 2
    trial.failed(SignInError("wrong again"))
    with pytest.raises(SignInError, match="wrong again"):
        trial.admit()


def test_a_lost_thread_does_not_hold_the_others() -> None:
    """A thread that never tells how its try ended is waited for no longer than a request lasts."""
    trial = Trial(1, try_seconds=0.2)
    trial.admit()
    assert 0.2 <= admitted_elsewhere(trial) < LONG


def test_each_thread_gets_an_error_of_its_own() -> None:
    """The error that ended a credential is raised as a copy: a traceback belongs to one thread."""
    trial = Trial(1)
    end = SignInError("wrong", hint="fix it", error_code="E.1", status=401)
    trial.failed(end)
    caught = []
    for _ in range(2):
        with pytest.raises(SignInError) as error:
            trial.admit()
        caught.append(error.value)
    assert caught[0] is not caught[1]
    assert {str(error) for error in (*caught, end)} == {"wrong [E.1]. fix it"}
    assert end.__traceback__ is None
