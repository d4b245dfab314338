"""Any picture to the pixels that a model takes."""

from __future__ import annotations

import numpy as np
from PIL import Image

from device.image_file import from_pillow
from host.data.fitting import fit_images
from host.demo.choices import Choice
from host.errors import DemoError
from host.quiet import load_tensorflow

MAX_PIXELS = 4_000_000  # the decoder's network holds a photograph whole, in float32 and many channels


def fit(picture: Image.Image, choice: Choice) -> tuple[np.ndarray, list[str]]:
    """The image that is encoded, and what was done to it.

    Args:
        picture: of any mode and size, read as everywhere else.
        choice: a model for one size crops the middle to its proportions and resizes that; others take it as it is.

    Returns:
        uint8 (height, width, channels), and sentences, none where nothing was changed.

    Raises:
        DemoError: too large for a page.
        ImageError: a picture of a kind that is not read.
    """
    notes: list[str] = []
    pixels = from_pillow(picture, "the image", notes.append)
    height, width = pixels.shape[:2]
    channels = choice.bundle.input.channels
    if choice.shape is None:
        if height * width > MAX_PIXELS:
            raise DemoError(
                f"image of {width} × {height} pixels; the page takes up to {MAX_PIXELS // 1_000_000} megapixels; make "
                "it smaller, or use python -m device encode and host decode"
            )
    elif pixels.shape[:2] != choice.shape[:2]:
        notes.append(
            f"{choice.name} takes {choice.shape[1]} × {choice.shape[0]} pixels: the image of {width} × {height} "
            "was cropped to these proportions and resized; every number is about the resized one."
        )
    shape = choice.shape or (height, width, channels)
    if pixels.shape != shape:
        load_tensorflow()
        pixels = fit_images(pixels[None], shape, resize=True)[0]
    return pixels, notes
