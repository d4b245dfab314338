"""The work of a network that makes pictures and is trained by the spec's loss terms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.metrics import PSNR, SSIM, means, psnr_db
from host.spec.types import LossTerm
from host.training.losses import WINDOW, loss_parts, pixels, ssim
from host.training.work import Batch, Look, Work, descend, variables

_BATCH = 250  # images that are validated at once

# (inputs, training, noise or None) -> reconstruction float32 about 0..1, and estimated bits per pixel or None.
Forward = Callable[[Any, bool, Any], tuple[Any, Any]]


class Critic:
    """A discriminator with its own optimizer: it learns to tell images from reconstructions, for the loss to use.

    I. Goodfellow et al., "Generative Adversarial Nets" (2014), with the non-saturating loss of its section 3. Each
    value of the discriminator's output is a verdict of its own, as in P. Isola et al. (2017).

    Attributes:
        model: image float32 (batch, height, width, channels), 0..1 -> logits, high for what looks like an image.
        weight: how much its verdict counts in the loss.
    """

    def __init__(self, model: keras.Model, weight: float, learning_rate: float) -> None:
        self.model, self.weight = model, weight
        self.optimizer = keras.optimizers.Adam(learning_rate, beta_1=0.5)
        self.optimizer.build(model.trainable_variables)

    def verdict(self, reconstruction: Any) -> Any:
        """The adversarial term of the loss: small if a reconstruction passes for an image."""
        return tf.reduce_mean(tf.nn.softplus(-self.model(reconstruction, training=False)))

    def train(self, image: Any, reconstruction: Any) -> Any:
        """One step of the discriminator's own; returns its loss."""
        with tf.GradientTape() as tape:
            real = tf.nn.softplus(-self.model(image, training=True))
            made = tf.nn.softplus(self.model(tf.stop_gradient(reconstruction), training=True))
            loss = tf.reduce_mean(real) + tf.reduce_mean(made)
        descend(tape, loss, (self.optimizer, self.model.trainable_variables))
        return loss


def scaled(values: Any) -> Any:
    """Pixels uint8 0..255 as float32 0..1; latents as they are."""
    return tf.cast(values, tf.float32) / 255.0 if values.dtype == tf.uint8 else values


def picture_work(
    label: str,
    models: Mapping[str, keras.Model],
    forward: Forward,
    terms: Sequence[LossTerm],
    optimizer: Any,
    batches: Callable[[np.random.Generator], Iterator[Batch]],
    count: int,
    validation: tuple[np.ndarray, np.ndarray],
    *,
    seed: int,
    critic: Critic | None = None,
) -> Work:
    """A network that is trained towards pictures.

    Args:
        batches: of (inputs, targets), or of (inputs, targets, noise). Inputs and targets are uint8 images, which are
            scaled to 0..1 here, or float32 latents, which are taken as they are.
        validation: inputs and targets.
        critic: trained in turns with the models, where the loss has an adversarial term.
    """

    def step(inputs: Any, targets: Any, noise: Any = None) -> dict[str, Any]:
        with tf.GradientTape() as tape:
            made, bpp = forward(scaled(inputs), True, noise)
            parts = loss_parts(terms, scaled(targets), made, bpp)
            if critic is not None:
                parts["adversarial"] = critic.verdict(made)
                parts["loss"] += critic.weight * parts["adversarial"]
        descend(tape, parts["loss"], (optimizer, variables(models)))
        if critic is not None:
            parts["discriminator"] = critic.train(scaled(targets), made)
        return parts

    @tf.function(reduce_retracing=True)
    def judged(inputs: Any, targets: Any) -> tuple[dict[str, Any], Any]:
        made, bpp = forward(scaled(inputs), False, None)
        image = scaled(targets)
        found = loss_parts(terms, image, made, bpp)
        if min(image.shape[1:3]) >= WINDOW:
            found[SSIM.key] = tf.reduce_mean(ssim(image, pixels(made) / 255.0))
        return found, tf.cast(pixels(made), tf.uint8)

    def validate() -> dict[str, Any]:
        inputs, targets = validation
        sums: dict[str, float] = {}
        psnrs: list[dict[str, float | None]] = []
        for start in range(0, len(inputs), _BATCH):
            some = slice(start, start + _BATCH)
            found, made = judged(tf.constant(inputs[some]), tf.constant(targets[some]))
            for name, value in found.items():
                sums[name] = sums.get(name, 0.0) + len(made) * float(value)
            psnrs += [{PSNR.key: psnr_db(*pair)} for pair in zip(targets[some], made.numpy(), strict=True)]
        return {name: value / len(inputs) for name, value in sums.items()} | means(psnrs)[0]

    return Work(
        label,
        models,
        batches,
        count,
        step,
        validate,
        (PSNR, SSIM),
        seed,
        {"optimizer": optimizer, **({} if critic is None else {"critic": critic.model, "judge": critic.optimizer})},
        look=Look(validation[:1], lambda inputs: forward(scaled(inputs), False, None)[0], validation[1]),
    )
