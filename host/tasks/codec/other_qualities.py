"""Starts a codec from one with other qualities: the weights of a quality come from the nearest quality there."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from host.networks.prior import PACE
from host.networks.weights import load_weights
from host.spec.parsing import parse_spec, read_spec
from host.tasks.codec.layers import QualityGain
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.spec import SECTIONS


def start_from_weights(path: Path, codec: Codec) -> None:
    """Loads a float.weights.h5 of the same layers; its qualities are those of the spec.json beside it, if there is one.

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
