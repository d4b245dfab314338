"""The stages of super-resolution, by kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from host.data import DataSet
from host.data.batches import draw_patches
from host.data.kept_images import ModelImages, save_images
from host.data.split import check_sides
from host.errors import SpecError
from host.networks.layer_names import check_layers
from host.networks.weights import load_weights, save_weights
from host.quantization.awareness import AWARE
from host.spec.model_folder import ModelFolder
from host.spec.sections import SOURCE
from host.spec.types import Spec, StageSpec
from host.tasks.super_resolution.networks import build, halo, load_network
from host.tasks.super_resolution.pairs import least_side
from host.tasks.super_resolution.spec import NETWORK
from host.tasks.super_resolution.work import patch_pairs, upscaler_work
from host.training.distributed import Session
from host.training.loop import fit
from host.training.stages import StageKind, started_from
from host.training.work import remade

SAMPLES = 8
_SAMPLE_SIDE = 240  # pixels, at most, of the pictures that samples are made of
_RANGES_FROM = 500  # patches whose activations set the first ranges of quantization-aware training


def train_float(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Trains in floating point: from random weights, or from another stage's.

    The stage that starts anew also keeps the images that calibrate and that the device measures with.
    """
    spec = model.spec
    anew = SOURCE not in stage.options
    network = build(spec) if anew else load_network(model, stage.options[SOURCE])
    check_layers(spec, {NETWORK: network})  # of later stages too: hours before these start
    images = _images(spec, data) if anew else None
    if session.start_from is not None:
        load_weights(session.start_from, {NETWORK: network})
    with session.scope():
        (trained,) = remade(lambda: [build(spec)], [network], spec, session)
        work = upscaler_work(spec, stage, network, trained, data, seed=spec.training.seed)
        result = fit(work, stage, model.checkpoints / stage.name, session)
    network.set_weights(trained.get_weights())
    if images is not None:
        save_images(model, images)
    save_weights(model.weights(stage.name), {NETWORK: network})
    return result | started_from(session)


def train_aware(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Quantization-aware training from another stage's float weights."""
    spec, way = model.spec, AWARE[stage.kind]
    network = load_network(model, stage.options[SOURCE])
    check_layers(spec, {NETWORK: network})
    quantized = way.make(network, stage.options)
    patches, _ = draw_patches(data.train, spec.data, _RANGES_FROM, np.random.default_rng(spec.training.seed))
    small, _ = patch_pairs(patches, spec.options.factor, halo(spec, network))
    way.set_ranges(quantized, network, small / np.float32(255))
    work = upscaler_work(spec, stage, network, quantized, data, seed=spec.training.seed + 1)
    result = fit(work, stage, model.checkpoints / stage.name, session)
    save_weights(model.weights(stage.name), {NETWORK: quantized})
    return result


STAGES = {
    "float": StageKind(train_float, shared=True),
    "qat": StageKind(train_aware),
    "fake_quant": StageKind(train_aware),
}


def _images(spec: Spec, data: DataSet) -> ModelImages:
    """Patches that calibrate, and the middles of some test pictures, of one size; both in colour and not reduced."""
    wanted = spec.quantization
    if wanted.stratified:
        raise SpecError(f"{spec.file}: $.quantization.stratified: patches have no classes; leave it out")
    calibration, _ = draw_patches(
        data.train, spec.data, wanted.calibration_images, np.random.default_rng(spec.training.seed)
    )
    measured = data.test if len(data.test) else data.validation
    factor = spec.options.factor
    check_sides(measured.part(None, SAMPLES), least_side(factor))
    pictures = list(measured.part(None, SAMPLES).pictures)
    side = min(_SAMPLE_SIDE, *(min(picture.shape[:2]) for picture in pictures)) // factor * factor
    return ModelImages(calibration, np.stack([_middle(picture, side) for picture in pictures]))


def _middle(picture: np.ndarray, side: int) -> np.ndarray:
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]
