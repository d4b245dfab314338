"""What stands beside a classifier's variants: its Keras network called in three ways, and that network's files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
import tf_keras as keras

from host.data import DataSet
from host.metrics import gzip_bytes
from host.results import KERAS, Row
from host.spec.model_folder import ModelFolder
from host.tasks.classification.judging import KERAS_OPTIMIZER, KERAS_WEIGHTS
from host.tasks.classification.networks import load_network
from host.tasks.classification.spec import ACCURACY
from host.timing import timed

_BATCH = 250


def baselines(model: ModelFolder, data: DataSet) -> Iterator[Row]:
    """Rows of the stage float's network in Keras; of the files without accuracy and time."""
    network = load_network(model, "float")
    labels = data.test.labels
    assert labels is not None
    right = 100 * float(np.mean(answers(network, data.test.array) == labels))
    with tempfile.TemporaryDirectory() as folder:
        whole = saved(network, Path(folder))
    for name, call in calls(network, data.test.array[0]).items():
        time = timed(call, KERAS)
        yield Row(
            f"keras {name}",
            metrics={ACCURACY.key: right},
            sizes={"full_bytes": len(whole)},
            # Reports keep "device" for what a device measured.
            latency={"device": time, "full": time},
        )
    for name, content in files(network).items():
        yield Row(name, sizes={"network_bytes": len(content), "network_gzip_bytes": gzip_bytes(content)})


def answers(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """The class of each image, int64 (count,), by the network in Keras.

    Args:
        images: uint8 (count, height, width, channels).
    """
    classify = tf.function(lambda image: tf.argmax(network(image, training=False), -1), reduce_retracing=True)
    starts = range(0, len(images), _BATCH)
    return np.concatenate([classify(images[start : start + _BATCH] / np.float32(255)).numpy() for start in starts])


def calls(network: keras.Model, image: np.ndarray) -> dict[str, Callable[[], np.ndarray]]:
    """The three usual ways to ask a Keras network about one image, from its pixels to scores in numpy.

    `predict` builds a pipeline of data and callbacks for its one image; the plain call runs operation by operation
    from Python; a tf.function runs a compiled graph.

    Args:
        image: uint8 (height, width, channels).
    """
    graph = tf.function(lambda pixels: network(pixels, training=False))

    def pixels() -> np.ndarray:
        return image[None] / np.float32(255)

    return {
        "predict": lambda: np.asarray(network.predict(pixels(), verbose=0)),
        "call": lambda: np.asarray(network(pixels(), training=False)),
        "tf.function": lambda: np.asarray(graph(tf.constant(pixels()))),
    }


def files(network: keras.Model) -> dict[str, bytes]:
    """What Keras stores of a network: as training leaves it, with Adam's two moments of each weight; the weights alone.

    The network is compiled for it.
    """
    with tempfile.TemporaryDirectory() as folder:
        # Of a compiled network this file too would hold the optimizer.
        weights = Path(folder) / "model.weights.h5"
        network.save_weights(weights)
        optimizer = keras.optimizers.Adam()
        network.compile(optimizer=optimizer)
        optimizer.build(network.trainable_variables)
        return {KERAS_OPTIMIZER: saved(network, Path(folder)), KERAS_WEIGHTS: weights.read_bytes()}


def saved(network: keras.Model, folder: Path) -> bytes:
    """The network as a .keras file, with its optimizer where it is compiled."""
    network.save(folder / "model.keras")
    return (folder / "model.keras").read_bytes()
