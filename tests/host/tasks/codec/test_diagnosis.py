"""A codec's encoder, diagnosed: its weights are rounded in training already, so only the output's rounding is left."""

from __future__ import annotations

import numpy as np

from host.quantization.diagnosis.diagnose import diagnose
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec
from host.tasks.codec.diagnosis import _pieces


def test_the_committed_codec_loses_nothing_but_its_steps() -> None:
    task, spec = open_spec("cifar10-rd")
    found = diagnose(task, ModelFolder(spec), "int8", 6)
    (network,) = found.networks
    assert network.network == "encoder" and {layer.layer for layer in network.layers} == {"pixels", "blocks", "latent"}
    assert network.verdict == "output" and not found.recipe
    assert network.sqnr_db is not None and network.best_sqnr_db is not None
    assert network.best_sqnr_db - network.sqnr_db < 0.5
    latent = next(layer for layer in network.layers if layer.layer == "latent")
    assert latent.scale is not None and abs(latent.scale - min(spec.options.steps)) < 1e-6


def test_pieces_cover_images_with_what_the_device_puts_beside_them() -> None:
    image = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(1, 6, 8, 3)
    pieces = _pieces(image, 5, 1)  # 4 pixels of blocks, one before them
    assert pieces.shape == (4, 5, 5, 3) and pieces.dtype == np.float32
    assert np.array_equal(np.rint(pieces[0, 1:, 1:] * 255), image[0, :4, :4])
    assert np.array_equal(np.rint(pieces[0, 0, 1:] * 255), image[0, 1, :4])  # reflected
