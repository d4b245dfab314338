"""The committed codecs: they export, and what the device makes of a sample decodes to a picture like it."""

from __future__ import annotations

from pathlib import Path

import pytest
from host.evaluation.decoders import find

from device.bundle import read_bundle
from device.pipeline import open_encoder
from device.stream import unpack
from host.metrics import bits_per_pixel, psnr_db
from host.packaging.export import export
from host.spec.models import MODELS, list_models
from host.tasks import open_spec


@pytest.mark.parametrize("name", [name for name in list_models() if open_spec(name)[0].name == "codec"])
def test_a_sample_goes_through_the_whole_codec(name: str, tmp_path: Path) -> None:
    export(name, MODELS, tmp_path / "bundles", tmp_path / "build")
    image = read_bundle(tmp_path / "bundles" / name).read_samples()[0]
    reached = []
    for quality in (1, 3):
        encoder = open_encoder(tmp_path / "bundles" / name, quality=quality)
        stream = encoder.encode(image)
        header, payload = unpack(stream, expect_tag=encoder.variant.codec_tag)
        decoders = find(tmp_path / "build", header.codec_tag)
        codes = decoders.codes(payload, header.height, header.width)
        restored = decoders.images("own", codes[None], header.height, header.width)[0]
        reached.append((bits_per_pixel(len(stream), image.shape), psnr_db(image, restored)))
    (low_bpp, low_psnr), (bpp, psnr) = reached
    assert low_bpp < bpp < 4 and 24 < low_psnr < psnr - 1
