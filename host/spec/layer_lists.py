"""Reads the lists of layers in a spec.json."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from host.spec.catalogue import NOT_CARRIED, LayerKind
from host.spec.fields import Field
from host.spec.reader import Reader, offer
from host.spec.sections import LayerList
from host.spec.types import Json, LayerSpec

LAYER_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./-]*")  # Keras puts them into the graph's names


def read_layers(reader: Reader, network: str, table: LayerList) -> tuple[LayerSpec, ...]:
    """A network's list of layers, under the key `network`.

    Raises:
        SpecError: one line with the JSON path.
    """
    known, layers = list(table.sources), []
    for index, value in enumerate(reader.take(network, list)):
        inner = Reader(value, f"{reader.path}.{network}[{index}]", reader.file, reader.sizes)
        layer = _layer_name(inner, table.layers)
        kind = table.layers[layer]
        name = inner.take("name", str, f"{network}_{index}_{layer.lower()}")
        if not LAYER_NAME.fullmatch(name):
            raise inner.error(
                "name", f"expected letters, digits, dots, dashes, underscores, found {json.dumps(name)}; rename it"
            )
        if name in known:
            raise inner.error("name", f"{json.dumps(name)} is taken; every layer of a network needs its own name")
        inputs = _inputs(inner, known)
        if (len(inputs) > 1) != kind.merges:
            raise inner.error(
                "input",
                f"{layer} takes {'several inputs' if kind.merges else 'one input'}, found {len(inputs)}; "
                f"available: {', '.join(known)}",
            )
        initializer = read_named(inner, "initializer", table.initializers, {}) if kind.weighted else {}
        layers.append(LayerSpec(layer, name, inputs, inner.fields(kind.arguments), initializer))
        known.append(name)
    if not layers:
        raise reader.error(network, "no layers; a network needs at least one")
    return tuple(layers)


def read_named(reader: Reader, key: str, available: Mapping[str, Mapping[str, Field]], default: str | Json) -> Json:
    """A name, or an object of a name and its arguments, as the latter; {} where the default is that."""
    value = reader.take(key, (str, dict), default)
    if value == {} == default:
        return {}
    inner = Reader({"name": value} if isinstance(value, str) else value, f"{reader.path}.{key}", reader.file)
    name = inner.choose("name", tuple(available))
    return {"name": name, **inner.fields(available[name])}


def _layer_name(reader: Reader, kinds: Mapping[str, LayerKind]) -> str:
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
