"""A signal ends a run between two messages, never inside one."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from tap_dds_backups.interrupts import SIGNALS, Interrupted, Interrupts

EXIT_CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Installed, and what was there before put back."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    found = Interrupts()
    found.install()
    yield found
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: int) -> None:
    """A signal to ourselves; it is handled before this returns."""
    os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_BLOCK, ())  # a call at which Python looks for signals


@pytest.mark.parametrize(("number", "code"), EXIT_CODES.items())
def test_a_signal_ends_the_run(interrupts: Interrupts, number: int, code: int) -> None:
    """At once where nothing must be finished, with the exit code that a shell expects."""
    with pytest.raises(Interrupted) as interrupted:
        send(number)
    assert interrupted.value.exit_code == code


@pytest.mark.parametrize(("number", "code"), EXIT_CODES.items())
def test_what_was_begun_is_finished(interrupts: Interrupts, number: int, code: int) -> None:
    """Held back, it takes effect when the outermost block is done."""
    done = []

    def work() -> None:
        with interrupts.held_back():
            with interrupts.held_back():
                send(number)
                done.append("inner")
            done.append("outer")

    with pytest.raises(Interrupted) as interrupted:
        work()
    assert done == ["inner", "outer"]
    assert interrupted.value.exit_code == code


def test_nothing_happens_without_a_signal(interrupts: Interrupts) -> None:
    """Holding back is no interruption."""
    with interrupts.held_back():
        pass


def test_a_fault_inside_is_not_hidden(interrupts: Interrupts) -> None:
    """What went wrong counts, though a signal came too."""

    def work() -> None:
        with interrupts.held_back():
            send(signal.SIGTERM)
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        work()


def test_the_end_may_hold_back_too(interrupts: Interrupts) -> None:
    """The last STATE is written after the interruption, and is not interrupted by it again."""
    with pytest.raises(Interrupted):
        send(signal.SIGTERM)
    with interrupts.held_back():
        pass


@pytest.mark.parametrize("first", SIGNALS)
def test_a_second_signal_ends_the_process(interrupts: Interrupts, first: int) -> None:
    """It is no longer ours: who insists is not kept waiting."""
    with pytest.raises(Interrupted):
        send(first)
    assert [signal.getsignal(number) for number in SIGNALS] == [signal.SIG_DFL] * 2


def test_other_threads_install_nothing() -> None:
    """Only a main thread can take over signals; elsewhere the host keeps them."""
    before = [signal.getsignal(number) for number in SIGNALS]
    thread = threading.Thread(target=Interrupts().install)
    thread.start()
    thread.join()
    assert [signal.getsignal(number) for number in SIGNALS] == before
