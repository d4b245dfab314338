"""Describes networks at 80 columns: layers, shapes, parameters and multiply-accumulates."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import tf_keras as keras

from host.networks.layer_names import check_layers
from host.spec.types import Spec

if TYPE_CHECKING:
    from host.tasks.task import Task

_COLUMNS = "{:<22.22} {:<18.18} {:>13} {:>10} {:>13}"


def summary_text(task: Task, spec: Spec) -> str:
    """Each network layer by layer, then what it costs, then the task's remarks.

    Raises:
        SpecError: Keras refuses a layer, or a network ends on another shape than it must; a recipe keeps a layer that
            none of them has.
    """
    networks = task.networks(spec)
    check_layers(spec, networks)
    lines = []
    for model in networks.values():
        lines.append(_COLUMNS.format(model.name, "layer", "output", "parameters", "MACs"))
        # The first node's shape: layers that were also called with other shapes have no one output shape.
        rows = [(layer.name, layer, layer.get_output_shape_at(0), layer_macs(layer)) for layer in model.layers]
        rows.append((f"{model.name} in all", model, model.output_shape, network_macs(model)))
        for name, part, shape, macs in rows:
            kind = "" if part is model else type(part).__name__
            cost = "any size" if macs is None else f"{macs:,}"
            lines.append(_COLUMNS.format(name, kind, _shape(shape), f"{part.count_params():,}", cost))
        lines.append("")
    return "\n".join([*lines, *task.remarks(spec, networks)])


def network_macs(model: keras.Model) -> int | None:
    """Multiply-accumulates of one image, as in the exported file; None for images of any size."""
    found = [layer_macs(layer) for layer in model.layers]
    return None if None in found else sum(macs or 0 for macs in found)


def layer_macs(layer: keras.layers.Layer) -> int | None:
    """Multiply-accumulates of one layer; only convolutions and dense layers have any. None for images of any size."""
    if not isinstance(layer, (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.Dense)):
        return 0
    # Every weight of the kernel meets each place of the output once; transposed, each place of the input.
    transposed = isinstance(layer, keras.layers.Conv2DTranspose)
    places = (layer.get_input_shape_at(0) if transposed else layer.get_output_shape_at(0))[1:-1]
    return None if None in places else prod(places) * prod(layer.weights[0].shape)


def _shape(shape: Any) -> str:
    sides = (shape[0] if isinstance(shape, list) else shape)[1:]
    return "x".join("?" if side is None else str(side) for side in sides)
