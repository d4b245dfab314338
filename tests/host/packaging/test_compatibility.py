"""Every file is opened by every runtime at hand before it travels."""

from __future__ import annotations

import pytest

from device.runtime import PREFERENCE, available_runtimes
from device.tests import tiny
from host.errors import ExportError
from host.packaging.compatibility import compatibility


def test_each_runtime_says_whether_it_runs_the_file() -> None:
    found = compatibility((tiny.DATA / "tiny.int8.tflite").read_bytes(), "tiny int8")
    assert set(found) == set(PREFERENCE)
    for name in PREFERENCE:
        assert found[name] == ("runs" if name in available_runtimes() else "not tried: not installed here")


@pytest.mark.parametrize("content", [b"", b"not a network at all, only some bytes", bytes(5000)])
def test_bytes_that_no_runtime_runs_are_an_export_error(content: bytes) -> None:
    with pytest.raises(
        ExportError, match=r"^m int8 encoder: no runtime at hand runs it \(ai_edge_litert fails"
    ) as caught:
        compatibility(content, "m int8 encoder")
    assert "\n" not in str(caught.value)


def test_a_truncated_file_is_an_export_error() -> None:
    content = (tiny.DATA / "tiny.int8.tflite").read_bytes()
    with pytest.raises(ExportError, match="no runtime at hand runs it"):
        compatibility(content[: len(content) // 2], "m")
