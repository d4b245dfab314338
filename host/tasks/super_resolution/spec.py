"""The parts of a spec that only super-resolution has."""

from __future__ import annotations

import json
from dataclasses import dataclass

from host.metrics import Metric
from host.quantization.recipes import OFFERED, recipes
from host.spec.catalogue import INITIALIZERS
from host.spec.fields import Field, integer
from host.spec.reader import Reader, offer
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
from host.spec.types import WHOLE, DataSpec, Spec

NETWORK = "upscaler"
INSIDE = "_inside"  # what the name of a variant ends with whose file spreads the pixels itself
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


def check_names(spec: Spec) -> None:
    """Raises SpecError where `depth_to_space` names no variant, or a recipe has the name that it would add."""
    known, inside = recipes(spec), spec.options.depth_to_space
    reader = Reader({}, "$.upscaling", spec.file)
    for index, name in enumerate(inside):
        if name not in known:
            raise reader.error(f"depth_to_space[{index}]", f"unknown variant {json.dumps(name)}; {offer(name, known)}")
        if f"{name}{INSIDE}" in known:
            raise reader.error(
                f"depth_to_space[{index}]", f"adds {name}{INSIDE}, and a recipe has that name; rename the recipe"
            )
        if name in inside[:index]:
            raise reader.error(f"depth_to_space[{index}]", f"{json.dumps(name)} stands there twice; remove one")


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
    check=check_names,
)
