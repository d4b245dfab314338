"""models/spec.schema.json: what a spec may hold, for editors; made of the tables that the reader checks by."""

from __future__ import annotations

import json
from typing import Any

from host.spec.catalogue import INITIALIZERS, LAYERS, LOSSES, LayerKind
from host.spec.fields import REQUIRED, Field
from host.spec.layer_lists import LAYER_NAME
from host.spec.sections import (
    ADVERSARIAL,
    DATA,
    DATASETS,
    FORMAT_VERSION,
    LATENT,
    NAMED,
    QUANTIZATION,
    RECIPE,
    STAGES,
    TFDS,
    TRAINING,
    WEIGHT,
)
from host.tasks.codec.spec import CODEC_INITIALIZERS, CODEC_LAYERS, TASK

Json = dict[str, Any]
_NAMES: Json = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "description": "the layers that it reads, by name; not given: the one before it",
}


def spec_schema() -> Json:
    """JSON schema, draft 2020-12, of a spec.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "splitlite: models/<name>/spec.json",
        "type": "object",
        "properties": {"task": {"enum": ["compression", TASK]}},
        "if": {"properties": {"task": {"const": TASK}}, "required": ["task"]},
        "then": _codec(),
        "else": _compression(),
        "$defs": {
            "names": _NAMES,
            "initializer": _named(INITIALIZERS),
            "layers": _layers(LAYERS, "initializer"),
            "codec_initializer": _named(CODEC_INITIALIZERS),
            "codec_layers": _layers(CODEC_LAYERS, "codec_initializer"),
        },
    }


def schema_text() -> str:
    """As it is written into models/spec.schema.json."""
    return json.dumps(spec_schema(), indent=1, sort_keys=True) + "\n"


def _compression() -> Json:
    version: Json = {"const": FORMAT_VERSION}
    training = _object(TRAINING)
    training["properties"]["loss"] = _losses()
    training["properties"]["adversarial"] = _object(ADVERSARIAL)
    training["properties"] |= {
        key: _named(available) | {"default": default} for key, (available, default) in NAMED.items()
    }
    training["required"].append("loss")
    training["properties"] |= {key: _object(stage) for key, stage in STAGES.items()}
    quantization = _object(QUANTIZATION)
    quantization["properties"]["recipes"] = {"type": "object", "additionalProperties": _object(RECIPE)}
    data = _object(DATA)
    names: Json = {"anyOf": [{"enum": list(DATASETS)}, {"type": "string", "pattern": f"^{TFDS}."}]}
    data["properties"]["dataset"] = names
    data["required"] = ["dataset"]  # the path is a folder's only
    return _closed(
        {
            "$schema": {"type": "string"},
            "format_version": version,
            "task": {"const": "compression"},
            "description": {"type": "string"},
            "data": data,
            "latent": _object(LATENT),
            "encoder": _reference("layers"),
            "decoder": _reference("layers"),
            "discriminator": _reference("layers"),
            "training": training,
            "quantization": quantization,
        },
        ["format_version", "data", "encoder", "decoder", "training"],
    )


def _codec() -> Json:
    # Of the photo codec only the layers are told: its other parts are few, and their errors say what they want.
    layers = _reference("codec_layers")
    required = ["format_version", "task", "data", "latent", "qualities", "encoder", "decoder", "training"]
    return {"properties": {"encoder": layers, "decoder": layers}, "required": required}


def _layers(kinds: dict[str, LayerKind], initializer: str) -> Json:
    # A branch a layer: an editor then completes the arguments of the layer that is written.
    branches = [
        {
            "if": {"properties": {"layer": {"const": name}}, "required": ["layer"]},
            "then": _layer(kind, initializer),
        }
        for name, kind in kinds.items()
    ]
    entry = {
        "type": "object",
        "required": ["layer"],
        "properties": {"layer": {"enum": list(kinds), "description": "a Keras layer"}},
        "allOf": branches,
    }
    return {"type": "array", "minItems": 1, "items": entry}


def _layer(kind: LayerKind, initializer: str) -> Json:
    found = _object(kind.arguments)
    found["properties"] |= {
        "layer": True,
        "name": {"type": "string", "pattern": f"^{LAYER_NAME.pattern}$"},
        "input": _reference("names"),
    }
    if kind.weighted:
        found["properties"]["initializer"] = _reference(initializer)
    return found


def _named(tables: dict[str, dict[str, Field]]) -> Json:
    forms = [
        _closed({"name": {"const": name}} | _object(table)["properties"], ["name"]) for name, table in tables.items()
    ]
    return {"anyOf": [{"enum": list(tables)}, *forms]}


def _losses() -> Json:
    weight = WEIGHT.schema()
    terms = {
        name: {"anyOf": [weight, _object({"weight": WEIGHT, **table})]}
        if not any(field.default is REQUIRED for field in table.values())
        else _object({"weight": WEIGHT, **table})
        for name, table in LOSSES.items()
    }
    names = [name for name, term in terms.items() if "anyOf" in term]
    return {"anyOf": [{"enum": names}, _closed(terms, []) | {"minProperties": 1}]}


def _reference(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _object(table: dict[str, Field]) -> Json:
    return _closed(
        {key: field.schema() for key, field in table.items()},
        [key for key, field in table.items() if field.default is REQUIRED],
    )


def _closed(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
