"""Verbosity: what is said at which level, and only within its block."""

from __future__ import annotations

import pytest

from host.progress import no_bar, say, verbosity


@pytest.mark.parametrize(("level", "said", "bar"), [(0, "", True), (1, "a line\n", True), (2, "a line\n", None)])
def test_a_level_holds_within_its_block(
    level: int, said: str, bar: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with verbosity(level):
        say("a line")
        assert no_bar() is bar
    assert capsys.readouterr() == ("", said)
    assert no_bar() is None
