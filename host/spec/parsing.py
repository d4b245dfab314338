"""models/<name>/spec.json as frozen dataclasses; errors name the JSON path, what was found, what is available."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from device.files import read_json
from host.errors import ModelError, SpecError
from host.spec.data_section import read_data
from host.spec.layer_lists import read_layers, read_named
from host.spec.overrides import overridden
from host.spec.reader import Reader, offer
from host.spec.sections import (
    ACTIVATION_BITS,
    ADVERSARIAL,
    CORRECTED,
    FORMAT_VERSION,
    HELD_BITS,
    LEAST_SIDES,
    QUANTIZATION,
    SOURCE,
    WEIGHT,
    Networks,
    Sections,
    StageSection,
    recipe_fields,
)
from host.spec.types import (
    AdversarialSpec,
    Json,
    LossTerm,
    QuantizationSpec,
    RecipeSpec,
    Spec,
    StageSpec,
    TrainingSpec,
)

_STAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # it begins the name of a weights file
_DISCRIMINATOR = "discriminator"


def parse_spec(value: object, file: Path, sections: Sections) -> Spec:
    """Checks a parsed spec.json of the task that the sections are of.

    Raises:
        SpecError: an unknown key, layer or value, a missing or ill-typed one; one line with the JSON path.
    """
    top = Reader(value, "$", file)
    version = top.take("format_version", int)
    if version != FORMAT_VERSION:
        raise top.error(
            "format_version",
            f"expected {FORMAT_VERSION}, found {version}; "
            f"{'update splitlite' if version > FORMAT_VERSION else 'write the spec anew'}",
        )
    top.choose("task", (sections.task,))
    top.take("description", str, "")
    top.take("$schema", str, "")

    data = read_data(top.child("data"), sections.fits)
    options = sections.read(top, data)
    networks = {
        name: read_layers(top, name, table)
        for name, table in sections.networks.items()
        if table.required or name in top.value
    }
    top.known += sections.networks
    training = _training(top.child("training"), sections, data.image_shape, networks)
    quantization = _quantization(top.child("quantization", {}), sections, training.stages)
    top.done()
    assert isinstance(value, dict)
    training = replace(training, stages=_with_identities(training.stages, value, sections.judged_by))
    name, digest = file.parent.name, digest_of(value)
    spec = Spec(name, sections.task, data, networks, options, training, quantization, file, digest)
    if sections.check is not None:
        sections.check(spec)
    return spec


def digest_of(value: object) -> str:
    """sha256 of a parsed JSON file, whatever its white space."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_spec(file: Path, overrides: Mapping[str, Any] | None = None) -> Json:
    """A spec.json as it is written, with overrides in place.

    Args:
        overrides: values by JSON path that stand in for the file's; None: those that training.json records, so that
            what was trained is what is exported.

    Raises:
        SpecError: no JSON object, or an override without a place.
    """
    value = read_json(file, SpecError)
    if not isinstance(value, dict):
        raise SpecError(f"{file}: $: expected an object; write it in braces")
    found: Json = overridden(value, recorded_overrides(file.parent) if overrides is None else overrides)
    return found


def recorded_overrides(folder: Path) -> Json:
    """The overrides that a model was trained with; {} without training.json."""
    record = folder / "training.json"
    found = read_json(record, ModelError).get("overrides", {}) if record.is_file() else {}
    return found if isinstance(found, dict) else {}


def _training(
    reader: Reader, sections: Sections, image_shape: tuple[int, int, int], networks: Networks
) -> TrainingSpec:
    adversarial = _adversarial(reader, _DISCRIMINATOR in networks) if _DISCRIMINATOR in sections.networks else None
    terms = _loss(reader, sections.losses, image_shape) if sections.losses else ()
    named = {key: read_named(reader, key, available, default) for key, (available, default) in sections.named.items()}
    stages = _stages(reader.child("stages"), sections, named, networks)
    values = reader.fields(sections.training)
    return TrainingSpec(_in_words(terms), terms, stages=stages, adversarial=adversarial, **values)


def _stages(reader: Reader, sections: Sections, named: Mapping[str, Json], networks: Networks) -> dict[str, StageSpec]:
    """The stages in the order of their kinds, those of one kind in the order of the spec."""
    kinds = sections.stages
    found = []
    for name in list(reader.value):
        inner = reader.child(name)
        if not _STAGE_NAME.fullmatch(name):
            raise reader.error(name, "a stage's name becomes a file name; use letters, digits, dashes, underscores")
        if name not in kinds and "kind" not in inner.value:
            raise reader.error(name, f'unknown stage; {offer(name, kinds)}; or give it a "kind"')
        stage = _stage(inner, name, inner.choose("kind", tuple(kinds), name), sections, named)
        if (check := kinds[stage.kind].check) is not None:
            check(inner, stage.options, networks)
        found.append(stage)
    for kind, section in kinds.items():
        # By its name: export and evaluation take the weights of the stage float.
        if section.required and not any(stage.name == stage.kind == kind for stage in found):
            raise reader.error(
                kind, "missing; one stage of this kind has its name; give an object in braces, {} takes the defaults"
            )
    order = list(kinds)
    return _in_order(reader, sorted(found, key=lambda stage: order.index(stage.kind)), kinds)


def _in_order(reader: Reader, stages: list[StageSpec], kinds: Mapping[str, StageSection]) -> dict[str, StageSpec]:
    """The stages, each after the one that it starts from, and what they depend on."""
    found: dict[str, StageSpec] = {}
    waiting = list(stages)
    while waiting:
        sources = [name for name, stage in found.items() if kinds[stage.kind].source]
        ready = next((stage for stage in waiting if stage.options.get(SOURCE) in (None, *sources)), None)
        if ready is None:
            stage = waiting[0]
            others = [each.name for each in stages if each.name != stage.name and kinds[each.kind].source]
            source = stage.options[SOURCE]
            raise Reader({}, f"{reader.path}.{stage.name}", reader.file).error(
                SOURCE,
                f"no stage {json.dumps(source)} that comes before it and that others can start from; "
                f"{offer(source, others)}",
            )
        waiting.remove(ready)
        source = ready.options.get(SOURCE)
        after = tuple(found) if SOURCE not in kinds[ready.kind].fields else ()
        if source is not None:
            after = (*found[source].after, source)
        found[ready.name] = replace(ready, after=after)
    return found


def _stage(reader: Reader, name: str, kind: str, sections: Sections, named: Mapping[str, Json]) -> StageSpec:
    section = sections.stages[kind]
    if not section.trains:
        return StageSpec(name, kind, options=reader.fields(section.fields))
    own = {
        key: read_named(reader, key, available, default) if key in reader.value else named[key]
        for key, (available, default) in sections.named.items()
    }
    reader.known += sections.named
    values = reader.fields(section.fields)
    values["learning_rate"] = float(values["learning_rate"])
    common_keys = ("epochs", "learning_rate", "patience", "steps", "validate_every")
    common = {key: values.pop(key) for key in common_keys if key in values}
    return StageSpec(
        name, kind, optimizer=own["optimizer"], schedule=own["learning_rate_schedule"], options=values, **common
    )


def _with_identities(stages: Mapping[str, StageSpec], value: Json, judged_by: tuple[str, ...]) -> dict[str, StageSpec]:
    """The stages, each with the digest of the spec without what its result does not depend on."""
    kept = {key: part for key, part in value.items() if key not in ("$schema", "description", *judged_by)}
    kept["quantization"] = {key: part for key, part in value.get("quantization", {}).items() if key != "recipes"}
    kept["training"] = {key: part for key, part in value["training"].items() if key != "stages"}
    entries = value["training"]["stages"]
    found: dict[str, StageSpec] = {}
    for name, stage in stages.items():
        # A longer training goes on from its checkpoints: what comes after it must start anew.
        own = {key: part for key, part in entries[name].items() if key != "epochs"}
        before = [[earlier, entries[earlier]] for earlier in stage.after]
        found[name] = replace(stage, identity=digest_of([kept, before, name, own]))
    return found


def _loss(reader: Reader, losses: Mapping[str, Any], image_shape: tuple[int, int, int]) -> tuple[LossTerm, ...]:
    value = reader.take("loss", (str, dict))
    inner = Reader({value: {}} if isinstance(value, str) else value, f"{reader.path}.loss", reader.file)
    if not inner.value:
        raise reader.error("loss", f"no loss named; available: {', '.join(losses)}")
    terms = []
    for name in list(inner.value):
        if name not in losses:
            raise reader.error(
                "loss" if isinstance(value, str) else f"loss.{name}",
                f"unknown value {json.dumps(name)}; {offer(name, losses)}",
            )
        entry = inner.take(name, (int, float, dict))
        found = Reader(entry if isinstance(entry, dict) else {"weight": entry}, f"{inner.path}.{name}", reader.file)
        arguments = found.fields({"weight": WEIGHT, **losses[name]})
        terms.append(LossTerm(name, float(arguments.pop("weight")), arguments))
        least = LEAST_SIDES.get(name, 1)
        if min(image_shape[:2]) < least:
            raise reader.error(
                f"loss.{name}",
                f"expected images with sides of at least {least} pixels, found {image_shape[0]} x {image_shape[1]}; "
                "choose another loss or larger images",
            )
    return tuple(terms)


def _adversarial(reader: Reader, discriminator: bool) -> AdversarialSpec | None:
    given = "adversarial" in reader.value
    if given != discriminator:
        missing = "$.discriminator has no layers" if given else "$.discriminator has layers that nothing trains"
        raise reader.error("adversarial", f"{missing}; the two belong together: write both, or neither")
    reader.known.append("adversarial")
    if not given:
        return None
    values = reader.child("adversarial").fields(ADVERSARIAL)
    return AdversarialSpec(float(values["weight"]), float(values["learning_rate"]))


def _in_words(terms: tuple[LossTerm, ...]) -> str:
    words = []
    for term in terms:
        arguments = ", ".join(f"{key} {value:g}" for key, value in term.arguments.items())
        words.append(
            (f"{term.weight:g} " if term.weight != 1 else "") + term.name + (f" ({arguments})" if arguments else "")
        )
    return " + ".join(words)


def _check_layers(reader: Reader, recipe: Json, conversions: Mapping[str, tuple[str, ...]]) -> None:
    """Raises SpecError for types that the conversion cannot mix; which layers there are, the built networks tell."""
    types = conversions[recipe["conversion"]]
    if recipe.get("layers") and not types:
        able = ", ".join(name for name, others in conversions.items() if others)
        cure = f", or take one of {able}" if able else ""
        raise reader.error("layers", f"{recipe['conversion']} treats all layers alike; remove the key{cure}")
    inner = Reader(recipe.get("layers", {}), f"{reader.path}.layers", reader.file)
    for pattern in list(inner.value):
        inner.choose(pattern, types)


def _quantization(reader: Reader, sections: Sections, stages: Mapping[str, StageSpec]) -> QuantizationSpec:
    recipes = reader.child("recipes", {})
    values = reader.fields(QUANTIZATION)
    images = values["calibration_images"]
    found = {}
    trained = [name for name, stage in stages.items() if sections.stages[stage.kind].weights]
    for name in list(recipes.value):
        inner = recipes.child(name)
        recipe = {"calibration_images": images} | inner.fields(recipe_fields(sections.conversions))
        if recipe["weights"] not in trained:
            raise inner.error(
                "weights", f"unknown stage {json.dumps(recipe['weights'])}; {offer(recipe['weights'], trained)}"
            )
        bits = stages[recipe["weights"]].options.get(ACTIVATION_BITS, HELD_BITS)
        if bits < HELD_BITS:
            raise inner.error(
                "weights",
                f"no file holds {bits}-bit activations, which the stage {recipe['weights']} trains for; name another "
                f"stage, or let it have {ACTIVATION_BITS} {HELD_BITS}",
            )
        if recipe["calibration_images"] > images:
            raise inner.error(
                "calibration_images",
                f"expected 1 to {images}, found {recipe['calibration_images']}; "
                "$.quantization.calibration_images keeps as many",
            )
        _check_layers(inner, recipe, sections.conversions)
        if recipe["bias_correction"] and recipe["conversion"] not in CORRECTED:
            able = [name for name in sections.conversions if name in CORRECTED]
            raise inner.error(
                "bias_correction", f"{recipe['conversion']} cannot have it; remove the key, or take {' or '.join(able)}"
            )
        found[name] = RecipeSpec(**recipe)
    return QuantizationSpec(images, found, values["stratified"])
