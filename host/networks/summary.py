"""What `host summary` prints, and what a network costs."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import tf_keras as keras

from host.spec.types import Spec

if TYPE_CHECKING:
    from host.tasks.task import Task


def summarize(task: Task, spec: Spec) -> str:
    """Keras' summary of each network, then parameters, multiply-accumulates and the task's remarks."""
    networks = task.networks(spec)
    lines: list[str] = []
    for model in networks.values():
        model.summary(print_fn=lines.append, line_length=79)
    counts = [(name, model.count_params(), network_macs(model)) for name, model in networks.items()]
    lines.append("parameters: " + ", ".join(f"{name} {count:,}" for name, count, _ in counts))
    if all(macs is not None for _, _, macs in counts):
        lines.append("multiply-accumulates of an image: " + ", ".join(f"{name} {macs:,}" for name, _, macs in counts))
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
