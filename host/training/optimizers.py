"""The optimizers and learning-rate schedules that a spec names: Keras' own, and a schedule that holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
import tf_keras as keras

from host.spec.types import StageSpec

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "nadam": keras.optimizers.Nadam,
}


class Hold(keras.optimizers.schedules.LearningRateSchedule):
    """A short linear warm-up, then the full rate for a share of the steps, then a cosine down to a share of the rate.

    In float64, which Python computes in, too.
    """

    def __init__(self, rate: float, steps: int, warm_up: int, hold: float, final: float) -> None:
        self.rate, self.steps, self.warm_up, self.hold, self.final = rate, steps, max(warm_up, 1), hold, final

    def __call__(self, step: Any) -> Any:
        step = tf.cast(step, tf.float64)
        falling = (step / self.steps - self.hold) / max(1 - self.hold, 1e-12)
        fall = 0.5 * (1 + tf.cos(math.pi * tf.clip_by_value(falling, 0.0, 1.0)))
        rise = tf.minimum((step + 1) / self.warm_up, 1.0)
        return tf.cast(self.rate * rise * tf.maximum(fall, self.final), tf.float32)


def make_schedule(stage: StageSpec, steps: int) -> Any:
    """The learning rate over a stage of so many steps: a number, or a Keras schedule."""
    rate, schedules = stage.learning_rate, keras.optimizers.schedules
    arguments = dict(stage.schedule)
    name = arguments.pop("name")
    if name == "constant":
        return rate
    if name == "cosine":
        return schedules.CosineDecay(rate, steps, alpha=float(arguments["final"]))
    if name == "exponential":
        return schedules.ExponentialDecay(rate, steps, float(arguments["final"]))
    if name == "hold":
        return Hold(rate, steps, **arguments)
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
