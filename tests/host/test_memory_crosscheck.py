"""The memory that a worker reports is what psutil sees of it from outside."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from device.errors import SplitliteError
from device.tests import tiny

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "memory_crosscheck.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("memory_crosscheck", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_both_sides_see_the_same_peak(script: Any, tmp_path: Path) -> None:
    found = script.watch(Path(sys.executable), tiny.write(tmp_path / "tiny"), "int8", threads=1)
    assert found["readings"] > 20
    # From outside one also sees the answer written after the reading, and on a busy machine misses moments.
    assert script.peak_ratio(found) == pytest.approx(1, abs=0.15)
    # Between loading and the peak, since it was encoding.
    assert 0.9 * found["inside_loaded_bytes"] < found["outside_working_bytes"] <= found["outside_peak_bytes"]


def test_a_row_has_both_sides_and_their_ratios(script: Any) -> None:
    middle = {
        "inside_peak_bytes": 40e6,
        "outside_peak_bytes": 42e6,
        "inside_loaded_bytes": 38e6,
        "outside_working_bytes": 39e6,
    }
    assert script.cells(middle) == ["40.00", "42.00", "1.050", "38.00", "39.00", "1.026"]


def test_a_worker_that_fails_says_why(script: Any, tmp_path: Path) -> None:
    bundle = tiny.write(tmp_path / "tiny")
    (bundle.folder / "int8.encoder.tflite").write_bytes(b"damaged")
    with pytest.raises(SplitliteError, match=r"tiny int8: .*sha256"):
        script.watch(Path(sys.executable), bundle, "int8", threads=1)
