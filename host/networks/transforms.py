"""Block transforms as starting weights: a strided convolution starts as a linear transform of s x s blocks.

An autoencoder that starts from random weights stays far below a linear transform for a long time. So a Conv2D of
stride s may begin as the projection on the first vectors of a basis of s x s blocks (zero around the block where
its kernel is larger), and the Conv2DTranspose of the same stride as its inverse; training then widens both.
Two bases: the principal components of the training blocks (`local_pca`), and the separable cosines of N. Ahmed et al.,
"Discrete Cosine Transform" (1974), on the three orthonormal colour axes grey, red - blue, green - magenta (`cosine`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from host.errors import SpecError

BASES = ("local_pca", "cosine")
_BLOCKS_FROM = 5000  # images; the covariance of the blocks has settled long before


def block_transform(layer: Any, initializer: dict[str, Any], scale: float, images: np.ndarray, path: str) -> None:
    """Sets a layer's kernel and bias.

    Args:
        layer: Conv2D (image -> latent) or Conv2DTranspose (latent -> image), stride s, kernel side >= s.
        initializer: `name` of the basis; `step`: one code in orthonormal units of 0..255 pixels; `reach`: a channel
            whose standard deviation times `reach` would pass 127 codes gets a coarser step instead.
        scale: the latent grid's scale; the latent is in its units.
        images: uint8 (count, height, width, channels).
        path: where the layer stands, for the error.

    Raises:
        SpecError: the layer has no square stride, too small a kernel, other channels than the image, or more
            outputs than a block has samples.
    """
    kernel, bias = layer.get_weights() if len(layer.get_weights()) == 2 else (None, None)
    transposed = type(layer).__name__ == "Conv2DTranspose"
    stride = layer.strides[0]
    if kernel is None or type(layer).__name__ not in ("Conv2D", "Conv2DTranspose") or layer.strides[1] != stride:
        raise SpecError(
            f"{path}.initializer: {initializer['name']} needs a Conv2D or Conv2DTranspose with a bias and a "
            "square stride"
        )
    side, channels, codes = kernel.shape[0], kernel.shape[2], kernel.shape[3]
    if min(kernel.shape[:2]) < stride or channels != images.shape[3] or codes > stride * stride * channels:
        raise SpecError(
            f"{path}.initializer: {initializer['name']} needs a kernel of at least {stride}x{stride}, the image's "
            f"{images.shape[3]} channels on its image side and at most {stride * stride * channels} codes; "
            f"found kernel {kernel.shape}"
        )
    blocks = image_blocks(images[:_BLOCKS_FROM], stride) / 255.0
    mean = blocks.mean(0)
    basis = _local_pca(blocks - mean) if initializer["name"] == "local_pca" else cosine_basis(stride, channels)
    deviations = np.std((blocks - mean) @ basis, axis=0)
    chosen = np.argsort(-deviations, kind="stable")[:codes]
    basis, deviations = basis[:, chosen], deviations[chosen]
    step = np.maximum(initializer["step"] / 255, deviations * initializer["reach"] / 127) / scale

    matrix = basis * step if transposed else basis / step
    start = (side - stride) // 2
    kernel = np.zeros_like(kernel)
    kernel[start : start + stride, start : start + stride] = matrix.reshape(stride, stride, channels, codes)
    if transposed:
        bias = mean.reshape(-1, channels).mean(0)  # one bias a channel; the block's own mean is nearly flat
    else:
        bias = -(mean @ matrix)
    layer.set_weights([kernel, bias])


def image_blocks(images: np.ndarray, side: int) -> np.ndarray:
    """uint8 (n, h, w, c) -> uint8 (blocks, side * side * c); a rest at the right and bottom is left out."""
    count, height, width, channels = images.shape
    rows, columns = height // side, width // side
    cut = images[:, : rows * side, : columns * side].reshape(count, rows, side, columns, side, channels)
    return cut.transpose(0, 1, 3, 2, 4, 5).reshape(-1, side * side * channels)


def _local_pca(centred: np.ndarray) -> np.ndarray:
    _, vectors = np.linalg.eigh(centred.T @ centred)
    # eigh leaves the sign open: the largest entry is made positive, so that every machine starts alike.
    return vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(vectors.shape[1])])


def cosine_basis(side: int, channels: int) -> np.ndarray:
    """Orthonormal columns, float64 (side * side * channels, as many): cosines times colour axes."""
    positions, frequencies = np.arange(side) + 0.5, np.arange(side)
    waves = np.cos(np.pi * np.outer(positions, frequencies) / side)
    waves /= np.linalg.norm(waves, axis=0)
    axes = np.array([[1, 1, 1], [1, 0, -1], [-1, 2, -1]], float).T if channels == 3 else np.eye(channels)
    axes /= np.linalg.norm(axes, axis=0)
    return np.einsum("yf,xg,ca->yxcfga", waves, waves, axes).reshape(side * side * channels, -1)
