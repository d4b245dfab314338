"""Rate and quality of an image in Pillow's formats. The points are kept from call to call: encoding takes minutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from PIL import features

from device.files import canonical_json, read_json, sha256_bytes, write_json
from host.curves.image_codecs import ImageCodec, as_picture, decode_image
from host.curves.ms_ssim import ms_ssim
from host.errors import CurveError
from host.metrics import bits_per_pixel, psnr_db

_VERSION = 1  # of what is kept: changes where a metric does

Point = tuple[float, float, float]  # bits per pixel, PSNR in dB, MS-SSIM


def rate_point(original: np.ndarray, restored: np.ndarray, count: int) -> Point:
    """Bits per pixel of so many bytes, PSNR and MS-SSIM; raises CurveError where they have no value."""
    psnr = psnr_db(original, restored)
    if psnr is None:
        raise CurveError("an image is restored without any error and has no PSNR; leave it out")
    return bits_per_pixel(count, original.shape), psnr, ms_ssim(original, restored)


def anchor_points(image: np.ndarray, codec: ImageCodec, folder: Path) -> list[Point]:
    """A point for each setting of the codec.

    Args:
        image: uint8 (height, width, 3).
        codec: an entry of IMAGE_CODECS.
        folder: where points are kept and looked for, by image, codec and library.

    Raises:
        CurveError: see `rate_point`.
    """
    made_of = {
        "version": _VERSION,
        "image_sha256": sha256_bytes(np.ascontiguousarray(image).tobytes()),
        "shape": list(image.shape),
        "format": {key: getattr(codec, key) for key in ("form", "library", "settings", "options")},
        "pillow": library_version(codec),
    }
    file = folder / f"{sha256_bytes(canonical_json(made_of))[:32]}.json"
    if not file.is_file():
        write_json(file, {"made_of": made_of, "points": _measured(image, codec)})
    return [(bpp, psnr, similarity) for bpp, psnr, similarity in read_json(file, CurveError)["points"]]


def library_version(codec: ImageCodec) -> str:
    """Pillow and the library in it, such as "Pillow 13.0.0, webp 1.6.0"."""
    return f"Pillow {PIL.__version__}, {codec.library} {features.version(codec.library)}"


def _measured(image: np.ndarray, codec: ImageCodec) -> Sequence[Any]:
    picture, points = as_picture(image), []
    for setting in codec.settings:
        data = codec.encode(picture, setting)
        points.append(rate_point(image, decode_image(data), len(data)))
    return points
