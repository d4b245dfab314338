"""The benchmark at 32 x 32: real bytes of every codec, with headers and without."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import cifar_rate_distortion as benchmark
from device.bundle import Bundle
from device.stream import HEADER_BYTES
from host.data.split import Split
from host.tasks.codec.networks import Codec


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    random = np.random.default_rng(3)
    smooth = random.integers(0, 256, (4, 5, 5, 3)).repeat(8, 1).repeat(8, 2)
    made = (sum(np.roll(smooth, (y, x), (1, 2)) for y in range(6) for x in range(6)) // 36)[:, :32, :32].astype(
        np.uint8
    )
    monkeypatch.setattr(benchmark, "CIFAR10", SimpleNamespace(load=lambda folder: (Split(made), Split(made))))
    return made


def test_curves_table_and_plot(
    exported: tuple[Codec, Bundle, Path], pictures: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, bundle, build = exported
    json_file, plot_file = tmp_path / "result.json", tmp_path / "plot.png"
    options = ["--bundle", str(bundle.folder), "--build", str(build), "--json", str(json_file)]
    assert benchmark.main([*options, "--plot", str(plot_file)]) == 0
    result = json.loads(json_file.read_text())
    assert result["images"] == 4 and set(result["bd_rate_percent"]) == set(benchmark.CODECS)
    points = {name: np.array(curve) for name, curve in result["points"].items()}
    ours, bare = points["splitlite"], points["splitlite, headerless"]
    np.testing.assert_allclose(ours[:, 0] - bare[:, 0], 8 * HEADER_BYTES / 1024)
    np.testing.assert_allclose(points["webp"][:, 0] - points["webp, headerless"][:, 0], 8 * 30 / 1024)
    assert (points["jpeg 4:2:0"][:, 0] > points["jpeg 4:2:0, headerless"][:, 0] + 2).all()
    for curve in points.values():
        assert (np.diff(curve, axis=0) >= 0).all()
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80 and plot_file.read_bytes().startswith(b"\x89PNG")


def test_a_bundle_without_qualities_is_refused_in_a_line(
    pictures: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmark.main(["--bundle", "nowhere"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
