"""The lists of layers in a spec.json: what each names, reads and takes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from host.spec.catalogue import INITIALIZERS, LAYERS, NOT_CARRIED, LayerKind
from host.spec.fields import Field
from host.spec.reader import Reader, offer

Json = dict[str, Any]

LAYER_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*")  # Keras puts them into the graph's names


@dataclass(frozen=True)
class LayerSpec:
    """One layer: a Keras class name, the layers it reads, the arguments that Keras takes, and how it starts."""

    layer: str
    name: str
    inputs: tuple[str, ...]
    arguments: Json
    initializer: Json  # {"name": ..., arguments}; {} is Keras' default


def read_layers(
    reader: Reader,
    half: str,
    sources: tuple[str, ...],
    kinds: dict[str, LayerKind] = LAYERS,
    initializers: dict[str, dict[str, Field]] = INITIALIZERS,
) -> tuple[LayerSpec, ...]:
    """A half's list of layers.

    Args:
        half: the key that holds it.
        sources: what the half reads, by the names that layers give as input; the first layer's default is the last.
        kinds, initializers: what a layer may be and how it may start.

    Raises:
        SpecError: one line with the JSON path.
    """
    known, layers = list(sources), []
    for index, value in enumerate(reader.take(half, list)):
        inner = Reader(value, f"{reader.path}.{half}[{index}]", reader.file, reader.sizes)
        layer = _layer_name(inner, kinds)
        kind = kinds[layer]
        name = inner.take("name", str, f"{half}_{index}_{layer.lower()}")
        if not LAYER_NAME.fullmatch(name):
            raise inner.error(
                "name", f"expected letters, digits, dots, dashes, underscores, found {json.dumps(name)}; rename it"
            )
        if name in known:
            raise inner.error("name", f"{json.dumps(name)} is taken; every layer of a half needs its own name")
        inputs = _inputs(inner, known)
        if (len(inputs) > 1) != kind.merges:
            raise inner.error(
                "input",
                f"{layer} takes {'several inputs' if kind.merges else 'one input'}, found {len(inputs)}; "
                f"available: {', '.join(known)}",
            )
        initializer = read_named(inner, "initializer", initializers, {}) if kind.weighted else {}
        layers.append(LayerSpec(layer, name, inputs, inner.fields(kind.arguments), initializer))
        known.append(name)
    if not layers:
        raise reader.error(half, "no layers; the half needs at least one")
    return tuple(layers)


def read_named(reader: Reader, key: str, available: dict[str, dict[str, Field]], default: str | Json) -> Json:
    """A name, or an object of a name and its arguments, as the latter; {} where the default is that."""
    value = reader.take(key, (str, dict), default)
    if value == {} == default:
        return {}
    inner = Reader({"name": value} if isinstance(value, str) else value, f"{reader.path}.{key}", reader.file)
    name = inner.choose("name", tuple(available))
    return {"name": name, **inner.fields(available[name])}


def _layer_name(reader: Reader, kinds: dict[str, LayerKind]) -> str:
    name = reader.take("layer", str)
    if name in NOT_CARRIED and name not in kinds:
        raise reader.error(
            "layer", f"{json.dumps(name)} cannot be used: {NOT_CARRIED[name]}; available: {', '.join(kinds)}"
        )
    if name not in kinds:
        raise reader.error(
            "layer", f"unknown value {json.dumps(name)}, no layer that TFLite carries; {offer(name, kinds)}"
        )
    return name


def _inputs(reader: Reader, known: list[str]) -> tuple[str, ...]:
    value = reader.take("input", (str, list), known[-1])
    inputs = (value,) if isinstance(value, str) else tuple(value)
    if not inputs:
        raise reader.error("input", f"no layer named; available: {', '.join(known)}")
    for entry in inputs:
        if entry not in known:
            raise reader.error("input", f"unknown layer {json.dumps(entry)}; available: {', '.join(known)}")
    return inputs
