"""The converted model that a task hands to export, in memory: the bundle's contents, and the files that stay home."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class HomeNetwork:
    """A decoder, or another network that stays home.

    Attributes:
        files: content by file name; the first holds the weights, and its bytes are the network's size.
        shared: several tags use it; it is kept once for all of them.
        parameters, macs: of the network; None where nobody counted.
    """

    files: Mapping[str, bytes]
    shared: bool = False
    parameters: int | None = None
    macs: int | None = None


@dataclass(frozen=True)
class VariantFile:
    """One variant of a bundle.

    Attributes:
        name: of the bundle's variant, such as "int8_q3".
        family: the name without the quality; variants of one family are one curve.
        network: the .tflite file's content; variants with equal content share one file.
        output: what the device makes of the output tensor: a `Description` of one of `device.outputs`.
        files: what travels beside the network, by file name: those that `output.files()` names.
        home: by decoder: "own", then "tuned" where there is one; "full" is both halves in one file.
        quality: a codec's operating point, from 0.
        output_scale: offset in the file, and the float32 to write there, where this makes the operating point.
    """

    name: str
    family: str
    network: bytes
    output: Any
    files: Mapping[str, bytes]
    home: Mapping[str, HomeNetwork]
    quality: int | None = None
    output_scale: tuple[int, float] | None = None


@dataclass(frozen=True)
class Package:
    """One model, converted and checked.

    Attributes:
        input: how an image becomes tensors: the parsed "input" of one of `device.inputs`.
        samples: uint8 (count, height, width, channels).
        variants: at least one.
        left_out: variant -> why it cannot be converted.
        labels: the truth of each sample where that is not the image itself: int64 (count,).
        originals: uint8 (count, height, width, channels), what the samples were made of; None: the samples themselves.
        network: what the part that runs on the device is called; it is in the names of the files.
    """

    model: str
    task: str
    spec_sha256: str
    model_sha256: str
    input: Any
    samples: np.ndarray
    variants: tuple[VariantFile, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    labels: np.ndarray | None = None
    originals: np.ndarray | None = None
    network: str = "encoder"
