"""What a codec is trained on: photographs, or small pictures of one size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from host.data import cifar10
from host.data.photographs import Photographs, load_photographs
from host.errors import DataError
from host.tasks.codec.spec import CodecSpec


def load_codec_images(spec: CodecSpec, folder: Path | None) -> Photographs:
    """The images that a codec's spec names; raises DataError where they are missing or damaged."""
    if isinstance(spec.validation, tuple):
        return load_photographs(folder, spec.validation, spec.grid.before + spec.patch + spec.grid.after)
    if spec.patch + spec.grid.before + spec.grid.after > 32:
        raise DataError(f"{spec.name}: patches of {spec.patch} pixels do not fit CIFAR-10's 32 x 32; lower data.patch")
    images, _ = cifar10.load(folder)
    cut = len(images) - spec.validation
    shares = np.full(cut, 1 / cut)
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    return Photographs(tuple(images[:cut]), shares, tuple(images[cut:]), digest, turned=False)
