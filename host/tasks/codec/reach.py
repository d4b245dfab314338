"""Keeps black and white blocks within int8: a channel that saturates on them gets a coarser step at every quality.

Only the mean of a block becomes that large. If the finest step is too fine for it, its row of the encoder's last kernel
is scaled down and the decoder's weights that read it are scaled up. The network is otherwise the same.
"""

from __future__ import annotations

import numpy as np
import tf_keras as keras

from host.errors import ModelError
from host.networks.prior import PACE
from host.tasks.codec.layers import Dequantize, QualityGain
from host.tasks.codec.networks import Codec

_MARGIN = 0.5  # steps


def fit_reach(codec: Codec) -> np.ndarray:
    """Scales the channels of a trained codec that black or white saturates at the finest step.

    Returns:
        The factor of each channel: float32 (channels,), 1 where it has room.

    Raises:
        ModelError: such a channel is read by a layer that holds no weight for each channel.
    """
    grid, quantizer = codec.spec.options.grid, codec.quantizer
    side = grid.before + grid.block + grid.after
    plain = np.ones((1, side, side, 3), np.float32) * np.array([0, 1], np.float32)[:, None, None, None]
    found = codec.encoder.predict(plain, verbose=0)[:, 0, 0] / min(codec.spec.options.steps)
    over = np.maximum(found / (quantizer.high - _MARGIN), found / (quantizer.low + _MARGIN)).max(0)
    scales = (1 / np.maximum(over, 1)).astype(np.float32)
    rescale_encoder(codec, scales)
    rescale_decoder(codec.decoder, scales)
    return scales


def rescale_encoder(codec: Codec, scales: np.ndarray) -> None:
    """Multiplies the latent with a scale for each channel, and the prior's widths alike."""
    layer, prior = codec.encoder.layers[-1], codec.prior
    layer.set_weights([weight * scales for weight in layer.get_weights()])
    prior.centre.assign(prior.centre * scales[:, None])
    prior.log_width.assign(prior.log_width + np.log(scales)[:, None] / PACE)


def rescale_decoder(decoder: keras.Model, scales: np.ndarray) -> None:
    """Divides what reads the latent by a scale for each channel; raises ModelError as `fit_reach`."""
    latent = next(layer for layer in decoder.layers if isinstance(layer, Dequantize))
    for node in latent.outbound_nodes:
        layer = node.outbound_layer
        if isinstance(layer, QualityGain):
            layer.gain.assign(layer.gain / scales)
        elif type(layer) is keras.layers.Conv2D:
            layer.kernel.assign(layer.kernel / scales[:, None])
        elif (scales != 1).any():
            raise ModelError(
                f"decoder layer {layer.name}: black or white saturates a code, and this layer cannot take the "
                "coarser step that would cure it; let a Conv2D or QualityGain read the latent, or raise the least step"
            )
