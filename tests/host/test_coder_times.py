"""The benchmark of the two coders measures the coder that it names, and only where their bytes are equal."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from benchmarks import coder_times
from device.tests import tiny
from host.errors import DataError

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SPLITLITE_CODER", raising=False)
    coder_times.build()


def test_a_row_has_both_coders_and_the_peer(tmp_path: Path, capsys: Any) -> None:
    for bundle, variant in ((tiny.write(tmp_path / "a"), "int8"), (tiny.write_blocks(tmp_path / "b"), "int8_q1")):
        images = list(bundle.read_samples()[:2])
        row = coder_times.measure_row(bundle, variant, images, rounds=2, has_peer=True)
        assert set(row["coder_ms"]) == {"c", "numpy"}
        assert set(row["encode_ms"]) == {"c", "numpy", "webp-m4"}
        assert set(row["coder_ratio"]) == {"numpy"} and set(row["encode_ratio"]) == {"numpy", "webp-m4"}
        assert row["images"] == 2 and row["bitstream_bytes"] > 16
        assert capsys.readouterr().out.startswith(f"{bundle.model} {variant} ")


def test_each_encoder_keeps_the_coder_that_it_was_opened_with(tmp_path: Path) -> None:
    bundle = tiny.write_blocks(tmp_path / "b")
    (image,) = bundle.read_samples()[:1]
    with mock.patch("device.outputs.context_codes.compiled.ContextCall.encode", return_value=b"from C"):
        streams = {coder: coder_times._open(bundle, "int8_q1", coder).encode(image) for coder in ("c", "numpy")}
    assert streams["c"].endswith(b"from C") and not streams["numpy"].endswith(b"from C")


def test_bytes_that_differ_are_an_error(tmp_path: Path) -> None:
    bundle = tiny.write(tmp_path / "a")
    with mock.patch("device.outputs.native.calls.StaticCall.encode", return_value=b"other"):
        with pytest.raises(DataError, match="int8: the bitstreams of C and numpy differ"):
            coder_times.measure_row(bundle, "int8", [np.zeros((8, 8, 3), np.uint8)], rounds=1)


def test_a_folder_without_photographs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no PNG files"):
        coder_times.read_photographs(tmp_path, 1)
