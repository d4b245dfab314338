"""Luma and chroma of RGB pictures, in the studio range of ITU-R BT.601: luma 16..235, chroma 16..240.

Y  =  16 + ( 65.481 R + 128.553 G +  24.966 B) / 255
Cb = 128 + (-37.797 R -  74.203 G + 112.000 B) / 255
Cr = 128 + (112.000 R -  93.786 G -  18.214 B) / 255
"""

from __future__ import annotations

import numpy as np

from .quantization import Array

_STRIP_PIXELS = 1 << 16  # of a picture, whose luma is computed at once
_BITS = 16  # of the fixed point of the luma's weights
_LUMA = (16829, 33039, 6416)
_CHROMA = np.array([[-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]], np.float32).T / 255
_BLACK, _CHROMA_ZERO, _WHITE_TO_BLACK = 16, 128, 219
# Of red, green and blue in Cb and Cr: the inverse of the equations above.
_FROM_CHROMA = np.array([[0.0, -0.391762, 2.017232], [1.596027, -0.812968, 0.0]], np.float32)
_CUBIC = -0.5  # R. Keys, "Cubic convolution interpolation for digital image processing" (1981)


def luma(image: Array) -> Array:
    """The rounded luma of a picture, uint8 (height, width, 1), from uint8 (height, width, 3), or 1: grey."""
    weights = _LUMA if image.shape[2] == 3 else (sum(_LUMA),)
    made: Array = np.empty((*image.shape[:2], 1), np.uint8)
    # By strips of rows: a number takes four bytes until it is rounded.
    rows = max(1, _STRIP_PIXELS // max(1, image.shape[1]))
    for top in range(0, len(image), rows):
        strip = image[top : top + rows]
        total: Array = np.full((*strip.shape[:2], 1), (_BLACK << _BITS) + (1 << _BITS - 1), np.uint32)
        for channel, weight in enumerate(weights):
            # Widened first: numpy 1 would compute in the 16 bits that the weight fits.
            total += strip[..., channel : channel + 1].astype(np.uint32) * np.uint32(weight)
        total >>= np.uint32(_BITS)
        made[top : top + rows] = total
    return made


def chroma(image: Array) -> Array:
    """Cb and Cr less 128, float32 (height, width, 2), from RGB, uint8 (height, width, 3)."""
    found: Array = image.astype(np.float32) @ _CHROMA
    return found


def picture(light: Array, colour: Array | None = None) -> Array:
    """A picture uint8 (height, width, 3) of luma and chroma, or (height, width, 1), grey, without chroma.

    Args:
        light: uint8 (height, width, 1), as `luma` gives it.
        colour: float32 (height, width, 2), as `chroma` gives it.
    """
    grey = light.astype(np.float32)
    grey -= np.float32(_BLACK)
    grey *= np.float32(255 / _WHITE_TO_BLACK)
    made: Array = grey if colour is None else colour @ _FROM_CHROMA
    if colour is not None:
        made += grey
    np.rint(made, out=made)
    return np.clip(made, 0, 255, out=made).astype(np.uint8)


def enlarge(planes: Array, factor: int, rows: slice = slice(None)) -> Array:
    """Planes `factor` times as high and as wide by cubic convolution; the edge is repeated beyond it.

    Args:
        planes: float32 (height, width, channels).
        rows: of the planes: what the others become is left out. Two rows beside these have a part in them.
    """
    tall = _enlarge_rows(planes, factor, rows)
    return _enlarge_rows(tall.transpose(1, 0, 2), factor).transpose(1, 0, 2)


def _enlarge_rows(planes: Array, factor: int, rows: slice = slice(None)) -> Array:
    start, stop, _ = rows.indices(len(planes))
    padded = np.concatenate([planes[:1].repeat(2, 0), planes, planes[-1:].repeat(2, 0)])[start : stop + 4]
    height = stop - start
    made: Array = np.empty((height, factor, *planes.shape[1:]), np.float32)
    for phase in range(factor):
        place = (phase + 0.5) / factor - 0.5  # of the made row's middle, in rows from the middle of the given one
        first = int(np.floor(place)) - 1
        parts = (padded[first + tap + 2 : first + tap + 2 + height] * weight for tap, weight in _taps(place - first))
        made[:, phase] = sum(parts)
    return made.reshape(height * factor, *planes.shape[1:])


def _taps(place: float) -> list[tuple[int, np.float32]]:
    """The weights of the four rows around a place, which lies between the second and the third."""
    found = []
    for tap in range(4):
        distance, a = abs(place - tap), _CUBIC
        if distance <= 1:
            weight = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
        else:
            weight = a * distance**3 - 5 * a * distance**2 + 8 * a * distance - 4 * a
        found.append((tap, np.float32(weight)))
    return found
