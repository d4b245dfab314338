"""The tables of README.md and docs/, by the names that documents give them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from docs.tables import classifiers, codecs, evaluations, models, spec, studies, upscalers
from host.quantization.recipes import CONVERSIONS
from host.spec.catalogue import LAYERS, LOSSES, OPTIMIZERS, SCHEDULES
from host.spec.sections import ADVERSARIAL, QUANTIZATION, recipe_fields

TABLES: dict[str, Callable[[], str]] = {
    "picture": codecs.picture,
    "photo-summary": codecs.photo_summary,
    "photo-setting": codecs.photo_setting,
    "photo-rates": codecs.photo_rates,
    "photo-qualities": codecs.photo_qualities,
    "photo-facts": codecs.photo_facts,
    "cifar10-rd": codecs.cifar10_rd,
    "evaluations": evaluations.image_tables,
    "times": evaluations.time_table,
    "classifiers": partial(evaluations.task_tables, "classification"),
    "classifier-speeds": classifiers.speed_table,
    "classifier-sizes": classifiers.size_table,
    "super-resolution": partial(evaluations.task_tables, "super_resolution"),
    "upscalers": upscalers.loss_table,
    "widths": upscalers.width_tables,
    "studies": studies.study_tables,
    "models": models.model_table,
    "spec-data": spec.data_tables,
    "spec-training": spec.training_table,
    "spec-losses": partial(spec.named_table, LOSSES),
    "spec-adversarial": partial(spec.field_table, ADVERSARIAL),
    "spec-optimizers": partial(spec.named_table, OPTIMIZERS),
    "spec-schedules": partial(spec.named_table, SCHEDULES),
    "spec-quantization": partial(spec.field_table, QUANTIZATION),
    "spec-recipe": partial(spec.field_table, recipe_fields(CONVERSIONS)),
    "spec-conversions": spec.conversion_table,
    "spec-layers": partial(spec.layer_table, LAYERS),
    "spec-not-carried": spec.not_carried_table,
    "spec-tasks": spec.task_tables,
}
