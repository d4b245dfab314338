"""The committed codecs: they export, and what the device makes of a sample decodes to a picture like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.bundle import read_bundle
from host.api import export
from host.evaluation.reconstruct import open_deployed
from host.tasks import TASKS, list_models, open_spec


@pytest.mark.parametrize("name", [name for name in list_models() if open_spec(name)[0].name == "codec"])
def test_a_sample_goes_through_the_whole_codec(name: str, tmp_path: Path) -> None:
    export(name, bundles=tmp_path / "bundles", build=tmp_path / "build")
    image = read_bundle(tmp_path / "bundles" / name).read_samples()[0]
    reached = []
    for quality in (1, 3):
        found = open_deployed(tmp_path / "bundles" / name, TASKS, quality=quality, build=tmp_path / "build")
        made = found.reconstruct(image)
        reached.append((made.bpp, made.metrics["psnr_db"] or 0))
    (low_bpp, low_psnr), (bpp, psnr) = reached
    assert low_bpp < bpp < 4 and 24 < low_psnr < psnr - 1
