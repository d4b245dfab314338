"""The stages of a codec, by kind; the stage float goes from the block transform, or from weights, to averaged ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from host.data import DataSet
from host.data.batches import draw_patches
from host.networks.prior import PACE
from host.networks.transforms import image_blocks
from host.networks.weights import load_weights, save_weights
from host.spec.model_folder import ModelFolder
from host.spec.parsing import parse_spec, read_spec
from host.spec.types import Spec, StageSpec
from host.tasks.codec.fitting import fit_reach, round_codes_kernel
from host.tasks.codec.layers import QualityGain
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.spec import SECTIONS
from host.tasks.codec.start import start
from host.tasks.codec.tables import fit_tables
from host.tasks.codec.tuning import tune
from host.tasks.codec.work import codec_validation, codec_work
from host.training.distributed import Session
from host.training.loop import fit
from host.training.stages import StageKind, started_from

_START_BLOCKS = 20_000


def train_float(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Trains, and writes the averaged weights.

    At the end channels that black or white saturates take a coarser step, see `fit_reach`; and the codes' kernel is
    rounded to int8 as a whole, see `round_codes_kernel`, and kept so if it validates better.

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


def start_from_weights(path: Path, codec: Codec) -> None:
    """Loads a float.weights.h5 of the same layers, whose qualities the spec.json beside it says, if there is one.

    The weights of a quality come from the nearest quality there.

    Raises:
        ModelError: no such file, or weights of other layers.
        SpecError: the spec.json beside it is wrong.
    """
    file = path.parent / "spec.json"
    other = parse_spec(read_spec(file, {}), file, SECTIONS) if file.is_file() else None
    if other is None or other.options.qualities == codec.spec.options.qualities:
        load_weights(path, codec.models)
        return
    source = build_codec(other)
    load_weights(path, source.models)
    theirs, ours = np.log(other.options.steps), np.log(codec.spec.options.steps)
    rows = np.arange(len(ours)) if len(ours) == len(theirs) else np.abs(ours[:, None] - theirs[None]).argmin(1)
    finer = (theirs[rows] - ours)[:, None]  # logarithm of how many of our steps one of theirs is
    for name, model in codec.models.items():
        for mine, its in zip(model.weights, source.models[name].weights, strict=True):
            mine.assign(its if mine.shape == its.shape else its.numpy()[rows])
    codec.encoder.set_weights(source.encoder.get_weights())
    for layer in codec.decoder.layers:
        if isinstance(layer, QualityGain):
            theirs_starts = np.array(source.decoder.get_layer(layer.name).starts)[rows]
            layer.gain.assign(layer.gain.numpy() * (np.array(layer.starts) / theirs_starts)[:, None])
    prior = codec.prior
    prior.centre.assign(prior.centre.numpy() * np.exp(finer)[..., None])
    prior.log_width.assign(prior.log_width.numpy() + finer[..., None] / PACE)


STAGES = {
    "float": StageKind(train_float, shared=True),
    "tables": StageKind(fit_tables),
    "tune": StageKind(tune),
}
