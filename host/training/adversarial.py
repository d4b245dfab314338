"""Adversarial training: a discriminator learns to tell images from reconstructions, and the loss uses its verdict.

I. Goodfellow et al., "Generative Adversarial Nets" (2014), with the non-saturating loss of its section 3. The
discriminator's output may have any shape; each value of it is a verdict of its own, as in P. Isola et al. (2017).
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tf_keras as keras

from host.training.work import descend


class Critic:
    """A discriminator with its own optimizer and train step.

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
