"""models/spec.schema.json: what a spec may hold, for editors; made of the tables that the reader checks by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from host.spec.catalogue import LayerKind
from host.spec.fields import REQUIRED, Field
from host.spec.layer_lists import LAYER_NAME
from host.spec.sections import (
    ADVERSARIAL,
    DATASETS,
    FOLDER_PATH,
    FORMAT_VERSION,
    QUANTIZATION,
    TFDS,
    TRAINING,
    WEIGHT,
    LayerList,
    Sections,
    StageSection,
    data_fields,
    recipe_fields,
)
from host.spec.types import Json

if TYPE_CHECKING:
    from host.tasks.task import Task

_NAMES: Json = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "description": "names of the layers that this layer reads; the default is the layer before it",
}


def spec_schema(tasks: Iterable[Task]) -> Json:
    """JSON schema, draft 2020-12, of a spec.json of one of the tasks."""
    known, defs = list(tasks), _Definitions({"names": _NAMES})
    branches = [{"if": _is("task", task.name), "then": _of_task(task, defs)} for task in known]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "splitlite: models/<name>/spec.json",
        "type": "object",
        "properties": {"task": {"enum": [task.name for task in known]}},
        "required": ["task"],
        "allOf": branches,
        "$defs": defs.values,
    }


def schema_text(tasks: Iterable[Task]) -> str:
    """As it is written into models/spec.schema.json."""
    return json.dumps(spec_schema(tasks), indent=1, sort_keys=True) + "\n"


class _Definitions:
    """What several places refer to, written once."""

    def __init__(self, values: dict[str, Json]) -> None:
        self.values = values

    def refer(self, name: str, value: Json) -> Json:
        """A reference to a value, under this name or the one that an equal value has already."""
        name = next((known for known, other in self.values.items() if other == value), name)
        self.values[name] = value
        return {"$ref": f"#/$defs/{name}"}


def _of_task(task: Task, defs: _Definitions) -> Json:
    sections = task.sections
    required = ["format_version", "task", "data", "training"]
    required += [name for name, table in sections.networks.items() if table.required] + list(sections.lists)
    required += [name for name, table in sections.objects.items() if _object(table)["required"]]
    lists = {name: {"type": "array", "minItems": 1, "items": _object(table)} for name, table in sections.lists.items()}
    return _closed(
        {
            "$schema": {"type": "string"},
            "format_version": {"const": FORMAT_VERSION},
            "task": {"const": task.name},
            "description": {"type": "string"},
            "data": _data(sections.fits),
            **{name: _object(table) for name, table in sections.objects.items()},
            **lists,
            **{name: _layers(table, f"{task.name}_{name}", defs) for name, table in sections.networks.items()},
            "training": _training(sections, task.name, defs),
            "quantization": _quantization(sections),
        },
        required,
    )


def _data(fits: tuple[str, ...]) -> Json:
    # An editor is told every key that some data set and some way to fit take; the parser says which do not go together.
    fields: dict[str, Field] = {}
    for dataset in DATASETS:
        for fit in fits:
            fields = data_fields(dataset, fit, fits) | fields | data_fields("folder", fit, fits)
    data = _object(fields)
    data["properties"]["dataset"] = {"anyOf": [{"enum": list(DATASETS)}, {"type": "string", "pattern": f"^{TFDS}."}]}
    folder = {"anyOf": [{"type": "string"}, _object(FOLDER_PATH)]}
    data["properties"]["path"] = {"anyOf": [folder, {"type": "array", "minItems": 1, "items": folder}]}
    return data | {"required": ["dataset"]}


def _training(sections: Sections, task: str, defs: _Definitions) -> Json:
    training = _object(TRAINING)
    training["properties"] |= _named_keys(sections, defs)
    if sections.losses:
        training["properties"]["loss"] = _losses(sections.losses)
        training["required"].append("loss")
    if "discriminator" in sections.networks:
        training["properties"]["adversarial"] = _object(ADVERSARIAL)
    kinds = {
        kind: defs.refer(f"{task}_{kind}", _stage(section, sections, defs)) for kind, section in sections.stages.items()
    }
    other: Json = {
        "required": ["kind"],
        "properties": {"kind": {"enum": list(kinds)}},
        "allOf": [{"if": _is("kind", kind), "then": stage} for kind, stage in kinds.items()],
    }
    required = [kind for kind, section in sections.stages.items() if section.required]
    stages: Json = {"type": "object", "properties": kinds, "required": required, "additionalProperties": other}
    training["properties"]["stages"] = stages
    training["required"].append("stages")
    return training


def _stage(section: StageSection, sections: Sections, defs: _Definitions) -> Json:
    stage = _object(section.fields)
    stage["properties"]["kind"] = {"enum": list(sections.stages)}
    if "epochs" in section.fields:
        stage["properties"] |= _named_keys(sections, defs)
    return stage


def _named_keys(sections: Sections, defs: _Definitions) -> Json:
    return {
        key: defs.refer(key, _named(available)) | {"default": default}
        for key, (available, default) in sections.named.items()
    }


def _quantization(sections: Sections) -> Json:
    quantization = _object(QUANTIZATION)
    quantization["properties"]["recipes"] = {
        "type": "object",
        "additionalProperties": _object(recipe_fields(sections.conversions)),
    }
    return quantization


def _layers(table: LayerList, name: str, defs: _Definitions) -> Json:
    # A branch a layer: an editor then completes the arguments of the layer that is written.
    initializer = defs.refer(f"{name}_initializer", _named(table.initializers))
    branches = [{"if": _is("layer", layer), "then": _layer(kind, initializer)} for layer, kind in table.layers.items()]
    entry = {
        "type": "object",
        "required": ["layer"],
        "properties": {"layer": {"enum": list(table.layers), "description": "a Keras layer"}},
        "allOf": branches,
    }
    return defs.refer(name, {"type": "array", "minItems": 1, "items": entry})


def _layer(kind: LayerKind, initializer: Json) -> Json:
    found = _object(kind.arguments)
    found["properties"] |= {
        "layer": True,
        "name": {"type": "string", "pattern": f"^{LAYER_NAME.pattern}$"},
        "input": {"$ref": "#/$defs/names"},
    }
    if kind.weighted:
        found["properties"]["initializer"] = initializer
    return found


def _named(tables: Mapping[str, Mapping[str, Field]]) -> Json:
    forms = [
        _closed({"name": {"const": name}} | _object(table)["properties"], ["name"]) for name, table in tables.items()
    ]
    return {"anyOf": [{"enum": list(tables)}, *forms]}


def _losses(losses: Mapping[str, Mapping[str, Field]]) -> Json:
    weight = WEIGHT.schema()
    terms = {
        name: {"anyOf": [weight, _object({"weight": WEIGHT, **table})]}
        if not any(field.default is REQUIRED for field in table.values())
        else _object({"weight": WEIGHT, **table})
        for name, table in losses.items()
    }
    names = [name for name, term in terms.items() if "anyOf" in term]
    return {"anyOf": [{"enum": names}, _closed(terms, []) | {"minProperties": 1}]}


def _is(key: str, value: str) -> Json:
    return {"properties": {key: {"const": value}}, "required": [key]}


def _object(table: Mapping[str, Field]) -> Json:
    return _closed(
        {key: field.schema() for key, field in table.items()},
        [key for key, field in table.items() if field.default is REQUIRED],
    )


def _closed(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
