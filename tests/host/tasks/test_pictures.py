"""The baseline of one picture: a JPEG within a budget of bytes."""

from __future__ import annotations

import io

import numpy as np
import skimage.data
from PIL import Image

from host.curves.image_codecs import scan_bytes
from host.tasks.pictures import PictureDecoders, jpeg_at

IMAGE = np.ascontiguousarray(skimage.data.coffee()[:120, :160])


def size(quality: int) -> int:
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "JPEG", quality=quality, optimize=True)
    return len(buffer.getvalue())


def test_the_jpeg_is_the_largest_that_fits() -> None:
    for budget in (size(40), size(40) + 1, 100_000):
        found = jpeg_at(IMAGE, budget)
        file, quality = found.encode(), int(found.title.removeprefix("JPEG, quality "))
        assert len(file) == size(quality) <= budget and found.remarks == ()
        assert quality == 95 or (quality >= 40 and size(quality + 1) > budget)
        np.testing.assert_array_equal(found.decode(file), np.asarray(Image.open(io.BytesIO(file))))
    assert jpeg_at(IMAGE, 100_000).title == "JPEG, quality 95"


def test_a_budget_that_no_jpeg_meets_is_said() -> None:
    file = jpeg_at(IMAGE, size(1) - 1).encode()
    assert len(file) == size(1)
    (said,) = jpeg_at(IMAGE, size(1) - 1).remarks
    assert said == f"No JPEG is as small as {size(1) - 1} bytes. The one shown has the lowest quality."
    headers = len(file) - scan_bytes(file)
    (said,) = jpeg_at(IMAGE, 100).remarks
    assert f"100 bytes (the headers of a JPEG alone take {headers})" in said


def test_grey_stays_grey_and_without_a_budget_there_is_no_jpeg() -> None:
    decoders = PictureDecoders()
    found = decoders.baseline(IMAGE[..., :1], 2000)
    assert found is not None and found.decode(found.encode()).shape == (120, 160, 1)
    assert decoders.baseline(IMAGE, None) is None
