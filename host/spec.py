"""models/<name>/spec.json as frozen dataclasses; errors name the JSON path, what was found, what is available."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.files import read_json
from host.catalogue import INITIALIZERS, LAYERS
from host.errors import ModelError, SpecError

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


class _Reader:
    """Takes values out of one JSON object, knows its path, and refuses what nobody asked for."""

    def __init__(self, value: object, path: str, file: Path) -> None:
        self.path, self.file = path, file
        if not isinstance(value, dict):
            raise SpecError(f"{file}: {path or '$'}: expected an object, found {json.dumps(value)}")
        self.value = dict(value)
        self.known: list[str] = []

    def error(self, key: str, message: str) -> SpecError:
        return SpecError(f"{self.file}: {self.path}.{key}: {message}")

    def take(self, key: str, kind: type | tuple[type, ...], *default: Any) -> Any:
        self.known.append(key)
        if key not in self.value:
            if default:
                return default[0]
            raise self.error(key, "missing")
        found = self.value.pop(key)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if (isinstance(found, bool) and bool not in kinds) or not isinstance(found, kinds):
            names = " or ".join(k.__name__ for k in kinds)
            raise self.error(key, f"expected {names}, found {json.dumps(found)}")
        return found

    def choose(self, key: str, available: tuple[str, ...], *default: Any) -> str:
        found: str = self.take(key, str, *default)
        if found not in available:
            raise self.error(key, f"unknown value {json.dumps(found)}; available: {', '.join(available)}")
        return found

    def number(self, key: str, low: float, high: float, *default: Any) -> Any:
        found = self.take(key, (int, float) if isinstance(low, float) else int, *default)
        if not low <= found <= high:
            raise self.error(key, f"expected {low} to {high}, found {found}")
        return found

    def child(self, key: str, *default: Any) -> _Reader:
        return _Reader(self.take(key, dict, *default), f"{self.path}.{key}", self.file)

    def done(self) -> None:
        for key in self.value:
            raise self.error(key, f"unknown key; available: {', '.join(sorted(set(self.known)))}")


def _initializer(reader: _Reader) -> Json:
    value = reader.take("initializer", (str, dict), {})
    if not value:
        return {}
    inner = _Reader({"name": value} if isinstance(value, str) else value, f"{reader.path}.initializer", reader.file)
    name = inner.choose("name", tuple(INITIALIZERS))
    arguments = {key: inner.take(key, kind, default) for key, (kind, default) in INITIALIZERS[name].items()}
    inner.done()
    return {"name": name, **arguments}


def _layers(reader: _Reader, half: str) -> tuple[LayerSpec, ...]:
    source = "image" if half == "encoder" else "latent"
    known, layers = [source], []
    for index, value in enumerate(reader.take(half, list)):
        inner = _Reader(value, f"{reader.path}.{half}[{index}]", reader.file)
        layer = inner.choose("layer", tuple(LAYERS))
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
        kind = LAYERS[layer]
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
        initializer = _initializer(inner) if kind.weighted else {}
        inner.done()  # before what is missing: a misspelt key is both
        for key in kind.required:
            if key not in arguments:
                raise inner.error(key, "missing")
        layers.append(LayerSpec(layer, name, inputs, arguments, initializer))
        known.append(name)
    if not layers:
        raise reader.error(half, "no layers; the half needs at least one")
    return tuple(layers)


def _stage(reader: _Reader, key: str, epochs: int, rate: float) -> StageSpec:
    inner = reader.child(key, {})
    stage = StageSpec(
        inner.number("epochs", 1, 100_000, epochs),
        float(inner.number("learning_rate", 1e-9, 1.0, rate)),
        inner.number("patience", 1, 100_000, 10),
    )
    inner.done()
    return stage


def _recipe(reader: _Reader, images: int) -> Json:
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
    top = _Reader(value, "$", file)
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

    encoder, decoder = _layers(top, "encoder"), _layers(top, "decoder")

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
        name: _recipe(_Reader(recipe, f"$.quantization.recipes.{name}", file), images)
        for name, recipe in inner.take("recipes", dict, {}).items()
    }
    inner.done()
    top.done()

    digest = hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
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


def load_spec(name: str, models: Path = MODELS) -> Spec:
    """Reads models/<name>/spec.json.

    Raises:
        ModelError: no such model; the line lists those there are.
        SpecError: see `parse_spec`.
    """
    file = models / name / "spec.json"
    if not file.is_file():
        raise ModelError(f"{file}: no such model; available: {', '.join(list_models(models)) or 'none'}")
    return parse_spec(read_json(file, SpecError), file)


def list_models(models: Path = MODELS) -> list[str]:
    """The names below `models/` that have a spec.json, sorted."""
    return sorted(path.parent.name for path in models.glob("*/spec.json"))
