"""The parts of a spec that only super-resolution has."""

from __future__ import annotations

from dataclasses import dataclass

from host.metrics import Metric
from host.quantization.recipes import OFFERED
from host.spec.catalogue import INITIALIZERS
from host.spec.fields import Field, integer
from host.spec.reader import Reader
from host.spec.sections import (
    FAKE_QUANT,
    MIXED_PRECISION,
    TRAINING,
    LayerList,
    Sections,
    StageSection,
    check_fake_quant,
    stage_fields,
)
from host.spec.types import WHOLE, DataSpec

NETWORK = "upscaler"
GAIN = Metric("least_gain_db", "least gain", "dB", 2, True)  # over cubic convolution, of all images the smallest
UPSCALING = {
    "factor": integer(2, 8, text="how many times as high and as wide images become"),
    "depth_to_space": Field(
        (list,),
        [],
        items=Field((str,)),
        text="variants that are exported once more with the operator DEPTH_TO_SPACE in the file",
    ),
}
_STARTERS = ("local_pca", "cosine")  # of autoencoders


@dataclass(frozen=True)
class UpscalingOptions:
    """What UPSCALING describes."""

    factor: int
    depth_to_space: tuple[str, ...]


def read_options(top: Reader, data: DataSpec) -> UpscalingOptions:
    """Reads the object `upscaling`, and checks that patches are a multiple of the factor."""
    values = top.child("upscaling").fields(UPSCALING)
    options = UpscalingOptions(values["factor"], tuple(values["depth_to_space"]))
    height, width, channels = data.image_shape
    if height % options.factor or width % options.factor:
        raise top.error("data.size", f"{height} x {width} pixels are no multiple of upscaling.factor, {options.factor}")
    if channels != 3:
        raise top.error("data.color", 'the luma is made of three channels; write "rgb"')
    return options


SECTIONS = Sections(
    task="super_resolution",
    read=read_options,
    networks={
        NETWORK: LayerList(
            ("image",), initializers={name: each for name, each in INITIALIZERS.items() if name not in _STARTERS}
        ),
    },
    stages={
        "float": StageSection(stage_fields(100, 1e-3, None, 1000, source=""), required=True, weights=True, source=True),
        "qat": StageSection(stage_fields(10, 1e-4, None, 1000, source="float"), weights=True),
        "fake_quant": StageSection(
            stage_fields(10, 1e-4, None, 1000, source="float") | FAKE_QUANT, weights=True, check=check_fake_quant
        ),
    },
    objects={"upscaling": UPSCALING},
    training=TRAINING | MIXED_PRECISION,
    fits=(WHOLE,),
    conversions=OFFERED,
)
