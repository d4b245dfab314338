"""Baselines of a model of one image size: its own Keras network, its latent rounded and not, a PCA, JPEG and WebP."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.curves.baseline_rows import image_codec_rows
from host.data import DataSet
from host.metrics import FLOAT32_LATENT, judge_picture, latent_ratios, means, ratio
from host.networks.grid import grid_range, on_grid
from host.results import KERAS, Row
from host.spec.model_folder import ModelFolder
from host.tasks.compression.halves import load_halves
from host.timing import timed


def baselines(model: ModelFolder, data: DataSet, budget_bytes: float | None) -> Iterator[Row]:
    """Keras with a rounded latent and without, a PCA where there are training images, JPEG and WebP at the budget."""
    test = data.test.array
    yield keras_row(model, test)
    yield unrounded_row(model, test)
    if len(data.sample):
        yield pca_row(data.sample.array, test, load_halves(model, "float").grid.count)
    yield from image_codec_rows(data.test.pictures, budget_bytes)


def keras_row(model: ModelFolder, test: np.ndarray) -> Row:
    """The float network in Keras, its latent on the grid as everywhere; latency at batch 1, size of its .keras file."""
    halves = load_halves(model, "float")
    encode = tf.function(lambda image: on_grid(halves.encoder(image), halves.grid))
    decode = tf.function(halves.decoder)
    image = tf.constant(test[:1] / np.float32(255))
    latent = encode(image)
    source = keras.Input(halves.encoder.input_shape[1:])
    whole = keras.Model(source, halves.decoder(halves.encoder(source)))
    with tempfile.TemporaryDirectory() as folder:
        whole.save(Path(folder) / "model.keras")
        size = (Path(folder) / "model.keras").stat().st_size
    return replace(
        _judged("keras", test, _made(test, encode, decode)),
        sizes={"full_bytes": size, "latent_bytes": halves.grid.count, "uncoded_latent_bytes": 4 * halves.grid.count},
        ratios=latent_ratios([test.shape[1:]], halves.grid.count),
        latency={
            "device": timed(lambda: encode(image), KERAS),
            "decoder": timed(lambda: decode(latent), KERAS),
            "full": timed(lambda: decode(encode(image)), KERAS),
        },
    )


def unrounded_row(model: ModelFolder, test: np.ndarray) -> Row:
    """The float network in Keras, its latent not rounded, as papers on autoencoders evaluate it.

    Such a latent is 4 bytes a value: no code, no bitstream, and so neither a nominal nor an actual ratio.
    """
    halves = load_halves(model, "float")
    latent_bytes, ends = 4 * halves.grid.count, grid_range(halves.grid)
    # Training clips the latent to the grid's ends: that belongs to the network, and the decoder knows nothing beyond.
    encode = tf.function(lambda image: tf.clip_by_value(halves.encoder(image), *ends))
    return replace(
        _judged("keras unrounded", test, _made(test, encode, tf.function(halves.decoder))),
        sizes={"uncoded_latent_bytes": latent_bytes},
        ratios={FLOAT32_LATENT: ratio([test.shape[1:]], latent_bytes)},
    )


def pca_row(train: np.ndarray, test: np.ndarray, dimensions: int) -> Row:
    """A PCA of as many coefficients as the latent has codes, fitted on the training images, not quantized."""
    flat = train.reshape(len(train), -1)
    mean = flat.mean(0, dtype=np.float64)
    covariance = np.zeros((flat.shape[1], flat.shape[1]))
    for batch in np.array_split(flat, max(len(flat) // 5000, 1)):
        centred = batch - mean
        covariance += centred.T @ centred
    _, vectors = np.linalg.eigh(covariance)
    basis = vectors[:, -dimensions:]
    restored = []
    for batch in np.array_split(test.reshape(len(test), -1), max(len(test) // 1000, 1)):
        centred = batch - mean
        restored.append(np.rint(np.clip(centred @ basis @ basis.T + mean, 0, 255)).astype(np.uint8))
    return _judged("pca", test, np.concatenate(restored).reshape(test.shape))


def _made(test: np.ndarray, encode: Callable[..., tf.Tensor], decode: Callable[..., tf.Tensor]) -> np.ndarray:
    """What two halves make of images, uint8."""
    outputs = [
        decode(encode(tf.constant(batch / np.float32(255)))).numpy()
        for batch in np.array_split(test, max(len(test) // 250, 1))
    ]
    return np.rint(np.clip(np.concatenate(outputs), 0, 1) * 255).astype(np.uint8)


def _judged(name: str, test: np.ndarray, made: np.ndarray) -> Row:
    metrics, perfect = means([judge_picture(*pair) for pair in zip(test, made, strict=True)])
    return Row(name, metrics=metrics, perfect_images=perfect)
