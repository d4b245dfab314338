"""What `host check` prints: shapes, parameters and multiply-accumulates of each network, at 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tf_keras as keras

from host.networks.summary import layer_macs, network_macs
from host.spec.types import Spec

if TYPE_CHECKING:
    from host.tasks.task import Task

_COLUMNS = "{:<22.22} {:<18.18} {:>13} {:>10} {:>13}"


def check_text(task: Task, spec: Spec) -> str:
    """Each network layer by layer, then what it costs, then the task's remarks.

    Raises:
        SpecError: Keras refuses a layer, or a network ends on another shape than it must.
    """
    networks = task.networks(spec)
    lines = [f"{spec.file}: correct"]
    for model in networks.values():
        lines += ["", _COLUMNS.format(model.name, "layer", "output", "parameters", "MACs")]
        lines += [_row(layer) for layer in model.layers]
        costs = f"{model.count_params():,}", _number(network_macs(model))
        lines.append(_COLUMNS.format(f"{model.name} in all", "", _shape(model.output_shape), *costs))
    return "\n".join([*lines, "", *task.remarks(spec, networks)])


def _row(layer: keras.layers.Layer) -> str:
    # The first node's: layers that were also called with other shapes have no one output shape.
    shape = _shape(layer.get_output_shape_at(0))
    return _COLUMNS.format(
        layer.name, type(layer).__name__, shape, f"{layer.count_params():,}", _number(layer_macs(layer))
    )


def _number(macs: int | None) -> str:
    return "any size" if macs is None else f"{macs:,}"


def _shape(shape: Any) -> str:
    sides = (shape[0] if isinstance(shape, list) else shape)[1:]
    return "x".join("?" if side is None else str(side) for side in sides)
