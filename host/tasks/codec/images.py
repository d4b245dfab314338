"""What a codec is trained on: photographs, or small pictures of one size."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from host.data import cifar10
from host.data.photographs import Photographs, load_photographs
from host.tasks.codec.spec import CodecSpec


def load_codec_images(spec: CodecSpec, folder: Path | None) -> Photographs:
    """The images that a codec's spec names; raises DataError where they are missing or damaged."""
    validation = spec.spec.data.validation
    if isinstance(validation, tuple):
        return load_photographs(folder, validation, spec.grid.before + spec.patch + spec.grid.after)
    images, _ = cifar10.load(folder)
    cut = len(images) - validation
    shares = np.full(cut, 1 / cut)
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    return Photographs(tuple(images[:cut]), shares, tuple(images[cut:]), digest, turned=False)
