"""Contexts of whole segments at once: weighted sums over neighbours, for an encoder that knows all codes.

Codes lie in planes: per channel the rows of blocks one after the other, each with a block more on either side, in
front of them the row above; so a neighbour's code is at a constant distance. Beyond the edges: above the first row
all codes are 0; right of a row stands its last block again, and left of it the first block of the row above, so that
predictions there are not drawn to 0.
"""

from __future__ import annotations

import numpy as np

from ...quantization import Array
from .tables import GROUP, MAGNITUDES, NEIGHBOURS, SKEW_BITS, Sums

_SHORT = 128


def code_planes(codes: Array, above: Array) -> Array:
    """Planes of codes int8 (rows, columns, channels): int16 (channels, 1 + (1 + rows) * (columns + 2) + 1).

    `above`, int16 (channels, columns + 2), is the row above, as `last_row` returns it; zeros above the first.
    """
    planes, grid = _empty(above, codes.shape[0])
    grid[:, 1:, 1:-1] = codes.transpose(2, 0, 1)
    _repeat_edges(grid)
    return planes


def predict(planes: Array, predictors: Sums, stride: int) -> tuple[Array, Array]:
    """What is left of planes of codes after prediction; `stride` is columns + 2.

    Returns remainders, and skews + 32: what rounding the prediction to the nearest code left, in 1/64. Both int16
    (channels, rows * stride); meaningless beside the image.
    """
    prediction = weigh(planes, predictors, stride)
    prediction += 1 << SKEW_BITS - 1
    remainders = planes[:, 1 + stride : -1] - (prediction >> SKEW_BITS)
    prediction &= (1 << SKEW_BITS) - 1
    return remainders, prediction


def companded_planes(remainders: Array, companding: Array, above: Array) -> Array:
    """Planes of companded remainders, from those that `predict` returns and the row above; see `code_planes`."""
    planes, grid = _empty(above, remainders.shape[1] // above.shape[1])
    values = np.zeros_like(remainders)
    places = np.flatnonzero(remainders != 0)  # few
    magnitudes = np.minimum(np.abs(remainders.ravel()[places]), MAGNITUDES - 1)
    values.ravel()[places] = companding.take(magnitudes)
    grid[:, 1:] = values.reshape(grid[:, 1:].shape)
    _repeat_edges(grid)
    return planes


def weigh(planes: Array, sums: Sums, stride: int) -> Array:
    """`sums` at every place from the second row on: int16 (channels, rows * stride)."""
    channels, size = planes.shape
    count = size - 2 - stride
    windows = np.lib.stride_tricks.sliding_window_view(planes.reshape(-1), count)
    steps = np.array([1 + stride + row * stride + column for row, column in NEIGHBOURS])
    neighbours, sources = np.divmod(sums.sources.astype(np.intp), channels)
    begins, weights = sources * size + steps[neighbours], sums.weights[:, None]
    totals, ends = np.zeros((channels, count), np.int16), np.cumsum(sums.counts, dtype=np.intp)
    if count <= _SHORT:  # all channels at once, since calls are what takes the time
        terms, some = windows[begins] * weights, np.flatnonzero(sums.counts)
        totals[some] = np.add.reduceat(terms, (ends - sums.counts)[some], 0, np.int16)
    else:
        for total, begin, end in zip(totals, [0, *ends.tolist()], ends.tolist()):
            terms = windows[begins[begin:end]]
            np.multiply(terms, weights[begin:end], terms)
            np.add.reduce(terms, 0, np.int16, total)
    totals += sums.biases[:, None]
    return totals


def fold(operation: np.ufunc, values: Array) -> Array:
    """Reduces each group of `GROUP` columns, the last one what is left: (..., columns) -> (..., groups)."""
    total = values[..., ::GROUP].copy()
    for place in range(1, min(GROUP, values.shape[-1])):
        part = values[..., place::GROUP]
        filled = total[..., : part.shape[-1]]
        operation(filled, part, filled)
    return total


def last_row(planes: Array, stride: int) -> Array:
    """The `above` of the segment that follows: int16 (channels, stride)."""
    return planes[:, -1 - stride : -1].copy()


def inside(flat: Array, stride: int) -> Array:
    """(channels, rows * stride) without what lies beside the image, as it is coded: (rows, channels, columns)."""
    return flat.reshape(flat.shape[0], -1, stride)[:, :, 1:-1].transpose(1, 0, 2)


def _empty(above: Array, rows: int) -> tuple[Array, Array]:
    channels, stride = above.shape
    planes = np.zeros((channels, (rows + 1) * stride + 2), np.int16)
    grid = planes[:, 1:-1].reshape(channels, rows + 1, stride)
    grid[:, 0] = above
    return planes, grid


def _repeat_edges(grid: Array) -> None:
    grid[:, 1:, 0] = grid[:, :-1, 1]
    grid[:, 1:, -1] = grid[:, 1:, -2]
