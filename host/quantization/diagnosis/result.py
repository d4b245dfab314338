"""What a diagnosis found. Decibels are signal to quantization noise: 10 log10(sum x^2 / sum (x - x_quantized)^2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HARMLESS, FEW, SPREAD, OUTPUT = "harmless", "few layers", "spread", "output"


@dataclass(frozen=True)
class LayerError:
    """One layer; both ratios are None where nothing was lost.

    Attributes:
        ops: the operations of the file that compute it.
        sqnr_db: of its output in the quantized file: its own error and that of all layers before it.
        own_sqnr_db: with exact inputs: only its weights and its output are rounded.
        share_percent: of the errors that the layers, each quantized alone, make in the network's output.
        minimum, maximum: of its output in float32.
        scale: of its output in the quantized file, the step between two integers; None where that is float32.
    """

    layer: str
    ops: tuple[str, ...]
    sqnr_db: float | None
    own_sqnr_db: float | None
    share_percent: float
    minimum: float
    maximum: float
    scale: float | None


@dataclass(frozen=True)
class Kept:
    """Layers kept from int8, and what that brings; computed, not measured in a converted file.

    Attributes:
        layers: layer -> "int16" or "float32".
        expected_sqnr_db: of the network's output.
        gain_percent: of the error that all layers together make, what these no longer make.
        added_weight_bytes: what their weights take more.
    """

    layers: Mapping[str, str]
    expected_sqnr_db: float | None
    gain_percent: float
    added_weight_bytes: int


@dataclass(frozen=True)
class NetworkDiagnosis:
    """One network.

    Attributes:
        network: its name, such as "encoder".
        sqnr_db: of its output in the quantized file.
        expected_sqnr_db: the same as computed; `steps` start there.
        best_sqnr_db: computed with every layer in float32; what remains is the rounding of the network's ends.
        layers: the worst output first.
        steps: layers added one by one, each time those that bring most.
        verdict: HARMLESS: nothing hurts. OUTPUT: what hurts is the rounding of the output. FEW: `advice` brings most
            of what can be had. SPREAD: no few layers do.
    """

    network: str
    sqnr_db: float | None
    expected_sqnr_db: float | None
    best_sqnr_db: float | None
    layers: tuple[LayerError, ...]
    steps: tuple[Kept, ...]
    verdict: str
    advice: Kept | None = None


@dataclass(frozen=True)
class Diagnosis:
    """One variant of a model.

    Attributes:
        images: calibration images that were measured.
        model_sha256, spec_sha256: of the model that was diagnosed, as in a `Result`.
        tag: of the exported variant, as in a `Result`; of a codec the finest quality's. None where the model was not
            exported in this state.
        recipe: {variant: recipe} for "recipes" in the spec's "quantization"; {} without advice.
    """

    model: str
    task: str
    variant: str
    images: int
    networks: tuple[NetworkDiagnosis, ...]
    model_sha256: str
    spec_sha256: str
    tag: str | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
