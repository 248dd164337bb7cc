"""Calls made by a few threads, their answers in the order of the calls."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class _Call(Generic[Answer]):
    """One call on a thread of its own, a daemon: a run that ends does not wait for it."""

    def __init__(self, call: Callable[[], Answer]) -> None:
        self._call = call
        self._answer: list[Answer] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="caller", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._answer.append(self._call())
        except BaseException as error:  # noqa: BLE001  # handed to the waiting thread
            self._error = error

    def result(self) -> Answer:
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._answer[0]


def in_order(calls: Iterable[Callable[[], Answer]], threads: int) -> Iterator[Answer]:
    """Yield each call's answer in turn, at most so many calls being under way.

    Raises what a call raised, when its turn comes.
    """
    waiting = iter(calls)
    under_way = deque(_Call(call) for call in islice(waiting, threads))
    while under_way:
        yield under_way.popleft().result()
        under_way.extend(_Call(call) for call in islice(waiting, 1))
