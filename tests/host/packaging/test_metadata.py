"""The file's own claim of the oldest runtime, read without a runtime."""

from __future__ import annotations

import re

import pytest

from device.tests import tiny
from host.packaging.metadata import min_runtime_version


@pytest.mark.parametrize("variant", ["float32", "int8", "int16x8"])
def test_a_converted_file_says_a_version(variant: str) -> None:
    found = min_runtime_version((tiny.DATA / f"tiny.{variant}.tflite").read_bytes())
    assert found is not None
    assert re.fullmatch(r"\d+\.\d+\.\d+", found)
