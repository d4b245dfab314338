"""The training work of super-resolution: patches of pictures, reduced, and what they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.data import DataSet
from host.data.batches import batches, draw_patches
from host.spec.types import Spec, StageSpec
from host.tasks.super_resolution.networks import halo, spread
from host.tasks.super_resolution.pairs import large_luma, reduced
from host.tasks.super_resolution.spec import NETWORK
from host.training.optimizers import make_optimizer
from host.training.pictures import picture_work
from host.training.work import Batch, Work, batch_count

_VALIDATED = 500  # patches, the same ones each time


def upscaler_work(
    spec: Spec, stage: StageSpec, plain: keras.Model, network: keras.Model, data: DataSet, *, seed: int
) -> Work:
    """A network that enlarges luma.

    Args:
        plain: the network without fake quantization, which tells how much of a patch it reads.
        network: luma float32 (batch, height, width, 1) -> (batch, less, less, factor ** 2).
    """
    factor, size = spec.options.factor, spec.training.batch_size
    border = halo(spec, plain)
    count = batch_count(stage, len(data.train), size)

    def forward(small: Any, training: bool, noise: Any) -> tuple[Any, None]:
        return spread(tf.cast(network(small, training=training), tf.float32), factor), None

    def drawn(rng: np.random.Generator) -> Iterator[Batch]:
        for patches, _ in batches(data.train, spec.data, size, count, rng):
            yield patch_pairs(patches, factor, border)

    validated, _ = draw_patches(data.validation, spec.data, _VALIDATED, np.random.default_rng(0))
    return picture_work(
        f"{spec.name} {stage.name}",
        {NETWORK: network},
        forward,
        spec.training.terms,
        make_optimizer(stage, stage.epochs * count, network.trainable_variables),
        drawn,
        count,
        patch_pairs(validated, factor, border),
        seed=seed,
    )


def patch_pairs(patches: np.ndarray, factor: int, border: int) -> tuple[np.ndarray, np.ndarray]:
    """What the network is given of patches, and what it should make: uint8 (count, height, width, 1) each.

    Args:
        patches: uint8 (count, height, width, 3), sides a multiple of the factor.
        border: how many pixels beside an image the network reads; the targets are without these.
    """
    large = [large_luma(patch, factor) for patch in patches]
    cut = slice(border * factor, -border * factor or None)
    return np.stack([reduced(each, factor) for each in large]), np.stack([each[cut, cut] for each in large])
