"""Any picture to the pixels that a model takes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageOps

from host.data.fitting import fit_images
from host.demo.choices import Choice
from host.errors import DemoError
from host.quiet import load_tensorflow

MAX_PIXELS = 4_000_000  # the decoder's network holds a photograph whole, in float32 and many channels


def fit(picture: Image.Image, choice: Choice) -> tuple[np.ndarray, str]:
    """The image that is encoded, and what was done to it.

    Args:
        picture: of any mode and size; an orientation that its EXIF data gives is applied.
        choice: a model for one size crops the middle to its proportions and resizes that; others take it as it is.

    Returns:
        uint8 (height, width, channels), and a sentence, empty where nothing was changed.

    Raises:
        DemoError: too large for a page.
    """
    height, width, channels = choice.bundle.samples.shape[1:]
    turned = ImageOps.exif_transpose(picture)
    assert turned is not None
    image = turned.convert("L" if channels == 1 else "RGB")
    note = ""
    if not choice.any_size and image.size != (width, height):
        note = (
            f"{choice.name} takes {width} × {height} pixels: the image of {image.width} × {image.height} "
            "was cropped to these proportions and resized; every number is about the resized one."
        )
    elif image.width * image.height > MAX_PIXELS:
        raise DemoError(
            f"image of {image.width} × {image.height} pixels; the page takes up to {MAX_PIXELS // 1_000_000} "
            "megapixels; make it smaller, or use python -m device encode and host decode"
        )
    pixels = np.asarray(image).reshape(image.height, image.width, channels)
    if note:
        load_tensorflow()
        pixels = fit_images(pixels[None], choice.bundle.samples.shape[1:], resize=True)[0]
    return pixels, note
