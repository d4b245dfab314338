"""The spec.json of a codec: qualities, the block grid, two lists of layers, how long it trains."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host.spec.catalogue import INITIALIZERS, LAYERS, LayerKind
from host.spec.fields import ABSENT, Field, flag, integer, number
from host.spec.layer_lists import LayerSpec, read_layers
from host.spec.parsing import MODELS, digest_of, read_spec
from host.spec.reader import Reader

FORMAT_VERSION = 1  # 1: data, latent, qualities, encoder, decoder, training
TASK = "codec"
DATASETS = ("photographs", "cifar10")

_KERAS = ("Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "UpSampling2D", "Cropping2D", "ReLU", "Add", "Concatenate")

CODEC_LAYERS: dict[str, LayerKind] = {
    **{name: LAYERS[name] for name in _KERAS},
    "RoundedConv2D": LAYERS["Conv2D"],
    "FixedRange": LayerKind({"low": number(None, None), "high": number(None, None)}),
    "SpaceToDepth": LayerKind({"block": integer()}),
    "DepthToSpace": LayerKind({"block": integer()}),
    "Dequantize": LayerKind(merges=True),
    "QualityGain": LayerKind(
        {"start": number(None, None, ABSENT), "times_step": flag(ABSENT), "bias": flag(ABSENT)},
        merges=True,
        weighted=True,
    ),
}

# networks.py writes what is not Keras' own. `cosine_codes` and `cosine_pixels` are inverse to each other.
CODEC_INITIALIZERS: dict[str, dict[str, Field]] = {
    **{name: INITIALIZERS[name] for name in ("glorot_uniform", "he_normal", "zeros", "random_normal")},
    "luma_chroma": {},
    "cosine_codes": {"step": number(0.0, None, 55.0), "reach": number(0.0, None, 8.0)},
    "cosine_pixels": {},
    "whiten": {},
}


@dataclass(frozen=True)
class Quality:
    """`lmbda`: bits per pixel that a mean squared error of 1 (of 255**2) is worth; `step`: in units of the latent."""

    lmbda: float
    step: float


@dataclass(frozen=True)
class GridSpec:
    """The latent: one position a block.

    Attributes:
        block: side of a block in pixels.
        before, after: how many pixels above (and left of), below (and right of) its blocks the encoder reads.
        plain: the first channels, whose codes are the rounded latent.
        dead_zone: of the other channels: a latent within 1/2 + dead_zone steps of 0 is 0. 0.25 is what an integer
            tensor of half steps gives when it is halved towards zero.
    """

    block: int
    before: int
    after: int
    plain: int
    dead_zone: float


@dataclass(frozen=True)
class CodecStage:
    """`epochs` of `steps` batches, a checkpoint each; every so many, and at the end, the validation is run.

    The learning rate is held for 6/10 of them and then falls to 2 % as a cosine.
    """

    epochs: int
    steps: int
    learning_rate: float
    validate_every: int


@dataclass(frozen=True)
class CodecSpec:
    """One codec.

    Attributes:
        dataset: a key of `DATASETS`.
        validation: what is never trained on: of photographs file names in photos/wikipedia, of CIFAR-10 how many of
            the last training images.
        patch: side of a training patch in pixels.
        digest: sha256 of spec.json's content, whatever its white space.
        identity: the same without `training`: what must not change under a training that is resumed, or lengthened.
    """

    name: str
    dataset: str
    validation: tuple[str, ...] | int
    patch: int
    grid: GridSpec
    qualities: tuple[Quality, ...]
    encoder: tuple[LayerSpec, ...]
    decoder: tuple[LayerSpec, ...]
    batch_size: int
    seed: int
    float_: CodecStage
    tune: CodecStage
    folder: Path
    digest: str
    identity: str

    @property
    def steps(self) -> tuple[float, ...]:
        """The step of every quality."""
        return tuple(quality.step for quality in self.qualities)


def parse_codec_spec(value: Any, file: Path) -> CodecSpec:
    """Checks a parsed spec.json of the task `codec`.

    Raises:
        SpecError: an unknown key, layer or value, a missing or ill-typed one; one line with the JSON path.
    """
    top = Reader(value, "$", file)
    version = top.take("format_version", int)
    if version != FORMAT_VERSION:
        raise top.error("format_version", f"expected {FORMAT_VERSION}, found {version}; write the spec anew")
    top.choose("task", (TASK,))
    top.take("description", str, "")

    grid = _grid(top.child("latent"))
    inner = top.child("data")
    dataset = inner.choose("dataset", DATASETS)
    validation: tuple[str, ...] | int
    if dataset == "photographs":
        validation = tuple(inner.take("validation", list))
        if not validation or not all(isinstance(name, str) for name in validation):
            raise inner.error("validation", "expected the file names of photographs, at least one")
    else:
        validation = inner.number("validation", 1, 10_000)
    patch = inner.number("patch", grid.block, 4096)
    if patch % grid.block:
        raise inner.error("patch", f"{patch} is no multiple of latent.block, {grid.block}")
    inner.done()

    qualities = tuple(
        _quality(Reader(entry, f"$.qualities[{index}]", file))
        for index, entry in enumerate(top.take("qualities", list))
    )
    steps = [quality.step for quality in qualities]
    if not steps or steps != sorted(steps, reverse=True):
        raise top.error("qualities", "expected at least one, in the order of falling steps")

    encoder = read_layers(top, "encoder", ("image",), CODEC_LAYERS, CODEC_INITIALIZERS)
    decoder = read_layers(top, "decoder", ("quality", "codes"), CODEC_LAYERS, CODEC_INITIALIZERS)

    inner = top.child("training")
    batch_size, seed = inner.number("batch_size", 1, 4096, 8), inner.number("seed", 0, 2**31 - 1, 1)
    float_, tune = _stage(inner.child("float")), _stage(inner.child("tune"))
    inner.done()
    top.done()
    return CodecSpec(
        file.parent.name,
        dataset,
        validation,
        patch,
        grid,
        qualities,
        encoder,
        decoder,
        batch_size,
        seed,
        float_,
        tune,
        file.parent,
        digest_of(value),
        digest_of({key: entry for key, entry in value.items() if key != "training"}),
    )


def load_codec_spec(name: str, models: Path = MODELS) -> CodecSpec:
    """Reads models/<name>/spec.json.

    Raises:
        ModelError: no such model; the line lists those there are.
        SpecError: see `parse_codec_spec`.
    """
    return parse_codec_spec(*read_spec(name, models))


def _grid(reader: Reader) -> GridSpec:
    halo: list[Any] = reader.take("halo", list)
    if len(halo) != 2 or not all(type(side) is int and 0 <= side <= 1024 for side in halo):
        raise reader.error("halo", f"expected [before, after] in pixels, found {halo}")
    grid = GridSpec(
        reader.number("block", 2, 256),
        halo[0],
        halo[1],
        reader.number("plain", 0, 4096),
        float(reader.number("dead_zone", 0.0, 0.45)),
    )
    reader.done()
    return grid


def _quality(reader: Reader) -> Quality:
    quality = Quality(float(reader.number("lmbda", 1e-6, 1.0)), float(reader.number("step", 1e-3, 1e3)))
    reader.done()
    return quality


def _stage(reader: Reader) -> CodecStage:
    stage = CodecStage(
        reader.number("epochs", 1, 100_000),
        reader.number("steps", 1, 1_000_000),
        float(reader.number("learning_rate", 1e-9, 1.0)),
        reader.number("validate_every", 1, 100_000, 1),
    )
    reader.done()
    return stage
