"""What several test folders share: a tiny spec, one loop around it (train, export, bench), and the real data sets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import device
from host.spec.parsing import parse_spec
from host.spec.types import Spec
from host.tasks import task_named

TINY = Path(__file__).parent / "integration" / "tiny.spec.json"
DEVICE = Path(device.__file__).resolve().parent
DEVICE_PYTHON = DEVICE.parent / ".venv-device" / "bin" / "python"
BENCH_PYTHON = DEVICE_PYTHON if DEVICE_PYTHON.is_file() else Path(sys.executable)
NAME = "tiny"


@dataclass(frozen=True)
class Loop:
    """Where the loop of the tiny model left its files."""

    models: Path
    bundles: Path
    build: Path
    device: Path  # the folder that holds the copied device/
    run: Path  # what the bench wrote there
    python: Path  # that the bench ran with
    name: str = NAME


@pytest.fixture(scope="session")
def tiny_text() -> str:
    """The tiny spec as it is written."""
    return TINY.read_text()


@pytest.fixture
def tiny(tiny_text: str) -> dict[str, Any]:
    """The tiny spec's JSON, a copy to change."""
    return json.loads(tiny_text)


@pytest.fixture
def parse(tmp_path: Path) -> Callable[[Any], Spec]:
    """Parses a spec's JSON as if it lay in models/<name>/spec.json."""
    return lambda value: parse_spec(value, tmp_path / "models" / NAME / "spec.json", task_named("compression").sections)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder SPLITLITE_DATA; without it the tests of the real data sets are skipped."""
    if not os.environ.get("SPLITLITE_DATA"):
        pytest.skip("SPLITLITE_DATA is not set: no real data set at hand")
    return Path(os.environ["SPLITLITE_DATA"])


@pytest.fixture(scope="session")
def photos() -> np.ndarray:
    """500 patches, uint8 (500, 16, 16, 3), the black and the white pixel among them."""
    from host.data.skimage_patches import load

    train = np.asarray(load(16)[0].images)
    assert train.min() == 0 and train.max() == 255
    darkest, brightest = train.reshape(len(train), -1).min(1).argmin(), train.reshape(len(train), -1).max(1).argmax()
    return np.concatenate([train[[darkest, brightest]], train[:498]])


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """models/ with the trained tiny model; read-only."""
    from host.api import train

    models = tmp_path_factory.mktemp("models")
    (models / NAME).mkdir()
    shutil.copy(TINY, models / NAME / "spec.json")
    train(models / NAME, verbose=2)
    return models


def copy_device(elsewhere: Path, bundle: Path) -> None:
    """Puts device/ with one bundle into a folder, as `scp` does."""
    ignored = shutil.ignore_patterns("bundles", "results", "tests", "__pycache__")
    shutil.copytree(DEVICE, elsewhere / "device", ignore=ignored)
    shutil.copytree(bundle, elsewhere / "device" / "bundles" / bundle.name)


def bench(elsewhere: Path, *arguments: str) -> tuple[Path, str]:
    """Runs the bench of a copied device/ in a process of its own; returns the run's folder and what was printed."""
    done = subprocess.run(
        [BENCH_PYTHON, "-m", "device.bench", *arguments], cwd=elsewhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (run,) = (elsewhere / "device" / "results").iterdir()
    return run, done.stdout


@pytest.fixture(scope="session")
def loop(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """Trained, exported, copied to a "device" and benched there; read-only."""
    from host.api import export

    folder = tmp_path_factory.mktemp("loop")
    bundles, build, elsewhere = folder / "bundles", folder / "build", folder / "on-the-device"
    export(trained / NAME, bundles=bundles, build=build)
    copy_device(elsewhere, bundles / NAME)
    run, _ = bench(elsewhere, "--repetitions", "2", "--runs", "10", "--warmup", "5", "--seconds", "0.001")
    return Loop(trained, bundles, build, elsewhere, run, BENCH_PYTHON)
