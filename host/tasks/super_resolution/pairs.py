"""Small images and what they are made of: the luma of a picture, and that reduced by cubic convolution.

The protocol of C. Dong et al., "Learning a Deep Convolutional Network for Image Super-Resolution" (2014), and of those
who followed: luma of BT.601 in studio range, pictures cropped to a multiple of the factor, a border of as many pixels
left out of what is judged. The reduction is Pillow's BICUBIC, which widens its kernel as Matlab's imresize does.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from device.colour import luma


def large_luma(picture: np.ndarray, factor: int) -> np.ndarray:
    """The luma of a picture, cropped to a multiple of the factor: uint8 (height, width, 1).

    Args:
        picture: uint8 (height, width, 3 or 1), 0..255.
    """
    height, width = (side // factor * factor for side in picture.shape[:2])
    return luma(picture[:height, :width])


def least_side(factor: int) -> int:
    """Pixels that a picture's sides must have: a border of `factor` on each side, and as many between them."""
    return 3 * factor


def reduced(large: np.ndarray, factor: int) -> np.ndarray:
    """A luma image by cubic convolution: uint8 (height, width, 1) -> (height / factor, width / factor, 1)."""
    height, width = large.shape[:2]
    return _resized(large, height // factor, width // factor)


def enlarged(small: np.ndarray, factor: int) -> np.ndarray:
    """A luma image enlarged by cubic convolution: what a network has to beat; uint8 (height, width, 1)."""
    height, width = small.shape[:2]
    return _resized(small, height * factor, width * factor)


def _resized(image: np.ndarray, height: int, width: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image[..., 0]).resize((width, height), Image.Resampling.BICUBIC))[..., None]
