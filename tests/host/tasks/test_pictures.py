"""The baselines of one picture: a JPEG and a WebP within a budget of bytes."""

from __future__ import annotations

import io

import numpy as np
import skimage.data
from PIL import Image

from host.curves.image_codecs import scan_bytes
from host.tasks.pictures import PictureDecoders, file_at

IMAGE = np.ascontiguousarray(skimage.data.coffee()[:120, :160])


def size(quality: int) -> int:
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "JPEG", quality=quality, optimize=True)
    return len(buffer.getvalue())


def test_the_jpeg_is_the_largest_that_fits() -> None:
    for budget in (size(40), size(40) + 1, 100_000):
        found = file_at("jpeg", IMAGE, budget)
        file, quality = found.encode(), int(found.title.removeprefix("JPEG, quality "))
        assert len(file) == size(quality) <= budget and found.remarks == ()
        assert quality == 95 or (quality >= 40 and size(quality + 1) > budget)
        np.testing.assert_array_equal(found.decode(file), np.asarray(Image.open(io.BytesIO(file))))
    assert file_at("jpeg", IMAGE, 100_000).title == "JPEG, quality 95"


def test_a_budget_that_no_jpeg_meets_is_said() -> None:
    file = file_at("jpeg", IMAGE, size(1) - 1).encode()
    assert len(file) == size(1)
    (said,) = file_at("jpeg", IMAGE, size(1) - 1).remarks
    assert said == f"No JPEG is as small as {size(1) - 1} bytes. The one shown has the lowest quality."
    headers = len(file) - scan_bytes(file)
    (said,) = file_at("jpeg", IMAGE, 100).remarks
    assert f"100 bytes (the headers of a JPEG alone take {headers})" in said


def test_the_webp_too_fits_and_says_where_none_does() -> None:
    found = file_at("webp", IMAGE, 3000)
    with Image.open(io.BytesIO(found.encode())) as opened:
        assert (opened.format, opened.size) == ("WEBP", (160, 120))
    assert 2000 < len(found.encode()) <= 3000 and found.title.startswith("WebP, quality ") and found.remarks == ()
    (said,) = file_at("webp", IMAGE, 20).remarks
    assert said.startswith("No WebP is as small as 20 bytes (the headers of a WebP alone take 30).")


def test_grey_stays_grey_and_without_a_budget_there_is_nothing() -> None:
    decoders = PictureDecoders()
    found = list(decoders.baselines(IMAGE[..., :1], 2000))
    assert [(each.row, each.suffix) for each in found] == [("jpeg", ".jpg"), ("webp", ".webp")]
    assert all(each.decode(each.encode()).shape == (120, 160, 1) for each in found)
    assert list(decoders.baselines(IMAGE, None)) == []


def test_what_a_format_cannot_hold_is_left_out() -> None:
    line = np.zeros((1, 20000, 3), np.uint8)
    assert [each.row for each in PictureDecoders().baselines(line, 5000)] == ["jpeg"]
    assert list(PictureDecoders().baselines(np.zeros((1, 70000, 3), np.uint8), 5000)) == []
