"""Any picture to the pixels that a model takes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from device.errors import ImageError
from device.image_file import read_image
from host.data.fitting import fit_images
from host.demo.choices import Choice
from host.errors import DemoError
from host.quiet import load_tensorflow

MAX_PIXELS = 4_000_000  # the decoder's network holds a photograph whole, in float32 and many channels


def read(file: Path) -> tuple[np.ndarray, list[str]]:
    """A picture of any kind, as everywhere else.

    Args:
        file: its folder, which is none that the user knows, is left out of what is said.

    Returns:
        uint8 (height, width, 1 or 3), and sentences on what was done to it.

    Raises:
        ImageError: no picture, a damaged one, or one of a kind that is not read.
    """
    notes: list[str] = []
    folder = f"{file.parent}{os.sep}"
    try:
        pixels = read_image(file, say=notes.append)
    except ImageError as error:
        raise ImageError(str(error).replace(folder, "")) from None
    return pixels, [f"{note.replace(folder, '')}." for note in notes]


def fit(pixels: np.ndarray, choice: Choice) -> tuple[np.ndarray, list[str]]:
    """The original that is measured, and what was done to it.

    Args:
        pixels: uint8 (height, width, 1 or 3).
        choice: a model for one size crops the middle to its proportions and resizes that; others take it as it is.

    Returns:
        uint8 (height, width, channels), and sentences, none where nothing was changed.

    Raises:
        DemoError: too large for a page.
    """
    notes: list[str] = []
    height, width, channels = pixels.shape
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
    if choice.given_originals:
        channels = choice.bundle.input.channels
    shape = choice.shape or (height, width, channels)
    if pixels.shape != shape:
        load_tensorflow()
        pixels = fit_images(pixels[None], shape, resize=True)[0]
    return pixels, notes
