"""The optimizers and learning-rate schedules that a spec names: Keras' own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tf_keras as keras

from host.spec.types import StageSpec

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "nadam": keras.optimizers.Nadam,
}


def make_schedule(stage: StageSpec, steps: int) -> Any:
    """The learning rate over a stage of so many steps: a number, or what Keras computes one by."""
    rate, schedules = stage.learning_rate, keras.optimizers.schedules
    arguments = dict(stage.schedule)
    name = arguments.pop("name")
    if name == "constant":
        return rate
    if name == "cosine":
        return schedules.CosineDecay(rate, steps, alpha=float(arguments["final"]))
    if name == "exponential":
        return schedules.ExponentialDecay(rate, steps, float(arguments["final"]))
    # Keras leaves a step at the boundary itself on the rate before it.
    places = sorted(round(share * steps) - 1 for share in arguments["at"])
    rates = [rate * arguments["factor"] ** index for index in range(len(places) + 1)]
    return schedules.PiecewiseConstantDecay(places, rates) if places else rate


def make_optimizer(stage: StageSpec, steps: int, variables: Sequence[Any]) -> Any:
    """A stage's optimizer with its state made, so that a checkpoint finds it.

    Args:
        steps: of the whole stage.
        variables: what it will change.
    """
    arguments = dict(stage.optimizer)
    optimizer = OPTIMIZERS[arguments.pop("name")](make_schedule(stage, steps), **arguments)
    optimizer.build(list(variables))
    return optimizer
