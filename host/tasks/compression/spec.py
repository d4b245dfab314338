"""The parts of a spec that only compression models have."""

from __future__ import annotations

import json
from dataclasses import dataclass

from host.quantization.recipes import OFFERED
from host.spec.fields import ABSENT, LATENT_DIMS, integer, number
from host.spec.reader import Reader
from host.spec.sections import MIXED_PRECISION, TRAINING, LayerList, Sections, StageSection, stage_fields
from host.spec.types import DataSpec

LATENT = {
    "dims": integer(1, 1_000_000, ABSENT, text='value of "latent_dims" in the layers'),
    "scale": number(1e-6, 1e6, 1.0, text="step between two codes while the stage float trains"),
    "bits": number(0.01, 8.0, ABSENT, text="bits of entropy per code; sets the scale after the stage float"),
}


@dataclass(frozen=True)
class CompressionOptions:
    """The latent as LATENT describes it; without `bits` the model keeps `scale`."""

    scale: float
    bits: float | None


def read_options(top: Reader, data: DataSpec) -> CompressionOptions:
    """Reads the object `latent`, and lets layers name its size."""
    latent = top.child("latent", {}).fields(LATENT)
    if "dims" in latent:
        top.sizes = {LATENT_DIMS: latent["dims"]}
        if LATENT_DIMS not in json.dumps([top.value.get("encoder"), top.value.get("decoder")]):
            raise top.error(
                "latent.dims", f'no layer reads it; write "{LATENT_DIMS}" for a number of one, or leave it out'
            )
    return CompressionOptions(float(latent["scale"]), float(latent["bits"]) if "bits" in latent else None)


SECTIONS = Sections(
    task="compression",
    read=read_options,
    networks={
        "encoder": LayerList(("image",)),
        "decoder": LayerList(("latent",)),
        "discriminator": LayerList(("image",), required=False),
    },
    stages={
        "float": StageSection(stage_fields(40, 1e-3), required=True, weights=True),
        "qat": StageSection(stage_fields(12, 2e-4), weights=True),
        "tables": StageSection({}, required=True),
        "tune": StageSection(stage_fields(6, 2e-4)),
    },
    objects={"latent": LATENT},
    training=TRAINING | MIXED_PRECISION,
    conversions=OFFERED,
)
