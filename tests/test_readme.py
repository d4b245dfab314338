"""What README.md tells a user to type exists."""

from __future__ import annotations

import re
from pathlib import Path

from host.cli import main
from host.spec import list_models

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_every_make_target_in_the_readme_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^ +)make ([a-z]+)", README, re.MULTILINE))
    assert {"loop", "test"} <= named
    assert named <= targets


def test_every_host_command_in_the_readme_exists_and_every_command_is_in_the_readme() -> None:
    named = set(re.findall(r"\bhost ([a-z]+)\b", README.replace("python -m host", "host")))
    assert set(main.commands) <= named
    known = ("train", "export", "deploy", "bench", "collect", "compare", "decode", "report", "evaluate", "summary")
    assert {name for name in named if name in known} == set(main.commands)


def test_the_measured_table_is_of_the_committed_evaluations() -> None:
    shown = README.split("## Measured")[1].split("## Step by step")[0]
    for name in list_models():
        assert name in shown
