"""What long work says on stderr: nothing, a line now and then, or a progress bar too. Stdout is data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import click

_LEVEL: ContextVar[int] = ContextVar("verbosity", default=2)


@contextmanager
def verbosity(level: int) -> Iterator[None]:
    """Within the block: 0 says nothing but errors, 1 a line an epoch, 2 shows a bar too where stderr is a terminal."""
    token = _LEVEL.set(level)
    try:
        yield
    finally:
        _LEVEL.reset(token)


def say(line: str) -> None:
    """A line on stderr, unless nothing but errors is wanted."""
    if _LEVEL.get() > 0:
        click.echo(line, err=True)


def no_bar() -> bool | None:
    """What tqdm calls `disable`; None leaves it to whether stderr is a terminal."""
    return None if _LEVEL.get() > 1 else True
