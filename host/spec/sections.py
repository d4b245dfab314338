"""What the keys of a spec.json may hold: a table of fields for each object; and what a task adds to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from host.spec.catalogue import INITIALIZERS, LAYERS, LOSSES, OPTIMIZERS, SCHEDULES, LayerKind
from host.spec.fields import ABSENT, REQUIRED, Field, choice, flag, integer, number, sides
from host.spec.reader import Reader
from host.spec.types import NATIVE_SHAPES, WHOLE, DataSpec, Json, LayerSpec, Spec

Networks = Mapping[str, tuple[LayerSpec, ...]]

FORMAT_VERSION = 1
DATASETS = (*NATIVE_SHAPES, "skimage", "folder")
TFDS = "tfds:"  # before the name of a data set of tensorflow-datasets
LEAST_SIDES = {"ssim_l1": 11, "ms_ssim": 176}  # of images, for these losses

_NAMES = Field((str,), text="file name")
_FOLDER = {
    "path": Field((str, list), items=Field((str, dict)), text="a folder, or a list of folders (names or objects)"),
    "test": Field((str,), "", text="folder of the test images; the default is the folder test below path"),
}
_STREAM = flag(ABSENT, text="read images from disk during training; the default is to do so where they exceed memory")
_SIZE = replace(sides(8, ABSENT), text="image size: a side or [height, width]")
_AUGMENTATION = {
    "rotation": number(0.0, 180.0, 0.0, text="largest random rotation of training images, in degrees"),
    "shift": integer(0, 1024, 0, text="largest random shift of training images, in pixels in both directions"),
    "zoom": number(0.0, 4.0, 0.0, text="largest random change of scale of training images; 0.1 means 10 %"),
}
_TURN = {"turn": flag(False, text="rotate training patches by multiples of 90 degrees and mirror them, at random")}
FOLDER_PATH = {
    "path": Field((str,), text="folder: an absolute path, or a path below the folder of data sets"),
    "scale": number(1e-3, 1.0, 1.0, text="factor by which the images are scaled down"),
    "weight": number(1e-6, 1e6, 1.0, text="how much more often a pixel of these images is drawn"),
}
TRAINING = {
    "batch_size": integer(1, 65536, 64, text="images in each training step"),
    "seed": integer(0, 2**31 - 1, 1, text="seed of everything random"),
}
# Of tasks whose stages do so.
MIXED_PRECISION = {"mixed_precision": flag(False, text="compute the stage float in bfloat16; its weights stay float32")}
HALF_WEIGHTS = {"half_weights": flag(False, text="keep trained weights in float16, which halves the files")}
WEIGHT = number(1e-9, 1e9, 1.0, text="factor of this term")
ADVERSARIAL = {
    "weight": number(1e-9, 1e3, text="factor of the adversarial term in the loss"),
    "learning_rate": number(1e-9, 1.0, 1e-4, text="learning rate of the discriminator"),
}
AWARE_KINDS = ("qat", "fake_quant")  # kinds of stages that train with simulated quantization
QUANTIZED = "layers"  # the option of a stage that says which layers it quantizes,
WEIGHT_BITS, ACTIVATION_BITS = "weight_bits", "activation_bits"  # and to how many bits
HELD_BITS = 8  # of activations in a file, at least
SOURCE = "from"  # the option of a stage that says which stage's weights it starts from
_SOURCE = Field((str,), ABSENT, text="earlier stage whose weights this stage starts from")
QUANTIZATION = {
    "calibration_images": integer(1, 10_000, 300, text="training images that set the ranges of activations"),
    "stratified": flag(False, text="take equally many calibration images from each class"),
}

CORRECTED = ("int8", "int16x8", "mixed")  # conversions whose weights are rounded as bias correction expects


def recipe_fields(conversions: Iterable[str]) -> dict[str, Field]:
    """What a recipe may hold; the names of stages and layers are checked with the spec at hand."""
    return {
        "weights": Field((str,), text="stage whose weights are converted"),
        "conversion": choice(tuple(conversions), text="one of the conversions"),
        "calibration_images": integer(1, 10_000, ABSENT, text="use only so many calibration images"),
        "layers": Field((dict,), ABSENT, text="types of single layers, by name or pattern"),
        "bias_correction": flag(False, text="biases make up for what rounded weights change in each channel's mean"),
    }


def data_fields(dataset: str, fit: str, fits: tuple[str, ...]) -> dict[str, Field]:
    """What the object `data` may hold beside "dataset".

    Args:
        fit: the way in which images are brought to one size.
        fits: those that the task can do.
    """
    whole = fit == WHOLE
    found = {
        "size": replace(_SIZE, text="side of the training patches") if whole else _SIZE,
        "color": choice(("grayscale", "rgb"), ABSENT, text="colour of the images; the default is the data set's"),
        "fit": choice(fits, fits[0], text="crop: cut, in training at random places; whole: keep images as they are"),
        "validation": integer(1, 1_000_000, 5000, text="number of training images that are set aside for validation"),
        "flip": flag(False, text="mirror training images left to right at random"),
    }
    found |= _TURN if whole else _AUGMENTATION
    if dataset == "folder":
        aside = replace(found["validation"], kinds=(int, list), items=_NAMES)
        found |= {**_FOLDER, "validation": aside} | ({} if whole else {"stream": _STREAM})
    if dataset == "skimage":
        found["size"] = integer(16, 4096, 32)
    elif dataset not in NATIVE_SHAPES:
        found["size"] = replace(found["size"], default=REQUIRED)
    return found


FAKE_QUANT = {  # of a stage that simulates quantization
    QUANTIZED: Field((list,), [], items=Field((str,)), text="layers to quantize, by name or pattern; none: all"),
    WEIGHT_BITS: integer(2, 8, 8, text="bits of each weight of theirs; a file holds 8, or 4 by a conversion int4_..."),
    ACTIVATION_BITS: integer(2, HELD_BITS, HELD_BITS, text="bits of what they read and make; files hold 8 and more"),
}


def check_fake_quant(reader: Reader, options: Json, networks: Networks) -> None:
    """Raises SpecError for a stage with FAKE_QUANT on a network that fake quantization by hand does not know."""
    for layers in networks.values():
        for layer in layers:
            if layer.layer == "Conv2DTranspose":
                raise reader.error(
                    "kind", f"fake_quant cannot train the Conv2DTranspose {layer.name}; take the kind qat"
                )


def stage_fields(
    epochs: int,
    learning_rate: float,
    patience: int | None = 10,
    steps: int | None = None,
    validate_every: int = 1,
    source: str | None = None,
) -> dict[str, Field]:
    """What a stage may hold that trains a network, with its defaults; None is ABSENT.

    Args:
        source: the stage that it starts from where the spec says none; "" starts anew. None: it depends on all stages
            before it, and the spec has no say in that.
    """
    named = {} if source is None else {SOURCE: replace(_SOURCE, default=source or ABSENT)}
    return named | {
        "epochs": integer(1, 100_000, epochs, text="passes over the data, or over `steps` batches"),
        "learning_rate": number(1e-9, 1.0, learning_rate, text="first learning rate"),
        "patience": integer(
            1, 100_000, ABSENT if patience is None else patience, text="stop after so many epochs without improvement"
        ),
        "steps": integer(1, 1_000_000, ABSENT if steps is None else steps, text="batches in each epoch (default: all)"),
        "validate_every": integer(1, 100_000, validate_every, text="number of epochs from one validation to the next"),
    }


@dataclass(frozen=True)
class LayerList:
    """A network that a spec lists layer by layer.

    Attributes:
        sources: what the network reads, by the names that layers give as input; the first layer's default is the last.
        required: a spec without it is refused.
    """

    sources: tuple[str, ...]
    layers: Mapping[str, LayerKind] = field(default_factory=lambda: LAYERS)
    initializers: Mapping[str, Mapping[str, Field]] = field(default_factory=lambda: INITIALIZERS)
    required: bool = True


@dataclass(frozen=True)
class StageSection:
    """A kind of stage.

    Attributes:
        required: a spec that lists no stage of this kind under the kind's own name is refused.
        weights: it leaves weights that a recipe may convert.
        source: other stages may start from its weights.
        check: (reader, options, the spec's networks) raises SpecError where values of the stage do not go together, or
            with the networks; None where all do.
    """

    fields: Mapping[str, Field]
    required: bool = False
    weights: bool = False
    source: bool = False
    check: Callable[[Reader, Json, Networks], None] | None = None

    @property
    def trains(self) -> bool:
        """Whether it trains a network, with an optimizer."""
        return "epochs" in self.fields


@dataclass(frozen=True)
class Sections:
    """What a spec of one task may hold; the parser and the published schema read it.

    Attributes:
        task: its name.
        read: reads the task's own objects and lists, and gives its options; raises SpecError.
        networks: by key of the spec.
        stages: by kind, in the order in which they run.
        objects, lists: what `read` reads: further objects, and lists of objects, by key of the spec.
        training: keys of the object `training`, beside those of losses, names and stages.
        fits: ways in which this task's images may be brought to one size; the first is the default.
        losses: those that a spec may name; {} where the task has a loss of its own.
        schedule: what becomes of the learning rate where the spec says nothing.
        conversions: those that a recipe may name, and the types in which it may then keep single layers.
        judged_by: those of `objects` that training does not read.
        check: raises SpecError where parts of a whole spec do not go together.
    """

    task: str
    read: Callable[[Reader, DataSpec], Any]
    networks: Mapping[str, LayerList]
    stages: Mapping[str, StageSection]
    objects: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)
    lists: Mapping[str, Mapping[str, Field]] = field(default_factory=dict)
    training: Mapping[str, Field] = field(default_factory=lambda: TRAINING)
    fits: tuple[str, ...] = ("resize", "crop")
    losses: Mapping[str, Mapping[str, Field]] = field(default_factory=lambda: LOSSES)
    schedule: str = "cosine"
    conversions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    judged_by: tuple[str, ...] = ()
    check: Callable[[Spec], None] | None = None

    @property
    def named(self) -> dict[str, tuple[Mapping[str, Mapping[str, Field]], str]]:
        """Keys of `training` and of each stage that name something with arguments: what there is, and the default."""
        return {"optimizer": (OPTIMIZERS, "adam"), "learning_rate_schedule": (SCHEDULES, self.schedule)}
