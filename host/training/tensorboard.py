"""TensorBoard's files: what every epoch measured, pictures beside their reconstructions, the network's graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from host.training.work import Look, Work

PICTURES = 8
EVERY = 5  # epochs between two looks at them


def observer(folder: Path, work: Work, epochs: int, resume: bool) -> Callable[[dict[str, Any]], None]:
    """Returns what writes an epoch's row, as `host.training.loop.fit` gives it, into folder/train and /validation.

    Scalars are those of the row: the loss, its parts, the work's metrics. The pictures of the first, every fifth and
    the last epoch stand beside what they should be. The files of an older training are deleted, unless this one
    resumes it.

    Args:
        epochs: that the stage has.
    """
    if not resume:
        for file in folder.glob("*/events.out.tfevents.*"):
            file.unlink()
    train, validation = (tf.summary.create_file_writer(str(folder / name)) for name in ("train", "validation"))
    pictures = None if work.look is None else _pictures(work.look, validation)

    def write(row: dict[str, Any]) -> None:
        epoch = row["epoch"]
        with train.as_default(step=epoch):
            _scalars({"loss": row["loss"], **row.get("parts", {})})
        with validation.as_default(step=epoch):
            if "validation_loss" in row:
                _scalars({"loss": row["validation_loss"], **row["validation"], **row.get("validation_parts", {})})
            if pictures is not None and (epoch in (1, epochs) or epoch % EVERY == 0):
                tf.summary.image("original and reconstruction", pictures(), max_outputs=PICTURES)
        for writer in (train, validation):
            writer.flush()

    return write


def _pictures(look: Look, writer: Any) -> Callable[[], np.ndarray]:
    """Writes the graph; returns what makes the originals, each with its reconstruction to the right."""
    inputs = [tf.constant(values[:PICTURES]) for values in look.inputs]
    restore = tf.function(look.restore).get_concrete_function(*inputs)
    with writer.as_default():
        tf.summary.graph(restore.graph)

    def pairs() -> np.ndarray:
        made = np.clip(np.rint(restore(*inputs) * 255), 0, 255).astype(np.uint8)
        return np.concatenate([look.targets[:PICTURES], made], axis=2)

    return pairs


def _scalars(values: dict[str, float]) -> None:
    for name, value in values.items():
        tf.summary.scalar(name, value)
