"""The stage tables: the codes that the int8 encoders make of the training images become coding frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np

from device.files import write_bytes
from device.outputs.entropy import SYMBOLS, TOTAL
from host.data import DataSet
from host.data.kept_images import read_images
from host.packaging.bundle_writer import array_bytes
from host.quantization.execution import TfliteEncoder
from host.quantization.recipes import TUNED, recipes
from host.spec.model_folder import ModelFolder
from host.spec.types import StageSpec
from host.tasks.compression.halves import convert, load_halves
from host.tasks.compression.model_files import TABLES
from host.training.distributed import Session


def fit_tables(model: ModelFolder, data: DataSet, stage: StageSpec, session: Session) -> dict[str, Any]:
    """Writes tables.npy, which all variants share: of the codes of all encoders that get a tuned decoder."""
    encoders = open_encoders(model)
    counts = sum(count_codes(encoder.codes(data.sample.array)) for encoder in encoders.values())
    write_bytes(model.folder / TABLES, array_bytes(code_frequencies(np.asarray(counts))))
    return {"variants": list(encoders), "images": len(data.sample)}


def open_encoders(model: ModelFolder) -> dict[str, TfliteEncoder]:
    """The converted encoders of the variants that get a tuned decoder, by variant; those that the spec has."""
    calibration = read_images(model).calibration / np.float32(255)
    encoders = {}
    for variant, recipe in recipes(model.spec).items():
        if variant in TUNED:
            halves = load_halves(model, recipe.weights)
            content = convert(halves, "encoder", recipe, calibration)
            encoders[variant] = TfliteEncoder(content, halves.grid)
    return encoders


def count_codes(codes: np.ndarray) -> np.ndarray:
    """How often each code appears in each channel.

    Args:
        codes: int8 (count, height, width, channels).

    Returns:
        int64 (channels, 256); column i is code i - 128.
    """
    channels = codes.shape[-1]
    shifted = codes.reshape(-1, channels).astype(np.int64) + 128 + SYMBOLS * np.arange(channels)
    return np.bincount(shifted.ravel(), minlength=channels * SYMBOLS).reshape(channels, SYMBOLS)


def code_frequencies(counts: np.ndarray) -> np.ndarray:
    """Counts to coding frequencies: every code keeps at least 1, each channel sums to 2**15 exactly.

    What is left after a 1 for every code is shared in proportion; the remainders go to the largest fractions
    (Hamilton's method), ties to the lower code.

    Args:
        counts: int64 (channels, 256).

    Returns:
        uint16 (channels, 256).
    """
    spare = TOTAL - SYMBOLS
    totals = counts.sum(1, keepdims=True)
    shares = np.where(totals > 0, counts / np.maximum(totals, 1), 1 / SYMBOLS) * spare
    frequencies = np.floor(shares).astype(np.int64)
    for row, share in zip(frequencies, shares, strict=True):
        left = spare - int(row.sum())
        row[np.argsort(row - share, kind="stable")[:left]] += 1
    return (frequencies + 1).astype(np.uint16)
