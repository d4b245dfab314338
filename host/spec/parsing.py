"""models/<name>/spec.json as frozen dataclasses; errors name the JSON path, what was found, what is available."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from device.files import read_json
from host.errors import ModelError, SpecError
from host.spec.catalogue import LOSSES
from host.spec.fields import LATENT_DIMS, REQUIRED, integer
from host.spec.layer_lists import LayerSpec, read_layers, read_named
from host.spec.overrides import overridden
from host.spec.reader import Reader, offer
from host.spec.sections import (
    ADVERSARIAL,
    DATA,
    DATASETS,
    FOLDER_DATA,
    FORMAT_VERSION,
    LATENT,
    LEAST_SIDES,
    NAMED,
    NATIVE_SHAPES,
    QUANTIZATION,
    RECIPE,
    STAGES,
    TFDS,
    TRAINING,
    WEIGHT,
)

MODELS = Path(__file__).resolve().parents[2] / "models"

Json = dict[str, Any]


@dataclass(frozen=True)
class DataSpec:
    """Where images come from, and what is made of them.

    Attributes:
        size: a side or (height, width) that images are brought to; 0 keeps those of a data set that has one.
        path: of the data set `folder`: absolute, or below the folder of data sets.
        color: "grayscale" or "rgb"; "" keeps the data set's.
        fit: "resize" the image, or "crop" a part of it, in training at a random place.
        flip, rotation, zoom: augmentation: mirrored or not, up to so many degrees, enlarged or shrunk by up to a share.
        stream: of a folder: read images as training goes along; None: where they are more than memory should hold.
    """

    dataset: str
    size: int | tuple[int, int]
    validation: int
    flip: bool
    path: str = ""
    color: str = ""
    fit: str = "resize"
    rotation: float = 0.0
    zoom: float = 0.0
    stream: bool | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of an image."""
        height, width, channels = NATIVE_SHAPES.get(self.dataset, (0, 0, 3))
        if self.size:
            height, width = self.size if isinstance(self.size, tuple) else (self.size, self.size)
        return height, width, {"grayscale": 1, "rgb": 3}.get(self.color, channels)

    @property
    def augments(self) -> bool:
        """Whether training changes its images by more than mirroring them."""
        return self.fit == "crop" or bool(self.rotation or self.zoom)


@dataclass(frozen=True)
class StageSpec:
    """One training stage, stopped early after `patience` epochs without a better validation.

    Attributes:
        optimizer, schedule: {"name": of `OPTIMIZERS`, `SCHEDULES`, and its arguments}; the same in every stage.
    """

    epochs: int
    learning_rate: float
    patience: int
    optimizer: Json = field(default_factory=lambda: {"name": "adam"})
    schedule: Json = field(default_factory=lambda: {"name": "cosine", "final": 0.0})


@dataclass(frozen=True)
class LossTerm:
    """A part of the loss: what, times how much of it, with what arguments."""

    name: str
    weight: float = 1.0
    arguments: Json = field(default_factory=dict)


@dataclass(frozen=True)
class AdversarialSpec:
    """How much the discriminator's verdict counts in the loss, and the rate that it learns at."""

    weight: float
    learning_rate: float


@dataclass(frozen=True)
class TrainingSpec:
    """`loss`: the terms in words, for people."""

    loss: str
    terms: tuple[LossTerm, ...]
    batch_size: int
    seed: int
    float_: StageSpec
    qat: StageSpec
    tune: StageSpec
    adversarial: AdversarialSpec | None = None
    mixed_precision: bool = False


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
        discriminator: layers that training with an adversarial term has beside the halves; not exported.
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
    file: Path
    digest: str
    discriminator: tuple[LayerSpec, ...] = ()

    @property
    def folder(self) -> Path:
        """models/<name>."""
        return self.file.parent


def _stage(reader: Reader, key: str, optimizer: Json, schedule: Json) -> StageSpec:
    values = reader.child(key, {}).fields(STAGES[key])
    return StageSpec(values["epochs"], float(values["learning_rate"]), values["patience"], optimizer, schedule)


def _loss(reader: Reader, image_shape: tuple[int, int, int]) -> tuple[LossTerm, ...]:
    value = reader.take("loss", (str, dict))
    inner = Reader({value: {}} if isinstance(value, str) else value, f"{reader.path}.loss", reader.file)
    if not inner.value:
        raise reader.error("loss", f"no loss named; available: {', '.join(LOSSES)}")
    terms = []
    for name in list(inner.value):
        if name not in LOSSES:
            raise reader.error(
                "loss" if isinstance(value, str) else f"loss.{name}",
                f"unknown value {json.dumps(name)}; {offer(name, LOSSES)}",
            )
        entry = inner.take(name, (int, float, dict))
        table = {"weight": WEIGHT, **LOSSES[name]}
        found = Reader(entry if isinstance(entry, dict) else {"weight": entry}, f"{inner.path}.{name}", reader.file)
        arguments = found.fields(table)
        terms.append(LossTerm(name, float(arguments.pop("weight")), arguments))
        least = LEAST_SIDES.get(name, 1)
        if min(image_shape[:2]) < least:
            raise reader.error(
                f"loss.{name}",
                f"expected images with sides of at least {least} pixels, found {image_shape[0]} x {image_shape[1]}; "
                "choose another loss or larger images",
            )
    return tuple(terms)


def _adversarial(reader: Reader, discriminator: bool) -> AdversarialSpec | None:
    given = "adversarial" in reader.value
    if given != discriminator:
        missing = "$.discriminator has no layers" if given else "$.discriminator has layers that nothing trains"
        raise reader.error("adversarial", f"{missing}; the two belong together: write both, or neither")
    reader.known.append("adversarial")
    if not given:
        return None
    values = reader.child("adversarial").fields(ADVERSARIAL)
    return AdversarialSpec(float(values["weight"]), float(values["learning_rate"]))


def _in_words(terms: tuple[LossTerm, ...]) -> str:
    words = []
    for term in terms:
        arguments = ", ".join(f"{key} {value:g}" for key, value in term.arguments.items())
        words.append(
            (f"{term.weight:g} " if term.weight != 1 else "") + term.name + (f" ({arguments})" if arguments else "")
        )
    return " + ".join(words)


def _recipe(reader: Reader, images: int) -> Json:
    recipe = reader.fields(RECIPE)
    found = recipe.setdefault("calibration_images", images)
    if found > images:
        raise reader.error(
            "calibration_images",
            f"expected 1 to {images}, found {found}; $.quantization.calibration_images keeps as many",
        )
    return recipe


def _data(reader: Reader) -> DataSpec:
    dataset = reader.take("dataset", str)
    if dataset not in DATASETS and not (dataset.startswith(TFDS) and len(dataset) > len(TFDS)):
        raise reader.error(
            "dataset", f"unknown value {json.dumps(dataset)}; {offer(dataset, (*DATASETS, f'{TFDS}NAME'))}"
        )
    table = dict(DATA)
    if dataset != "folder":
        table = {key: field for key, field in table.items() if key not in FOLDER_DATA}
    if dataset == "photos":
        table["size"] = integer(16, 4096, 32)
    elif dataset not in NATIVE_SHAPES:
        table["size"] = replace(table["size"], default=REQUIRED)
    values = reader.fields(table)
    size = values.pop("size", 0)
    return DataSpec(dataset, tuple(size) if isinstance(size, list) else size, **values)


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
    top.take("$schema", str, "")

    data = _data(top.child("data"))

    latent = top.child("latent", {}).fields(LATENT)
    top.sizes = {LATENT_DIMS: latent["dims"]} if "dims" in latent else {}
    encoder, decoder = read_layers(top, "encoder", ("image",)), read_layers(top, "decoder", ("latent",))
    if "dims" in latent and LATENT_DIMS not in json.dumps([value["encoder"], value["decoder"]]):
        raise top.error("latent.dims", f'no layer reads it; write "{LATENT_DIMS}" for a number of one, or leave it out')

    discriminator = read_layers(top, "discriminator", ("image",)) if "discriminator" in top.value else ()
    top.known.append("discriminator")
    inner = top.child("training")
    adversarial = _adversarial(inner, bool(discriminator))
    terms = _loss(inner, data.image_shape)
    named = [read_named(inner, key, available, default) for key, (available, default) in NAMED.items()]
    stages = {key: _stage(inner, key, *named) for key in STAGES}
    training = TrainingSpec(
        _in_words(terms),
        terms,
        **inner.fields(TRAINING),
        float_=stages["float"],
        qat=stages["qat"],
        tune=stages["tune"],
        adversarial=adversarial,
    )

    inner = top.child("quantization", {})
    recipes = inner.take("recipes", dict, {})
    images = inner.fields(QUANTIZATION)["calibration_images"]
    recipes = {
        name: _recipe(Reader(recipe, f"$.quantization.recipes.{name}", file), images)
        for name, recipe in recipes.items()
    }
    top.done()

    digest = digest_of(value)
    return Spec(
        file.parent.name,
        task,
        data,
        float(latent["scale"]),
        float(latent["bits"]) if "bits" in latent else None,
        encoder,
        decoder,
        training,
        QuantizationSpec(images, recipes),
        file,
        digest,
        discriminator,
    )


def digest_of(value: object) -> str:
    """sha256 of a parsed JSON file, whatever its white space."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def load_spec(name: str, models: Path = MODELS, overrides: Mapping[str, Any] | None = None) -> Spec:
    """Reads models/<name>/spec.json.

    Args:
        overrides: values by JSON path that stand in for the file's; None: those that training.json records, so that
            what was trained is what is exported.

    Raises:
        ModelError: no such model; the line lists those there are.
        SpecError: see `parse_spec`.
    """
    value, file = read_spec(name, models)
    if overrides is None:
        overrides = recorded_overrides(file.parent)
    return parse_spec(overridden(value, overrides), file)


def recorded_overrides(folder: Path) -> Json:
    """The overrides that a model was trained with; {} without training.json."""
    record = folder / "training.json"
    found = read_json(record, ModelError).get("overrides", {}) if record.is_file() else {}
    return found if isinstance(found, dict) else {}


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
