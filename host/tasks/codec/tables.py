"""The stage tables: what the device codes with, fitted to the codes that the int8 encoder makes of the training
photographs; and three photographs that travel as samples.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from device.files import sha256_bytes, write_bytes
from device.outputs.context_codes.coder import ContextCoder
from device.outputs.context_codes.tables import ContextTables, parse_context_tables
from device.stream import HEADER_BYTES
from host.data import DataSet
from host.errors import ModelError
from host.networks.weights import load_weights
from host.packaging.bundle_writer import array_bytes
from host.progress import say
from host.spec.model_folder import ModelFolder
from host.spec.types import StageSpec
from host.tasks.codec.context_tables import fit_context_tables
from host.tasks.codec.int8 import Int8Encoder, convert_encoder
from host.tasks.codec.networks import build_codec
from host.training.distributed import Session

TABLES = "tables.q{}.npy"  # of a quality
EXPORTED_BLOCKS = (4, 48)  # of the converted file's own size; the device gives it another
SAMPLE_SHAPE = (256, 384)
SAMPLES = 3
SMALL_SAMPLES = 16  # of images smaller than that, whole
MOST_IMAGES = 3000  # to fit to


def fit_tables(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Writes tables.q<quality>.npy for the int8 encoder of float.weights.h5, and samples.npy.

    Returns:
        "encoder_sha256", and under "qualities" a row each: "validation_bpp" of real bitstreams, "bytes" of the tables.

    Raises:
        ModelError: no weights of the stage float.
    """
    spec = model.spec
    codec = build_codec(spec)
    load_weights(model.weights("float"), {"encoder": codec.encoder})
    content = convert_encoder(codec, *EXPORTED_BLOCKS)
    encoder = Int8Encoder(content, spec)
    train, validation = data.train.pictures, data.validation.pictures
    write_bytes(spec.folder / "samples.npy", array_bytes(samples_of(validation)))
    rows = []
    for quality in range(len(spec.options.qualities)):
        started = time.perf_counter()
        step = -(-len(train) // MOST_IMAGES)
        tables = fit_context_tables([encoder.image_codes(train[i], quality) for i in range(0, len(train), step)])
        write_bytes(spec.folder / TABLES.format(quality), array_bytes(tables.vector))
        bpp = float(np.mean([_bpp(tables, encoder, image, quality) for image in validation]))
        rows.append({"quality": quality, "validation_bpp": bpp, "bytes": 2 * len(tables.vector)})
        elapsed = time.perf_counter() - started
        say(f"{spec.name} {stage.name}: quality {quality}: {bpp:.4f} bpp, {elapsed:.0f} s")
    return {"encoder_sha256": sha256_bytes(content), "qualities": rows}


def read_tables(model: ModelFolder) -> list[ContextTables]:
    """The tables of every quality; raises ModelError where they are missing."""
    files = [model.made(TABLES.format(quality), "tables") for quality in range(len(model.spec.options.qualities))]
    return [parse_context_tables(file.read_bytes(), file) for file in files]


def samples_of(images: Sequence[np.ndarray]) -> np.ndarray:
    """The middles of the first few landscapes: uint8 (count, *SAMPLE_SHAPE, 3); small images of one size whole."""
    height, width = SAMPLE_SHAPE
    if all(image.shape == images[0].shape and max(image.shape) < width for image in images):
        return np.stack(list(images)[:SMALL_SAMPLES])
    fitting = [image for image in images if image.shape[0] >= height and image.shape[1] >= width]
    wide = [image for image in fitting if image.shape[1] > image.shape[0]] or fitting
    if not wide:
        raise ModelError(f"no validation photograph of {height} x {width} pixels to take a sample of")
    corners = [((image.shape[0] - height) // 2, (image.shape[1] - width) // 2) for image in wide[:SAMPLES]]
    return np.stack([image[y : y + height, x : x + width] for image, (y, x) in zip(wide, corners, strict=False)])


def _bpp(tables: ContextTables, encoder: Int8Encoder, image: np.ndarray, quality: int) -> float:
    codes = encoder.image_codes(image, quality)
    length = HEADER_BYTES + len(ContextCoder(tables, codes.shape).encode(codes))
    return 8 * length / (image.shape[0] * image.shape[1])
