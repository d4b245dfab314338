"""Weights files: HDF5, one array a weight, in the order of the model's layers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import tf_keras as keras

from host.errors import ModelError


def save_weights(path: Path, models: Mapping[str, keras.Model], *, half: bool = False) -> None:
    """Writes `<network>/<index>` for every weight of every network, atomically.

    Args:
        half: in float16.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=path.parent, suffix=".h5")
    os.close(handle)
    try:
        with h5py.File(scratch, "w") as file:
            for name, model in models.items():
                for index, weight in enumerate(model.weights):
                    entry = file.create_dataset(f"{name}/{index:03d}", data=_kept(weight.numpy(), half))
                    entry.attrs["weight"] = weight.name
        os.chmod(scratch, 0o644)
        os.replace(scratch, path)
    except BaseException:
        os.unlink(scratch)
        raise


def _kept(value: np.ndarray, half: bool) -> np.ndarray:
    if not half or value.dtype != np.float32:
        return value
    with np.errstate(over="ignore"):
        short = value.astype(np.float16)
    return short if np.isfinite(short).all() else value  # a variance may be too large for 16 bits


def load_weights(path: Path, models: Mapping[str, keras.Model]) -> None:
    """Reads what `save_weights` wrote into models of the same spec.

    Raises:
        ModelError: no such file, a damaged one, or weights of another network.
    """
    if not path.is_file():
        raise ModelError(f"{path}: missing; make it with `host train {path.parent.name}`")
    try:
        with h5py.File(path) as file:
            for half, model in models.items():
                found = {name: entry[()] for name, entry in file[half].items()} if half in file else {}
                expected = {f"{index:03d}": weight for index, weight in enumerate(model.weights)}
                shapes = {name: tuple(value.shape) for name, value in found.items()}
                wanted = {name: tuple(weight.shape) for name, weight in expected.items()}
                if shapes != wanted:
                    differing = sorted(set(shapes.items()) ^ set(wanted.items()))[0]
                    raise ModelError(
                        f"{path}: weights of another network ({half}/{differing[0]}: "
                        f"found {shapes.get(differing[0])}, the spec has {wanted.get(differing[0])}); "
                        "train again, or go back to the spec that they belong to"
                    )
                for name, weight in expected.items():
                    weight.assign(found[name])
    except OSError as error:
        raise ModelError(f"{path}: not a readable weights file ({error}); restore it or train again") from error
