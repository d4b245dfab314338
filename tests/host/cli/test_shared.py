"""How the program was called, and commands that can be pasted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from host.cli.shared import pasteable, program


@pytest.mark.parametrize(
    ("called", "python", "expected"),
    [
        ("/here/host/__main__.py", "/here/.venv/bin/python", ".venv/bin/python -m host"),
        ("/here/host/__main__.py", "/elsewhere/bin/python", "/elsewhere/bin/python -m host"),
        ("/here/host/__main__.py", "/path/python", "python -m host"),
        ("/here/.venv/bin/splitlite", "/here/.venv/bin/python", ".venv/bin/splitlite"),
        ("/path/splitlite", "/path/python", "splitlite"),
        ("/here/.venv/bin/pytest", "/path/python", "python -m host"),
    ],
)
def test_the_program_is_named_as_it_can_be_typed_here(
    monkeypatch: pytest.MonkeyPatch, called: str, python: str, expected: str
) -> None:
    monkeypatch.setattr(sys, "argv", [called, "train"])
    monkeypatch.setattr(sys, "executable", python)
    monkeypatch.setattr("host.cli.shared.shutil.which", lambda name: f"/path/{name}")
    monkeypatch.setattr(Path, "cwd", lambda: Path("/here"))
    assert program() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("make it with `host export m`", "make it with `X export m`"),
        ("host train m, then: host export m", "X train m, then: X export m"),
        ("next: host export m\nnext: host report", "next: X export m\nnext: X report"),
        # Neither a path's end, nor a command that is whole, nor a machine.
        ("in my/host train", "in my/host train"),
        ("python -m host export m", "python -m host export m"),
        ("the host that answers", "the host that answers"),
        ("~/.ssh/config of the host exports nothing", "~/.ssh/config of the host exports nothing"),
    ],
)
def test_commands_in_messages_can_be_pasted(monkeypatch: pytest.MonkeyPatch, text: str, expected: str) -> None:
    monkeypatch.setattr("host.cli.shared.program", lambda: "X")
    assert pasteable(text) == expected
