"""The stage float of a codec: from the block transform, or from weights, to the averaged weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from host.data import DataSet
from host.data.batches import draw_patches
from host.networks.transforms import image_blocks
from host.networks.weights import save_weights
from host.spec.model_folder import ModelFolder
from host.spec.types import Spec, StageSpec
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.other_qualities import start_from_weights
from host.tasks.codec.reach import fit_reach
from host.tasks.codec.rounding import round_codes_kernel
from host.tasks.codec.start import start
from host.tasks.codec.validation import codec_validation
from host.tasks.codec.work import codec_work
from host.training.loop import fit
from host.training.session import Session
from host.training.stages import started_from

_START_BLOCKS = 20_000


def train_float(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Trains, and writes the averaged weights.

    At the end channels that black or white saturates take a coarser step, see reach.py; and the codes' kernel is
    rounded to int8 as a whole, see rounding.py, and kept so if it validates better.

    Returns:
        As `fit`, with "coarser_channels", "fitted_validation_loss" and "rounded_validation_loss".
    """
    spec = model.spec
    average = build_codec(spec)
    if session.start_from is None:
        begin(average, data)
    else:
        start_from_weights(session.start_from, average)
    with session.scope():
        trained = build_codec(spec)
        for name, network in trained.models.items():
            network.set_weights(average.models[name].get_weights())
        result = fit(codec_work(trained, average, data, stage), stage, model.checkpoints / stage.name, session)
    scales = fit_reach(average)
    save_weights(model.weights(stage.name), average.models)
    validate = codec_validation(average, data.validation.pictures)
    fitted = validate()["loss"]
    # Training saw a rounded kernel already, and what lies under it may have drifted: this is a try.
    round_codes_kernel(average, start_patches(spec, data).astype(np.float32) / 255)
    rounded = validate()["loss"]
    if rounded < fitted:
        save_weights(model.weights(stage.name), average.models)
    return {
        **result,
        **started_from(session),
        "coarser_channels": {str(channel): float(scales[channel]) for channel in np.flatnonzero(scales < 1)},
        "fitted_validation_loss": fitted,
        "rounded_validation_loss": rounded,
    }


def begin(codec: Codec, data: DataSet) -> None:
    """Writes the block transform into the networks, and its prior."""
    spec = codec.spec
    blocks = image_blocks(start_patches(spec, data), spec.options.grid.block).astype(np.float32)
    deviations = start(spec, codec.encoder, codec.decoder, blocks)
    codec.prior.start(deviations / np.array(spec.options.steps)[:, None])


def start_patches(spec: Spec, data: DataSet) -> np.ndarray:
    """The same training patches every time, of about _START_BLOCKS blocks: uint8 (count, side, side, 3)."""
    count = max(_START_BLOCKS * spec.options.grid.block**2 // spec.options.patch**2, 1)
    patches, _ = draw_patches(data.train, spec.data, count, np.random.default_rng(0))
    return patches
