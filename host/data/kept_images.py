"""images.npz: the few images that a model keeps beside its weights, so that export needs no data set."""

from __future__ import annotations

import io
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np

from device.errors import one_line
from device.files import write_bytes
from host.errors import ModelError
from host.spec.model_folder import ModelFolder

FILE_NAME = "images.npz"


@dataclass(frozen=True)
class ModelImages:
    """What calibrates conversions, of the training split, and what the device measures with, of the test split.

    Attributes:
        calibration, samples: uint8 (count, height, width, channels).
        labels: of the samples, int64 (count,), where the data set has some.
    """

    calibration: np.ndarray
    samples: np.ndarray
    labels: np.ndarray | None = None


def read_images(model: ModelFolder) -> ModelImages:
    """A trained model's images; raises ModelError where they are missing or damaged."""
    path = model.made(FILE_NAME, "float")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return ModelImages(arrays["calibration"], arrays["samples"], arrays.get("labels"))
    except (BadZipFile, ValueError, KeyError, EOFError) as error:
        raise ModelError(f"{path}: damaged ({one_line(error)}); restore it or train again") from None


def save_images(model: ModelFolder, images: ModelImages) -> None:
    """Keeps what `read_images` reads."""
    truth = {} if images.labels is None else {"labels": images.labels}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, calibration=images.calibration, samples=images.samples, **truth)
    write_bytes(model.folder / FILE_NAME, buffer.getvalue())
