"""models/<name>/spec.json as frozen dataclasses; errors name the JSON path, what was found, what is available."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.files import read_json
from host.catalogue import INITIALIZERS, LAYERS, LayerKind
from host.errors import ModelError, SpecError
from host.reader import Reader

FORMAT_VERSION = 1  # 1: layers, data, latent, training, quantization
DATASETS = ("cifar10", "mnist", "photos")
LOSSES = ("mse", "mae")
WEIGHTS = ("float", "qat")
CONVERSIONS = ("float32", "float16", "dynamic_range", "int8", "int16x8")
MODELS = Path(__file__).resolve().parent.parent / "models"

Json = dict[str, Any]


@dataclass(frozen=True)
class LayerSpec:
    """One layer: a Keras class name, the layers it reads, the arguments that Keras takes, and how it starts."""

    layer: str
    name: str
    inputs: tuple[str, ...]
    arguments: Json
    initializer: Json  # {"name": ..., arguments}; {} is Keras' default


@dataclass(frozen=True)
class DataSpec:
    """Where images come from; `size` is the side of a patch and only `photos` takes it."""

    dataset: str
    size: int
    validation: int
    flip: bool

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of an image."""
        return {"cifar10": (32, 32, 3), "mnist": (28, 28, 1)}.get(self.dataset, (self.size, self.size, 3))


@dataclass(frozen=True)
class StageSpec:
    """One training stage: Adam, cosine decay from `learning_rate` to zero, stopped early after `patience` epochs."""

    epochs: int
    learning_rate: float
    patience: int


@dataclass(frozen=True)
class TrainingSpec:
    loss: str
    batch_size: int
    seed: int
    float_: StageSpec
    qat: StageSpec
    tune: StageSpec


@dataclass(frozen=True)
class QuantizationSpec:
    calibration_images: int
    recipes: Json  # further recipes, by name: {"weights", "conversion", "calibration_images"}


@dataclass(frozen=True)
class Spec:
    """One model.

    Attributes:
        latent_scale: one code in units of the latent while the stage float trains.
        latent_bits: entropy per code that the scale is then chosen for; None keeps `latent_scale`.
        digest: sha256 of spec.json's content, whatever its white space.
    """

    name: str
    task: str
    data: DataSpec
    latent_scale: float
    latent_bits: float | None
    encoder: tuple[LayerSpec, ...]
    decoder: tuple[LayerSpec, ...]
    training: TrainingSpec
    quantization: QuantizationSpec
    folder: Path
    digest: str


def _initializer(reader: Reader, available: dict[str, Any]) -> Json:
    value = reader.take("initializer", (str, dict), {})
    if not value:
        return {}
    inner = Reader({"name": value} if isinstance(value, str) else value, f"{reader.path}.initializer", reader.file)
    name = inner.choose("name", tuple(available))
    arguments = {key: inner.take(key, kind, default) for key, (kind, default) in available[name].items()}
    inner.done()
    return {"name": name, **arguments}


def read_layers(
    reader: Reader,
    half: str,
    sources: tuple[str, ...],
    kinds: dict[str, LayerKind] = LAYERS,
    initializers: dict[str, Any] = INITIALIZERS,
) -> tuple[LayerSpec, ...]:
    """A half's list of layers.

    Args:
        half: the key that holds it.
        sources: what the half reads, by the names that layers give as input; the first layer's default is the last.
        kinds, initializers: what a layer may be and how it may start.

    Raises:
        SpecError: one line with the JSON path.
    """
    known, layers = list(sources), []
    for index, value in enumerate(reader.take(half, list)):
        inner = Reader(value, f"{reader.path}.{half}[{index}]", reader.file)
        layer = inner.choose("layer", tuple(kinds))
        name = inner.take("name", str, f"{half}_{index}_{layer.lower()}")
        if name in known:
            raise inner.error("name", f"{json.dumps(name)} is taken; every layer of a half needs its own name")
        inputs = inner.take("input", (str, list), known[-1])
        inputs = (inputs,) if isinstance(inputs, str) else tuple(inputs)
        if not inputs:
            raise inner.error("input", f"no layer named; available: {', '.join(known)}")
        for entry in inputs:
            if entry not in known:
                raise inner.error("input", f"unknown layer {json.dumps(entry)}; available: {', '.join(known)}")
        kind = kinds[layer]
        if (len(inputs) > 1) != kind.merges:
            raise inner.error(
                "input", f"{layer} takes {'several inputs' if kind.merges else 'one input'}, found {len(inputs)}"
            )
        arguments = {key: inner.take(key, types) for key, types in kind.arguments.items() if key in inner.value}
        inner.known.extend(kind.arguments)
        if arguments.get("activation", "linear") not in kind.activations:
            raise inner.error(
                "activation",
                f"unknown value {json.dumps(arguments['activation'])}; available: {', '.join(kind.activations)}",
            )
        initializer = _initializer(inner, initializers) if kind.weighted else {}
        inner.done()  # before what is missing: a misspelt key is both
        for key in kind.required:
            if key not in arguments:
                raise inner.error(key, "missing")
        layers.append(LayerSpec(layer, name, inputs, arguments, initializer))
        known.append(name)
    if not layers:
        raise reader.error(half, "no layers; the half needs at least one")
    return tuple(layers)


def _stage(reader: Reader, key: str, epochs: int, rate: float) -> StageSpec:
    inner = reader.child(key, {})
    stage = StageSpec(
        inner.number("epochs", 1, 100_000, epochs),
        float(inner.number("learning_rate", 1e-9, 1.0, rate)),
        inner.number("patience", 1, 100_000, 10),
    )
    inner.done()
    return stage


def _recipe(reader: Reader, images: int) -> Json:
    recipe = {
        "weights": reader.choose("weights", WEIGHTS),
        "conversion": reader.choose("conversion", CONVERSIONS),
        "calibration_images": reader.number("calibration_images", 1, images, images),
    }
    reader.done()
    return recipe


def parse_spec(value: object, file: Path) -> Spec:
    """Checks a parsed spec.json.

    Raises:
        SpecError: an unknown key, layer or value, a missing or ill-typed one; one line with the JSON path.
    """
    top = Reader(value, "$", file)
    version = top.take("format_version", int)
    if version != FORMAT_VERSION:
        raise top.error(
            "format_version",
            f"expected {FORMAT_VERSION}, found {version}; "
            f"{'update splitlite' if version > FORMAT_VERSION else 'write the spec anew'}",
        )
    task = top.choose("task", ("compression",), "compression")
    top.take("description", str, "")

    inner = top.child("data")
    dataset = inner.choose("dataset", DATASETS)
    size = inner.number("size", 16, 4096, 32) if dataset == "photos" else 0
    data = DataSpec(dataset, size, inner.number("validation", 1, 1_000_000, 5000), inner.take("flip", bool, False))
    inner.done()

    inner = top.child("latent", {})
    scale = float(inner.number("scale", 1e-6, 1e6, 1.0))
    bits = float(inner.number("bits", 0.01, 8.0)) if "bits" in inner.value else None
    inner.known.append("bits")
    inner.done()

    encoder, decoder = read_layers(top, "encoder", ("image",)), read_layers(top, "decoder", ("latent",))

    inner = top.child("training")
    training = TrainingSpec(
        inner.choose("loss", LOSSES),
        inner.number("batch_size", 1, 65536, 64),
        inner.number("seed", 0, 2**31 - 1, 1),
        _stage(inner, "float", 40, 1e-3),
        _stage(inner, "qat", 12, 2e-4),
        _stage(inner, "tune", 6, 2e-4),
    )
    inner.done()

    inner = top.child("quantization", {})
    images = inner.number("calibration_images", 1, 10_000, 300)
    recipes = {
        name: _recipe(Reader(recipe, f"$.quantization.recipes.{name}", file), images)
        for name, recipe in inner.take("recipes", dict, {}).items()
    }
    inner.done()
    top.done()

    digest = digest_of(value)
    return Spec(
        file.parent.name,
        task,
        data,
        scale,
        bits,
        encoder,
        decoder,
        training,
        QuantizationSpec(images, recipes),
        file.parent,
        digest,
    )


def digest_of(value: object) -> str:
    """sha256 of a parsed JSON file, whatever its white space."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def load_spec(name: str, models: Path = MODELS) -> Spec:
    """Reads models/<name>/spec.json.

    Raises:
        ModelError: no such model; the line lists those there are.
        SpecError: see `parse_spec`.
    """
    return parse_spec(*read_spec(name, models))


def read_spec(name: str, models: Path = MODELS) -> tuple[Json, Path]:
    """models/<name>/spec.json as it is written, and its path.

    Raises:
        ModelError: no such model; the line lists those there are.
        SpecError: no JSON.
    """
    file = models / name / "spec.json"
    if not file.is_file():
        available = list_models(models, None)
        raise ModelError(f"{file}: no such model; available: {', '.join(available) or 'none'}")
    return read_json(file, SpecError), file


def list_models(models: Path = MODELS, task: str | None = "compression") -> list[str]:
    """The names below `models/` whose spec.json is of a task (None: of any), sorted."""
    names = sorted(path.parent.name for path in models.glob("*/spec.json"))
    return [name for name in names if task in (None, task_of(name, models))]


def task_of(name: str, models: Path = MODELS) -> str:
    """A model's task; a spec that cannot be read counts as `compression`, whose reader says what is wrong."""
    try:
        value = read_json(models / name / "spec.json", SpecError)
    except SpecError:
        return "compression"
    return value.get("task", "compression") if isinstance(value, dict) else "compression"
