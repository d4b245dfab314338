"""The work that a task hands to the training loop: networks, batches, one step, validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.metrics import Metric
from host.spec.types import Spec, StageSpec
from host.training.distributed import Session, replicas, summed

Batch = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Look:
    """A few validation images for TensorBoard.

    Attributes:
        inputs: arrays that `restore` takes.
        restore: inputs -> pictures float32 (count, height, width, channels), about 0..1.
        targets: uint8, what the pictures should be.
    """

    inputs: Batch
    restore: Callable[..., Any]
    targets: np.ndarray


@dataclass(frozen=True)
class Work:
    """One stage's work.

    Attributes:
        label: shown beside the progress, such as "photo float".
        models: what validates and is saved, by the names in the weights file.
        batches: an epoch's batches, in an order and with changes that the generator decides.
        count: batches of an epoch.
        step: one step on a batch, or on a replica's share of it: "loss" and its parts as scalars.
        validate: "loss", the metrics by key, and parts of the loss, as floats. Whatever is no float is kept in the
            history under its key. What is not known is absent.
        metrics: of what `validate` gives, those that judge.
        seed: of the batches; an epoch draws from default_rng([seed, epoch]).
        state: what else a checkpoint holds: optimizers, networks that are averaged, a critic.
        after_step: called after each step with the number of the step, outside the replicas.
        keep_best: whether the models end with the weights that validated best, or with the last ones.
        look: what TensorBoard shows; None shows no pictures.
    """

    label: str
    models: Mapping[str, keras.Model]
    batches: Callable[[np.random.Generator], Iterator[Batch]]
    count: int
    step: Callable[..., dict[str, Any]]
    validate: Callable[[], dict[str, Any]]
    metrics: tuple[Metric, ...]
    seed: int
    state: Mapping[str, Any] = field(default_factory=dict)
    after_step: Callable[[int], None] | None = None
    keep_best: bool = True
    look: Look | None = None


def variables(models: Mapping[str, keras.Model]) -> list[Any]:
    """All that training changes in the models."""
    return [variable for model in models.values() for variable in model.trainable_variables]


def batch_count(stage: StageSpec, images: int, batch_size: int) -> int:
    """Batches of an epoch: what the stage says, else as many as the images fill."""
    return stage.steps or max(images // batch_size, 1)


def descend(tape: tf.GradientTape, loss: Any, *moved: tuple[Any, list[Any]], largest: float | None = None) -> None:
    """One step of each optimizer on its variables, down the gradient of a loss that was computed under the tape.

    Args:
        loss: a replica's; the mean over the replicas is minimized.
        moved: pairs of an optimizer and its variables.
        largest: norm to which the gradients of the first pair are clipped; None does not clip.
    """
    count = replicas()
    share = None if count == 1 else tf.constant(1 / count)
    gradients = tape.gradient(loss, [variable for _, those in moved for variable in those], share)
    for place, (optimizer, those) in enumerate(moved):
        its, gradients = gradients[: len(those)], gradients[len(those) :]
        if largest is None or place:
            optimizer.apply_gradients(zip(its, those, strict=True))
        else:
            its, _ = tf.clip_by_global_norm(summed(its), largest)
            optimizer.apply_gradients(zip(its, those, strict=True), skip_gradients_aggregation=True)


def remade(
    make: Callable[[], Sequence[keras.Model]], models: Sequence[keras.Model], spec: Spec, session: Session
) -> Sequence[keras.Model]:
    """The networks that a stage trains: these, or others of their weights, in bfloat16 or under a strategy.

    Call it within `session.scope()`.

    Args:
        make: builds the others.
    """
    mixed = spec.training.mixed_precision
    if not mixed and session.strategy is None:
        return models
    usual = keras.mixed_precision.global_policy()
    try:
        if mixed:
            keras.mixed_precision.set_global_policy("mixed_bfloat16")  # float16 would need its loss scaled
        others = make()
    finally:
        keras.mixed_precision.set_global_policy(usual)
    for model, other in zip(models, others, strict=True):
        other.set_weights(model.get_weights())
    return others


def averaging(
    averages: Mapping[str, keras.Model], models: Mapping[str, keras.Model], longest: float
) -> Callable[[int], None]:
    """Returns what moves the averages' weights towards the models' after a step, by an exponential average.

    Args:
        longest: the decay once many steps are done; the first steps have a shorter memory.
    """
    pairs = [pair for name in averages for pair in zip(averages[name].weights, models[name].weights, strict=True)]

    @tf.function
    def move(decay: Any) -> None:
        for mean, value in pairs:
            mean.assign_sub((1 - decay) * (mean - value))

    return lambda step: move(tf.constant(min(longest, (1 + step) / (10 + step)), tf.float32))
