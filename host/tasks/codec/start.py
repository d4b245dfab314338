"""The codec's starting weights: a cosine transform of blocks as linear path; the nonlinear branches add nothing yet.

The encoder's first layer keeps luma at full resolution and two chroma axes at half (all in 0..1, so that int8 holds
them to a grey level); from there the codes' layer begins as the separable cosines of N. Ahmed et al., "Discrete Cosine
Transform" (1974), on three orthonormal colour axes, the channels in the order of falling variance. The decoder's
linear layer is the transform's transpose. From random weights the same networks stay worse than JPEG for hours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tf_keras as keras

from host.errors import SpecError
from host.networks.transforms import cosine_basis
from host.spec.types import Spec

STARTS = ("luma_chroma", "cosine_codes", "cosine_pixels", "whiten")
_GREY = 127.5  # every pixel of the block whose latent is 0


def start(spec: Spec, encoder: keras.Model, decoder: keras.Model, blocks: np.ndarray) -> np.ndarray:
    """Writes the starts that the spec's layers name.

    Args:
        blocks: float32 (count, block * block * 3), 0..255, of training images.

    Returns:
        float (channels,): the standard deviation of every latent, in units of the latent.

    Raises:
        SpecError: a layer whose shape does not fit its start.
    """
    named = {layer.initializer.get("name"): layer for layer in spec.networks["encoder"]}
    codes, pixels = named.get("cosine_codes"), named.get("luma_chroma")
    if codes is None or pixels is None:
        raise SpecError(f"{spec.file}: $.encoder: no layers that start as luma_chroma and cosine_codes")
    channels = encoder.output_shape[-1]
    basis = cosine_basis(spec.options.grid.block, 3)
    deviations = np.std((blocks - _GREY) @ basis, axis=0)
    chosen = np.argsort(-deviations, kind="stable")[:channels]
    basis, deviations = basis[:, chosen], deviations[chosen]
    steps = _steps(spec, deviations, codes.initializer)
    _luma_chroma(encoder.get_layer(pixels.name), f"{spec.file}: $.encoder: {pixels.name}")
    _codes(encoder.get_layer(codes.name), encoder.get_layer(pixels.name), basis * 255 / steps, spec.options.grid.block)
    deviations = deviations / steps
    outer = next(int(each.arguments["block"]) for each in spec.networks["decoder"] if each.layer == "DepthToSpace")
    for entry in spec.networks["decoder"]:
        layer, kind = decoder.get_layer(entry.name), entry.initializer.get("name")
        if kind == "whiten":
            gains = np.broadcast_to(1 / (1 + deviations), (len(spec.options.qualities), channels))
            layer.set_weights([gains, *layer.get_weights()[1:]])
        elif kind == "cosine_pixels":
            _pixels(layer, basis * steps / 255, spec.options.grid.block, outer)
    return deviations


def _steps(spec: Spec, deviations: np.ndarray, arguments: dict[str, Any]) -> np.ndarray:
    """One code in orthonormal units of 0..255 pixels; coarser where a plain channel would leave int8 at the end."""
    finest = spec.options.steps[-1]
    white = _GREY * np.sqrt(3) * spec.options.grid.block * 1.01
    needed = np.minimum(deviations * arguments["reach"], white) / 127 / finest
    plain = np.arange(len(deviations)) < spec.options.grid.plain
    return np.where(plain, np.maximum(arguments["step"], needed), arguments["step"])


def _luma_chroma(layer: Any, path: str) -> None:
    kernel, bias = (np.zeros_like(value) for value in layer.get_weights())
    side = kernel.shape[0]
    luma = side * side
    if side % 2 or layer.strides != (side, side) or kernel.shape[2:] != (3, luma + luma // 2):
        raise SpecError(
            f"{path}: luma_chroma needs a Conv2D of an even side, as large a stride and 3/2 side**2 filters; "
            f"found kernel {kernel.shape}, stride {layer.strides}"
        )
    for y in range(side):
        for x in range(side):
            kernel[y, x, :, y * side + x] = 1 / 3
            first = luma + 2 * ((y // 2) * (side // 2) + x // 2)
            kernel[y, x, :, first] = np.array([0.5, 0, -0.5]) / 4
            kernel[y, x, :, first + 1] = np.array([-0.25, 0.5, -0.25]) / 4
    bias[luma:] = 0.5
    layer.set_weights([kernel, bias])


def _codes(layer: Any, pixels: Any, transform: np.ndarray, block: int) -> None:
    """The least-squares kernel that gives `transform` (block * block * 3, channels) after the pixels' layer."""
    inner, bias = pixels.get_weights()
    side, width = inner.shape[0], inner.shape[3]
    count = block // side
    whole = np.zeros((count, side, count, side, 3, count, count, width))
    for row in range(count):
        for column in range(count):
            whole[row, :, column, :, :, row, column, :] = inner
    whole = whole.reshape(block * block * 3, count * count * width)
    linear = np.linalg.pinv(whole) @ transform
    kernel, _ = (np.zeros_like(value) for value in layer.get_weights())
    kernel[0, 0, : len(linear)] = linear  # the nonlinear features come behind and begin with nothing
    grey = np.full(block * block * 3, _GREY / 255) @ whole + np.tile(bias, count * count)
    layer.set_weights([kernel, -grey @ linear])


def _pixels(layer: Any, transform: np.ndarray, block: int, outer: int) -> None:
    """The transform's transpose, its pixels in the order in which two DepthToSpace lay them out."""
    inner = block // outer
    split = transform.T.reshape(-1, outer, inner, outer, inner, 3).transpose(0, 1, 3, 2, 4, 5)
    kernel, bias = layer.get_weights()
    layer.set_weights([split.reshape(kernel.shape), np.full_like(bias, 0.5)])
