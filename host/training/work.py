"""One stage's work: networks, what goes through them, and the batches that they are trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.data.stream import ImageFiles
from host.training.adversarial import Critic

Forward = Callable[[Any, bool], Any]


@dataclass(frozen=True)
class Task:
    """One stage's work.

    Attributes:
        label: shown beside the progress.
        models: what is trained and saved, by the names in the weights file.
        forward: (inputs, training) -> reconstruction float32 0..1.
        inputs, targets: what `forward` reads and what it should give: uint8 images (scaled to 0..1 here) or float32
            latents (as they are). The same array, or the same files, twice for a network that reads images.
        validation: the same two, of the validation split.
        flip: mirror each image left to right with probability 1/2; only where inputs are the targets.
        encode: (inputs, training) -> the latent that `forward` then reads in place of the inputs; None where the
            inputs are it.
        augment: changes a batch of images before it is trained on; only where inputs are the targets.
        critic: trained in turns with the models, where the loss has an adversarial term.
        rate: latent -> estimated bits per pixel, for a loss that has a rate in it.
    """

    label: str
    models: dict[str, keras.Model]
    forward: Forward
    inputs: np.ndarray | ImageFiles
    targets: np.ndarray | ImageFiles
    validation: tuple[np.ndarray, np.ndarray]
    flip: bool = False
    encode: Forward | None = None
    rate: Callable[[Any], Any] | None = None
    augment: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None
    critic: Critic | None = None


def variables(task: Task) -> list[Any]:
    """All that a task trains."""
    return [variable for model in task.models.values() for variable in model.trainable_variables]


def reconstruct(task: Task, inputs: Any) -> Any:
    """The reconstructions, float32 about 0..1, of a task's inputs as they are stored."""
    return rated_reconstruction(task, scaled(inputs), False)[0]


def rated_reconstruction(task: Task, inputs: Any, training: bool) -> tuple[Any, Any]:
    """The reconstruction, and the estimated bits per pixel where the task has a rate."""
    latent = task.encode(inputs, training) if task.encode else inputs
    return task.forward(latent, training), task.rate(latent) if task.rate else None


def scaled(values: Any) -> Any:
    """Pixels uint8 0..255 as float32 0..1; latents as they are."""
    return tf.cast(values, tf.float32) / 255.0 if values.dtype == tf.uint8 else values


def batches(
    task: Task, batch_size: int, count: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """An epoch's (inputs, targets), in an order and with changes that `rng` decides."""
    order = rng.permutation(len(task.inputs))[: count * batch_size]
    if isinstance(task.inputs, ImageFiles):
        stream = task.inputs.batches(order, batch_size, rng)
        drawn = ((images, images) for images in stream)
    else:
        drawn = _from_arrays(task, order, batch_size)
    for inputs, targets in drawn:
        if task.flip:
            mirrored = rng.random(len(inputs)) < 0.5
            inputs = targets = np.where(mirrored[:, None, None, None], inputs[:, :, ::-1], inputs)
        if task.augment is not None:
            inputs = targets = task.augment(inputs, rng)
        yield inputs, targets


def _from_arrays(task: Task, order: np.ndarray, batch_size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    inputs, targets = np.asarray(task.inputs), np.asarray(task.targets)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = inputs[chosen]
        yield batch, batch if task.inputs is task.targets else targets[chosen]
