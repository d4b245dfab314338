"""models/spec.schema.json: what a spec may hold, for editors; made of the tables that the reader checks by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from host.spec.fields import REQUIRED, Field
from host.spec.layer_lists import LAYER_NAME
from host.spec.sections import (
    ADVERSARIAL,
    DATASETS,
    FOLDER_PATH,
    FORMAT_VERSION,
    QUANTIZATION,
    TFDS,
    WEIGHT,
    LayerList,
    Sections,
    data_fields,
    recipe_fields,
)
from host.spec.types import Json

_NAMES: Json = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "description": "names of the layers that this layer reads; the default is the layer before it",
}


def spec_schema(tasks: Iterable[Sections]) -> Json:
    """JSON schema, draft 2020-12, of a spec.json of one of the tasks."""
    known, defs = list(tasks), {"names": _NAMES}
    branches = [{"if": _is("task", each.task), "then": _of_task(each, defs)} for each in known]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "splitlite: models/<name>/spec.json",
        "type": "object",
        "properties": {"task": {"enum": [each.task for each in known]}},
        "required": ["task"],
        "allOf": branches,
        "$defs": defs,
    }


def schema_text(tasks: Iterable[Sections]) -> str:
    """As it is written into models/spec.schema.json."""
    return json.dumps(spec_schema(tasks), indent=1, sort_keys=True) + "\n"


def _refer(defs: dict[str, Json], name: str, value: Json) -> Json:
    """A reference to a definition that is written once: under this name, or the one that an equal value has already."""
    name = next((known for known, other in defs.items() if other == value), name)
    defs[name] = value
    return {"$ref": f"#/$defs/{name}"}


def _of_task(sections: Sections, defs: dict[str, Json]) -> Json:
    objects = {name: _object(table) for name, table in sections.objects.items()}
    required = [name for name, table in sections.networks.items() if table.required]
    required += [name for name, table in objects.items() if table["required"]]
    types = dict.fromkeys(kept for types in sections.conversions.values() for kept in types)
    recipe = _object(recipe_fields(sections.conversions))
    recipe["properties"]["layers"]["additionalProperties"] = {"enum": list(types)} if types else False
    return _object(
        {},
        {
            "$schema": {"type": "string"},
            "format_version": {"const": FORMAT_VERSION},
            "task": {"const": sections.task},
            "description": {"type": "string"},
            "data": _data(sections.fits),
            **objects,
            **{name: _list(_object(table)) for name, table in sections.lists.items()},
            **{name: _layers(table, f"{sections.task}_{name}", defs) for name, table in sections.networks.items()},
            "training": _training(sections, defs),
            "quantization": _object(QUANTIZATION, {"recipes": {"type": "object", "additionalProperties": recipe}}),
        },
        ["format_version", "task", "data", "training", *required, *sections.lists],
    )


def _data(fits: tuple[str, ...]) -> Json:
    # An editor is told every key that some data set and some way to fit take; the parser says which do not go together.
    fields: dict[str, Field] = {}
    for dataset in DATASETS:
        for fit in fits:
            fields = data_fields(dataset, fit, fits) | fields | data_fields("folder", fit, fits)
    folder = {"anyOf": [{"type": "string"}, _object(FOLDER_PATH)]}
    own = {
        "dataset": {"anyOf": [{"enum": list(DATASETS)}, {"type": "string", "pattern": f"^{TFDS}."}]},
        "path": {"anyOf": [folder, _list(folder)]},
    }
    return _object(fields, own) | {"required": ["dataset"]}


def _training(sections: Sections, defs: dict[str, Json]) -> Json:
    named = {
        key: _refer(defs, key, _named(available)) | {"default": default}
        for key, (available, default) in sections.named.items()
    }
    kind = {"kind": {"enum": list(sections.stages)}}
    kinds = {
        name: _refer(defs, f"{sections.task}_{name}", _object(section.fields, kind | (named if section.trains else {})))
        for name, section in sections.stages.items()
    }
    stages: Json = {
        "type": "object",
        "properties": kinds,
        "required": [name for name, section in sections.stages.items() if section.required],
        "additionalProperties": {
            "required": ["kind"],
            "properties": kind,
            "allOf": [{"if": _is("kind", name), "then": stage} for name, stage in kinds.items()],
        },
    }
    own: Json = {**named, "stages": stages}
    if sections.losses:
        own["loss"] = _losses(sections.losses)
    if "discriminator" in sections.networks:
        own["adversarial"] = _object(ADVERSARIAL)
    return _object(sections.training, own, ["stages", *(["loss"] if sections.losses else [])])


def _layers(table: LayerList, name: str, defs: dict[str, Json]) -> Json:
    initializer = _refer(defs, f"{name}_initializer", _named(table.initializers))
    layer: Json = {
        "layer": True,
        "name": {"type": "string", "pattern": f"^{LAYER_NAME.pattern}$"},
        "input": {"$ref": "#/$defs/names"},
    }
    entry = {
        "type": "object",
        "required": ["layer"],
        "properties": {"layer": {"enum": list(table.layers), "description": "a Keras layer"}},
        # A branch a layer: an editor then completes the arguments of the layer that is written.
        "allOf": [
            {
                "if": _is("layer", each),
                "then": _object(kind.arguments, layer | ({"initializer": initializer} if kind.weighted else {})),
            }
            for each, kind in table.layers.items()
        ],
    }
    return _refer(defs, name, _list(entry))


def _named(tables: Mapping[str, Mapping[str, Field]]) -> Json:
    forms = [_object(table, {"name": {"const": name}}) | {"required": ["name"]} for name, table in tables.items()]
    return {"anyOf": [{"enum": list(tables)}, *forms]}


def _losses(losses: Mapping[str, Mapping[str, Field]]) -> Json:
    terms = {name: _object({"weight": WEIGHT, **table}) for name, table in losses.items()}
    names = [name for name, term in terms.items() if not term["required"]]
    either = {name: {"anyOf": [WEIGHT.schema(), terms[name]]} if name in names else terms[name] for name in terms}
    return {"anyOf": [{"enum": names}, _object({}, either) | {"minProperties": 1}]}


def _is(key: str, value: str) -> Json:
    return {"properties": {key: {"const": value}}, "required": [key]}


def _list(items: Json) -> Json:
    return {"type": "array", "minItems": 1, "items": items}


def _object(table: Mapping[str, Field], more: Json | None = None, required: Iterable[str] = ()) -> Json:
    return {
        "type": "object",
        "properties": {key: field.schema() for key, field in table.items()} | dict(more or {}),
        "required": [*(key for key, field in table.items() if field.default is REQUIRED), *required],
        "additionalProperties": False,
    }
