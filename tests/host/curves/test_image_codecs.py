"""Pillow's codecs: every one encodes at every setting, and its options reach it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import skimage.data
from PIL import Image, JpegImagePlugin

from host.curves.image_codecs import IMAGE_CODECS, decode_image, lossless_webp
from host.metrics import psnr_db

CAT = np.ascontiguousarray(skimage.data.cat()[:96, 100:228])
PICTURE = Image.fromarray(CAT)


@pytest.mark.parametrize("name", IMAGE_CODECS)
def test_rate_and_quality_rise_with_the_settings(name: str) -> None:
    codec = IMAGE_CODECS[name]
    files = [codec.encode(PICTURE, setting) for setting in (codec.settings[0], codec.settings[6], codec.settings[-1])]
    sizes, psnrs = [len(data) for data in files], [psnr_db(CAT, decode_image(data)) for data in files]
    assert sizes == sorted(sizes) and psnrs == sorted(psnrs)
    assert sizes[-1] > 4 * sizes[0] and psnrs[-1] > psnrs[0] + 8


def test_chroma_sampling_of_jpeg() -> None:
    found = {
        name: JpegImagePlugin.get_sampling(Image.open(io.BytesIO(IMAGE_CODECS[name].encode(PICTURE, 50))))
        for name in ("jpeg", "jpeg-444")
    }
    assert found == {"jpeg": 2, "jpeg-444": 0}  # Pillow's numbers of 4:2:0 and 4:4:4


def test_method_6_of_webp_is_not_method_4() -> None:
    assert IMAGE_CODECS["webp"].encode(PICTURE, 50) != IMAGE_CODECS["webp-m4"].encode(PICTURE, 50)


def test_jpeg_2000_meets_the_ratio_without_a_file_format_around_it() -> None:
    data = IMAGE_CODECS["jpeg2000"].encode(PICTURE, 30)
    assert len(data) == pytest.approx(CAT.size / 30, rel=0.02)
    assert data[:2] == b"\xff\x4f"


def test_lossless_webp_holds_every_pixel() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (33, 65, 3), dtype=np.uint8)
    for image in (CAT, noise, noise[:1, :1]):
        np.testing.assert_array_equal(decode_image(lossless_webp(image)), image)
        np.testing.assert_array_equal(decode_image(lossless_webp(image[..., :1]), 1), image[..., :1])
    assert len(lossless_webp(CAT)) < CAT.size * 3 / 4
