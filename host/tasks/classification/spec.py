"""The parts of a spec that only classifiers have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from host.metrics import Metric
from host.quantization.recipes import OFFERED
from host.spec.catalogue import INITIALIZERS
from host.spec.fields import ABSENT, Field, number
from host.spec.reader import Reader
from host.spec.sections import (
    FAKE_QUANT,
    HALF_WEIGHTS,
    MIXED_PRECISION,
    TRAINING,
    LayerList,
    Networks,
    Sections,
    StageSection,
    check_fake_quant,
    stage_fields,
)
from host.spec.types import DataSpec, Json

NETWORK = "classifier"
ACCURACY = Metric("accuracy_percent", "accuracy", "%", 2, True)
DROP = Metric("accuracy_drop", "drop", "points", 2, False)  # percentage points that float32 is better
AGREEMENT = Metric("agreement_percent", "as float32", "%", 2, True)  # images that get float32's class, right or wrong
ACCEPTANCE = {
    "size_ratio": number(1.0, 1e6, ABSENT, text="how many times smaller than the Keras file of weights a file must be"),
    "accuracy_drop": number(0.0, 100.0, ABSENT, text="percentage points of accuracy that a variant may lose"),
}
# Stages that learn from labels may have softer labels (C. Szegedy et al. 2016), or a teacher (G. Hinton et al. 2015).
_LESSON = {
    "label_smoothing": number(0.0, 0.99, 0.0, text="share of the label's probability that all classes get alike"),
    "teacher": Field((str,), ABSENT, text="trained model whose answers are learnt beside the labels"),
    "teacher_stage": Field((str,), "float", text="stage of the teacher whose weights answer"),
    "teacher_weight": number(0.0, 1.0, 0.9, text="share of the teacher's answers in the loss"),
    "temperature": number(0.1, 100.0, 4.0, text="what the scores of both are divided by, for the teacher's part"),
}
# Pruning ends with its schedule, so it has no early end.
_PRUNING = {key: field for key, field in stage_fields(4, 1e-4, None, source="float").items() if key != "patience"} | {
    "sparsity": number(0.0, 0.99, 0.5, text="share of zeros in each kernel at the end"),
    "begin": number(0.0, 1.0, 0.0, text="where the pruning begins, as a share of the stage's steps"),
    "end": number(0.0, 1.0, 0.5, text="where the pruning ends; later steps train the weights that are left"),
}
_SHRINKING = {"share": number(0.0, 0.99, 0.25, text="share of each layer's channels that is removed")}
_STARTERS = ("local_pca", "cosine")  # of autoencoders


def _check_pruning(reader: Reader, options: Json, networks: Networks) -> None:
    if options["begin"] > options["end"]:
        raise reader.error("begin", f"expected at most end, {options['end']:g}, found {options['begin']:g}")


def _stage(
    fields: Mapping[str, Field],
    *,
    required: bool = False,
    source: bool = False,
    check: Callable[[Reader, Json, Networks], None] | None = None,
) -> StageSection:
    return StageSection(dict(fields) | _LESSON, required, weights=True, source=source, check=check)


@dataclass(frozen=True)
class ClassificationOptions:
    """When a variant is accepted; None asks for nothing."""

    size_ratio: float | None
    accuracy_drop: float | None


def read_options(top: Reader, data: DataSpec) -> ClassificationOptions:
    """Reads the object `acceptance`."""
    found = top.child("acceptance", {}).fields(ACCEPTANCE)
    return ClassificationOptions(found.get("size_ratio"), found.get("accuracy_drop"))


SECTIONS = Sections(
    task="classification",
    read=read_options,
    networks={
        NETWORK: LayerList(
            ("image",), initializers={name: each for name, each in INITIALIZERS.items() if name not in _STARTERS}
        ),
    },
    stages={
        "float": _stage(stage_fields(30, 1e-3, None, source=""), required=True, source=True),
        "prune": _stage(_PRUNING, source=True, check=_check_pruning),
        "shrink": _stage(stage_fields(4, 1e-4, None, source="float") | _SHRINKING, source=True),
        "qat": _stage(stage_fields(4, 1e-4, None, source="float")),
        "fake_quant": _stage(stage_fields(4, 1e-4, None, source="float") | FAKE_QUANT, check=check_fake_quant),
    },
    objects={"acceptance": ACCEPTANCE},
    training=TRAINING | MIXED_PRECISION | HALF_WEIGHTS,
    losses={},
    conversions=OFFERED,
    judged_by=("acceptance",),
)
