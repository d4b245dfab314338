"""The training work of a classifier: cross-entropy to labels, and to a teacher's answers where there is one.

    loss = (1 - w) CE(y, p) + w T^2 KL(p_teacher(T) || p(T))

with p(T) the softmax of scores divided by T: G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural
Network" (2015).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.data import DataSet
from host.data.batches import batches
from host.spec.types import Spec, StageSpec
from host.tasks.classification.spec import ACCURACY, NETWORK
from host.training.optimizers import make_optimizer
from host.training.pictures import scaled
from host.training.work import Batch, Work, batch_count, descend

_BATCH = 250  # images that are validated at once


def classifier_work(
    spec: Spec, stage: StageSpec, network: keras.Model, data: DataSet, *, seed: int, teacher: keras.Model | None = None
) -> Work:
    """A classifier on labelled images.

    Args:
        network: image float32, 0..1 -> scores.
        teacher: of the same images and classes.
    """
    classes = network.output_shape[-1]
    smoothing, share = stage.options["label_smoothing"], stage.options["teacher_weight"]
    temperature = stage.options["temperature"]
    count = batch_count(stage, len(data.train), spec.training.batch_size)
    optimizer = make_optimizer(stage, stage.epochs * count, network.trainable_variables)

    def entropy(labels: Any, scores: Any, smoothing: float) -> Any:
        if not smoothing:
            return keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)
        wanted = tf.one_hot(labels, classes)
        return keras.losses.categorical_crossentropy(wanted, scores, from_logits=True, label_smoothing=smoothing)

    def lesson(teacher: keras.Model, images: Any, scores: Any) -> Any:
        taught = tf.nn.softmax(teacher(images, training=False) / temperature)
        return temperature**2 * keras.losses.kl_divergence(taught, tf.nn.softmax(scores / temperature))

    def step(images: Any, labels: Any) -> dict[str, Any]:
        inputs = scaled(images)
        with tf.GradientTape() as tape:
            scores = tf.cast(network(inputs, training=True), tf.float32)
            parts = {"loss": tf.reduce_mean(entropy(labels, scores, smoothing))}
            if teacher is not None:
                parts |= {"labels": parts["loss"], "teacher": tf.reduce_mean(lesson(teacher, inputs, scores))}
                parts["loss"] = (1 - share) * parts["labels"] + share * parts["teacher"]
        descend(tape, parts["loss"], (optimizer, network.trainable_variables))
        return parts

    @tf.function(reduce_retracing=True)
    def judged(images: Any, labels: Any) -> tuple[Any, Any]:
        scores = tf.cast(network(scaled(images), training=False), tf.float32)
        right = tf.argmax(scores, -1) == labels
        return tf.reduce_sum(entropy(labels, scores, 0.0)), tf.reduce_sum(tf.cast(right, tf.float32))

    def validate() -> dict[str, Any]:
        images, labels = data.validation.array, data.validation.labels
        assert labels is not None
        sums = np.zeros(2)
        for start in range(0, len(images), _BATCH):
            some = slice(start, start + _BATCH)
            sums += [float(part) for part in judged(tf.constant(images[some]), tf.constant(labels[some]))]
        entropy_sum, right = sums
        return {"loss": float(entropy_sum / len(images)), ACCURACY.key: float(100 * right / len(images))}

    def drawn(rng: np.random.Generator) -> Iterator[Batch]:
        for images, labels in batches(data.train, spec.data, spec.training.batch_size, count, rng):
            assert labels is not None
            yield images, labels

    return Work(
        f"{spec.name} {stage.name}",
        {NETWORK: network},
        drawn,
        count,
        step,
        validate,
        (ACCURACY,),
        seed,
        state={"optimizer": optimizer},
        # Entropy rises again, of a few wrong answers that grow surer, while accuracy still grows.
        keep_best=False,
    )
