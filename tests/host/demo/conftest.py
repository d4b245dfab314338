"""Three exported models for the page, in one build folder: one of one size, one of any size, one that enlarges."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from host.demo.choices import Choice, read_choice
from tests.conftest import Loop
from tests.host.tasks.codec.conftest import data, exported  # noqa: F401  fixtures
from tests.host.tasks.super_resolution.conftest import Trained, doubler, pictures  # noqa: F401  fixtures


@dataclass(frozen=True)
class Offered:
    """What the page is built from."""

    fixed: Choice
    photo: Choice
    doubler: Choice
    bundles: Path  # of the fixed one alone
    build: Path


@pytest.fixture(scope="session")
def offered(
    loop: Loop,
    exported: Any,  # noqa: F811
    doubler: Trained,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Offered:
    """Read-only."""
    build = tmp_path_factory.mktemp("demo") / "build"
    shutil.copytree(loop.build, build)
    shutil.copytree(exported[2], build, dirs_exist_ok=True)
    fixed, photo = (read_choice(folder, build) for folder in (loop.bundles / loop.name, exported[1].folder))
    enlarging = read_choice(doubler.bundles / "tiny", doubler.build)
    return Offered(fixed, photo, enlarging, loop.bundles, build)
