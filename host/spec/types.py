"""A spec.json as frozen dataclasses: what every other room reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

NATIVE_SHAPES = {  # of the data sets whose images all have one size
    "cifar10": (32, 32, 3),
    "cifar100": (32, 32, 3),
    "mnist": (28, 28, 1),
    "fashion_mnist": (28, 28, 1),
}
WHOLE = "whole"  # the value of data.fit that keeps images as they are


@dataclass(frozen=True)
class FolderPath:
    """One folder of images.

    Attributes:
        path: absolute, or below the folder of data sets.
        scale: the images are brought to this share of their size.
        weight: how much more often than elsewhere a pixel of these images is drawn.
    """

    path: str
    scale: float = 1.0
    weight: float = 1.0


@dataclass(frozen=True)
class DataSpec:
    """Where images come from, and what is made of them.

    Attributes:
        size: a side or (height, width) that images are brought to, or, where whole images are kept, of the patches
            that training draws; 0 keeps the size of a data set that has one.
        validation: how many training images are set aside, or the names of those of the first folder.
        paths: of the data set `folder`.
        test: of the data set `folder`: the folder of the test images; "" looks for one in the paths.
        color: "grayscale" or "rgb"; "" keeps the data set's.
        fit: "resize" the image, "crop" a part of it, in training at a random place, or keep it "whole".
        flip, turn: training mirrors images left to right, or turns them by quarters and mirrors them both ways.
        rotation, zoom: training turns images by up to so many degrees, and scales them by up to this share.
        shift: training moves images by up to so many pixels; the border is mirrored.
        stream: of a folder: read images as training goes along; None: where they are more than memory should hold.
    """

    dataset: str
    size: int | tuple[int, int]
    validation: int | tuple[str, ...]
    paths: tuple[FolderPath, ...] = ()
    test: str = ""
    color: str = ""
    fit: str = "resize"
    flip: bool = False
    turn: bool = False
    rotation: float = 0.0
    shift: int = 0
    zoom: float = 0.0
    stream: bool | None = None

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of an image, or of a patch of one that is kept whole."""
        height, width, channels = NATIVE_SHAPES.get(self.dataset, (0, 0, 3))
        if self.size:
            height, width = self.size if isinstance(self.size, tuple) else (self.size, self.size)
        return height, width, {"grayscale": 1, "rgb": 3}.get(self.color, channels)

    @property
    def augments(self) -> bool:
        """Whether training changes its images by more than mirroring them."""
        return self.fit == "crop" or bool(self.rotation or self.zoom or self.shift)


@dataclass(frozen=True)
class LayerSpec:
    """One layer: a Keras class name, the layers it reads, the arguments that Keras takes, and how it starts."""

    layer: str
    name: str
    inputs: tuple[str, ...]
    arguments: Json
    initializer: Json  # {"name": ..., arguments}; {} is Keras' default


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
class StageSpec:
    """One training stage.

    Attributes:
        name: of the stage and of its weights file, <name>.weights.h5.
        kind: what the stage does, one of the task's kinds.
        epochs: 0 of a stage that trains no network.
        patience: epochs without a better validation before it stops; None never stops early.
        steps: batches an epoch; None is the whole data.
        validate_every: epochs; the last one is validated in any case.
        optimizer, schedule: {"name": of `OPTIMIZERS`, `SCHEDULES`, and its arguments}.
        options: what only this kind of stage has.
        after: the stages that its result depends on, in their order.
        identity: digest of all that the stage's result depends on beside its epochs: the spec, and those stages.
    """

    name: str
    kind: str
    epochs: int = 0
    learning_rate: float = 0.0
    patience: int | None = None
    steps: int | None = None
    validate_every: int = 1
    optimizer: Json = field(default_factory=lambda: {"name": "adam"})
    schedule: Json = field(default_factory=lambda: {"name": "cosine", "final": 0.0})
    options: Json = field(default_factory=dict)
    after: tuple[str, ...] = ()
    identity: str = ""


@dataclass(frozen=True)
class TrainingSpec:
    """How a model is trained.

    Attributes:
        loss: the terms in words, for people; "" where the task has a loss of its own.
        stages: by name, in the order in which they run.
    """

    loss: str
    terms: tuple[LossTerm, ...]
    batch_size: int
    seed: int
    stages: Mapping[str, StageSpec]
    adversarial: AdversarialSpec | None = None
    mixed_precision: bool = False
    half_weights: bool = False


@dataclass(frozen=True)
class RecipeSpec:
    """A further variant.

    Attributes:
        weights: the stage whose weights are converted.
        calibration_images: how many calibrate it; 0: as many as there are.
        layers: name or pattern of layers -> the type in which they are kept; the last one that matches decides.
        bias_correction: biases make up for what the rounding of weights takes from the mean of each channel.
    """

    weights: str
    conversion: str
    calibration_images: int
    layers: Mapping[str, str] = field(default_factory=dict)
    bias_correction: bool = False


@dataclass(frozen=True)
class QuantizationSpec:
    """What calibrates the conversions, and the recipes beside the default ones, by the names of their variants.

    Attributes:
        stratified: calibration images are drawn in equal numbers from every class.
    """

    calibration_images: int
    recipes: Mapping[str, RecipeSpec] = field(default_factory=dict)
    stratified: bool = False


@dataclass(frozen=True)
class Spec:
    """One model.

    Attributes:
        networks: layers by the network's name, such as "encoder".
        options: the task's own part, a frozen dataclass of the task.
        digest: sha256 of spec.json's content, whatever its white space.
    """

    name: str
    task: str
    data: DataSpec
    networks: Mapping[str, tuple[LayerSpec, ...]]
    options: Any
    training: TrainingSpec
    quantization: QuantizationSpec
    file: Path
    digest: str

    @property
    def folder(self) -> Path:
        """models/<name>."""
        return self.file.parent
