"""Two exported models for the page, in one build folder: the tiny one for one size, the tiny codec of photographs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from device.bundle import Bundle
from host.demo.choices import Choice, read_choice
from host.tasks.codec.networks import Codec
from tests.conftest import Loop
from tests.host.tasks.codec.conftest import data, exported  # noqa: F401  fixtures


@dataclass(frozen=True)
class Offered:
    """What the page is built from."""

    fixed: Choice
    photo: Choice
    build: Path
    bundles: Path  # of the fixed one alone


@pytest.fixture(scope="session")
def offered(loop: Loop, exported: tuple[Codec, Bundle, Path], tmp_path_factory: pytest.TempPathFactory) -> Offered:  # noqa: F811
    """Read-only."""
    build = tmp_path_factory.mktemp("demo") / "build"
    shutil.copytree(loop.build, build)
    shutil.copytree(exported[2], build, dirs_exist_ok=True)
    return Offered(read_choice(loop.bundles / loop.name), read_choice(exported[1].folder), build, loop.bundles)
