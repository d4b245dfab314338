"""The trained model whose answers a stage learns beside the labels."""

from __future__ import annotations

from typing import Any

import tf_keras as keras

from device.files import sha256_bytes
from host.errors import ModelError, SpecError
from host.spec.model_folder import ModelFolder
from host.spec.models import spec_file
from host.spec.parsing import parse_spec, read_spec
from host.spec.types import StageSpec
from host.tasks.classification.networks import class_names, load_network
from host.tasks.classification.spec import SECTIONS


def load_teacher(
    model: ModelFolder, stage: StageSpec, own: tuple[str, ...]
) -> tuple[keras.Model | None, dict[str, Any]]:
    """The network that a stage learns from, and what training.json records of it; (None, {}) without a teacher.

    Args:
        own: the classes that the stage trains; the first stage has them from the images and keeps them at its end.

    Raises:
        SpecError: there is no such model or stage, or it is of other classes or of images of another size.
        ModelError: it is not trained.
    """
    name = stage.options.get("teacher")
    if name is None:
        return None, {}
    spec = model.spec
    where = f"{spec.file}: $.training.stages.{stage.name}"
    try:
        file = spec_file(name, spec.folder.parent)
    except ModelError as error:
        raise SpecError(f"{where}.teacher: {error}") from None
    other = parse_spec(read_spec(file), file, SECTIONS)
    chosen = stage.options["teacher_stage"]
    if chosen not in other.training.stages:
        raise SpecError(
            f"{where}.teacher_stage: {name} has no stage {chosen!r}; available: {', '.join(other.training.stages)}"
        )
    taught = ModelFolder(other)
    if not taught.weights(chosen).is_file():
        raise ModelError(
            f"{where}.teacher: {name} has no weights of its stage {chosen}; make them with "
            f"`host train {name} --stage {chosen}`"
        )
    its = class_names(other)
    if its != own:
        differing = next((pair for pair in zip(its, own, strict=False) if pair[0] != pair[1]), None)
        found = f"{len(its)} classes, this model has {len(own)}"
        if len(its) == len(own) and differing is not None:
            found = f"the class {differing[0]!r} where this model has {differing[1]!r}"
        raise SpecError(f"{where}.teacher: {name} has {found}; choose a model of the same classes")
    if other.data.image_shape != spec.data.image_shape:
        raise SpecError(
            f"{where}.teacher: {name} reads images of shape {other.data.image_shape}, this model of "
            f"{spec.data.image_shape}; choose a model of the same images"
        )
    digest = sha256_bytes(taught.weights(chosen).read_bytes())
    return load_network(taught, chosen), {"taught_by": {"model": name, "stage": chosen, "sha256": digest}}
