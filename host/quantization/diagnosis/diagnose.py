"""Diagnoses a variant of a trained model: every network of it that is quantized."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from host.progress import no_bar
from host.quantization.diagnosis.advice import advise
from host.quantization.diagnosis.graph import Graph
from host.quantization.diagnosis.kept import IMAGES, KEEP, exported_tag
from host.quantization.diagnosis.measuring import Measured, decibels
from host.quantization.diagnosis.pair import NetworkPair, Pairs, chosen_inputs
from host.quantization.diagnosis.result import Diagnosis, NetworkDiagnosis
from host.quantization.diagnosis.simulation import Simulation

if TYPE_CHECKING:
    from host.spec.model_folder import ModelFolder
    from host.tasks.task import Task

MIXED = "mixed"  # the conversion that keeps layers from int8
VARIANT = "int8"


def diagnose(
    task: Task,
    model: ModelFolder,
    variant: str = VARIANT,
    images: int = IMAGES,
    keep: str = KEEP,
    bundle: Path | None = None,
) -> Diagnosis:
    """Measures every layer of every network of a variant, and finds what to keep from int8.

    Args:
        images: at most so many of the calibration images.
        keep: the type to advise, "float32" or "int16"; see `advise`.
        bundle: the folder of the model's bundle, for the variant's tag; None: without one.

    Raises:
        DiagnosisError: no such variant, or its activations are no integers.
        ModelError: weights or images are missing.
        ExportError: the network cannot be converted.
    """
    digest = model.digest()
    pairs = task.pairs(model, variant)
    with tqdm(desc=f"{model.spec.name} {variant}", unit="run", file=sys.stderr, disable=no_bar()) as bar:
        found = tuple(diagnose_network(pair, images, keep, bar.update) for pair in pairs.networks)
    count = max(len(chosen_inputs(pair.inputs, images)) for pair in pairs.networks)
    # A task whose networks that conversion does not take has no recipe for it.
    recipe = _recipe(pairs, variant, found) if MIXED in task.sections.conversions else {}
    tag = exported_tag(bundle, digest, variant) if bundle else None
    spec = model.spec
    return Diagnosis(spec.name, spec.task, variant, count, found, digest, spec.digest, tag, recipe)


def diagnose_network(
    pair: NetworkPair, images: int = IMAGES, keep: str = KEEP, advance: Callable[[], object] = lambda: None
) -> NetworkDiagnosis:
    """One network; `advance` is called after each simulated network that was run."""
    simulation = Simulation(Graph(pair.float32, pair.layers), Graph(pair.quantized, pair.layers))
    measured = Measured(simulation, chosen_inputs(pair.inputs, images), pair.output_range)
    layers = measured.layers(advance)
    advice = advise(measured, layers, keep, advance)
    return NetworkDiagnosis(
        pair.network,
        decibels(measured.quantized_output_noise()),
        decibels(advice.expected),
        decibels(advice.best),
        layers,
        advice.steps,
        advice.verdict,
        advice.chosen,
    )


def _recipe(pairs: Pairs, variant: str, found: Sequence[NetworkDiagnosis]) -> dict[str, Any]:
    advised = [network for network in found if network.advice]
    if not advised or pairs.aware:
        return {}
    places = Counter(each.layer for network in found for each in network.layers)
    layers = {
        layer if places[layer] == 1 else f"{network.network}/{layer}": kind
        for network in advised
        if network.advice
        for layer, kind in network.advice.layers.items()
    }
    recipe: dict[str, Any] = {"weights": pairs.recipe.weights, "conversion": MIXED, "layers": layers}
    if pairs.recipe.calibration_images:
        recipe["calibration_images"] = pairs.recipe.calibration_images
    return {f"{variant}_{MIXED}": recipe}
