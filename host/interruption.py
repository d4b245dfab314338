"""Ctrl-C and SIGTERM: noted while something must not be torn, and raised where it can be gone on from."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Interrupted(KeyboardInterrupt):
    """Ended by a signal, `number`."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.strsignal(number))
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the block SIGTERM raises Interrupted, as Ctrl-C raises KeyboardInterrupt."""

    def end(number: int, _: Any) -> None:
        raise Interrupted(number)

    with _handled((signal.SIGTERM,), end):
        yield


@contextmanager
def deferred() -> Iterator[Callable[[], int]]:
    """Within the block the first signal is only noted; the second one, and the block's end, raise Interrupted.

    Yields:
        a function that gives the noted signal's number, 0 before there is one.
    """
    noted = 0

    def note(number: int, _: Any) -> None:
        nonlocal noted
        if noted:
            raise Interrupted(number)
        noted = number

    with _handled((signal.SIGINT, signal.SIGTERM), note):
        yield lambda: noted
    if noted:
        raise Interrupted(noted)


@contextmanager
def _handled(numbers: tuple[int, ...], handler: Callable[[int, Any], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # Python has signals there only
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
