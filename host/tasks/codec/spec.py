"""The parts of a spec that only codecs have: the block grid, the qualities, layers of their own."""

from __future__ import annotations

from dataclasses import dataclass

from host.quantization.recipes import AI_EDGE, CONVERSIONS
from host.spec.catalogue import INITIALIZERS, LAYERS, LayerKind
from host.spec.fields import ABSENT, Field, flag, integer, number
from host.spec.reader import Reader
from host.spec.sections import LayerList, Sections, StageSection, stage_fields
from host.spec.types import WHOLE, DataSpec

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

LATENT = {
    "block": integer(2, 256, text="side of a block in pixels; the latent has one position for each block"),
    "halo": Field(
        (list,), [0, 0], lengths=(2,), items=integer(0, 1024), text="pixels that are read before and after a block"
    ),
    "plain": integer(0, 4096, text="the first channels, whose codes are the rounded latent"),
    "dead_zone": number(0.0, 0.45, 0.25, text="dead zone of the other channels, in steps"),
}
QUALITY = {
    "lmbda": number(1e-6, 1.0, text="bits per pixel that a mean squared error of 1 (0..255) costs"),
    "step": number(1e-3, 1e3, text="step between two codes, in units of the latent"),
}


@dataclass(frozen=True)
class Quality:
    """One entry of the list `qualities`; QUALITY describes its fields."""

    lmbda: float
    step: float


@dataclass(frozen=True)
class GridSpec:
    """The latent as LATENT describes it; `before` and `after` are the halo, above (and left of) blocks and below.

    In channels with a dead zone a latent within 1/2 + dead_zone steps of 0 is 0. 0.25 is what an integer tensor of half
    steps gives when it is halved towards zero.
    """

    block: int
    before: int
    after: int
    plain: int
    dead_zone: float


@dataclass(frozen=True)
class CodecOptions:
    """The latent's grid, and the qualities in the order of falling steps.

    Attributes:
        patch: side of a training patch in pixels, without its halo.
    """

    grid: GridSpec
    qualities: tuple[Quality, ...]
    patch: int

    @property
    def steps(self) -> tuple[float, ...]:
        """The step of every quality."""
        return tuple(quality.step for quality in self.qualities)


def read_options(top: Reader, data: DataSpec) -> CodecOptions:
    """Reads `latent` and `qualities`, and checks that patches are whole blocks."""
    values = top.child("latent").fields(LATENT)
    before, after = values.pop("halo")
    grid = GridSpec(before=before, after=after, **values)
    entries = top.take("qualities", list)
    qualities = [
        Quality(**Reader(entry, f"{top.path}.qualities[{index}]", top.file).fields(QUALITY))
        for index, entry in enumerate(entries)
    ]
    steps = [quality.step for quality in qualities]
    if not steps or steps != sorted(steps, reverse=True):
        raise top.error("qualities", "expected at least one, in the order of falling steps")
    height, width, channels = data.image_shape
    patch = height - before - after
    if height != width or patch < grid.block or patch % grid.block:
        raise top.error(
            "data.size",
            f"{height} x {width} pixels less the halo are no square of whole blocks of latent.block, {grid.block}",
        )
    if channels != 3:
        raise top.error("data.color", 'codecs take images of three channels; write "rgb"')
    return CodecOptions(grid, tuple(qualities), patch)


SECTIONS = Sections(
    task="codec",
    read=read_options,
    networks={
        "encoder": LayerList(("image",), CODEC_LAYERS, CODEC_INITIALIZERS),
        "decoder": LayerList(("quality", "codes"), CODEC_LAYERS, CODEC_INITIALIZERS),
    },
    stages={
        "float": StageSection(stage_fields(20, 5e-4, None, 500, 5), required=True, weights=True),
        "tables": StageSection({}, required=True),
        "tune": StageSection(stage_fields(6, 3e-4, None, 500, 3)),
    },
    objects={"latent": LATENT},
    lists={"qualities": QUALITY},
    fits=(WHOLE,),
    losses={},
    schedule="hold",
    # One encoder file serves all qualities: its ranges are trained, and its input grows with the image.
    conversions={name: () for name, each in CONVERSIONS.items() if each.package != AI_EDGE},
)
