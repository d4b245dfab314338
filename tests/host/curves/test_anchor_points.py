"""Points of Pillow's codecs: what is measured, what is kept and when it is measured anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from host.curves.anchor_points import anchor_points, rate_point
from host.curves.image_codecs import IMAGE_CODECS, ImageCodec, decode_image
from host.errors import CurveError
from host.metrics import psnr_db

CAT = skimage.data.cat()[:180, 100:300]
JPEG = replace(IMAGE_CODECS["jpeg"], settings=(20, 80))


def test_points_are_of_whole_files(tmp_path: Path) -> None:
    (low, high) = anchor_points(CAT, JPEG, tmp_path)
    data = JPEG.encode(Image.fromarray(CAT), 80)
    assert high[0] == 8 * len(data) / (180 * 200) > low[0]
    assert high[1] == psnr_db(CAT, decode_image(data)) > low[1]
    assert 1 > high[2] > low[2] > 0.8


def test_points_are_kept_by_image_codec_and_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = anchor_points(CAT, JPEG, tmp_path)
    encode, calls = ImageCodec.encode, []
    monkeypatch.setattr(ImageCodec, "encode", lambda self, *rest: calls.append(rest[1]) or encode(self, *rest))
    assert anchor_points(CAT, replace(JPEG, words="otherwise said"), tmp_path) == first and calls == []
    assert anchor_points(CAT, replace(JPEG, settings=(20, 70)), tmp_path)[0] == first[0] and calls == [20, 70]
    assert anchor_points(CAT, replace(JPEG, options={"optimize": False}), tmp_path) != first
    assert anchor_points(255 - CAT, JPEG, tmp_path) != first
    # The same bytes of another shape are another image.
    assert anchor_points(CAT.reshape(200, 180, 3), JPEG, tmp_path) != first
    monkeypatch.setattr("PIL.__version__", "0.1")
    calls.clear()
    assert anchor_points(CAT, JPEG, tmp_path) == first and calls == [20, 80]


def test_a_perfect_image_has_no_point() -> None:
    with pytest.raises(CurveError, match="without any error"):
        rate_point(CAT, CAT, 100)
    assert rate_point(CAT, np.clip(CAT, 1, 255), 450)[0] == 0.1
