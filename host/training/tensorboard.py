"""TensorBoard's files: what every epoch measured, pictures beside their reconstructions, the network's graph."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from host.training.work import Task, reconstruct

PICTURES = 8
EVERY = 5  # epochs between two looks at them

_NAMES = {"validation_loss": "loss", "validation_psnr_db": "psnr_db", "validation_ssim": "ssim"}


def observer(folder: Path, task: Task, epochs: int, resume: bool) -> Callable[[dict[str, Any]], None]:
    """What writes an epoch's row, as `host.training.loop.fit` gives it, into folder/train and folder/validation.

    Scalars are those of the row: loss, its parts, psnr_db, ssim. The pictures of the first, every fifth and the last
    epoch are of the validation split, each beside its reconstruction. The files of an older training go, unless this
    one resumes it.

    Args:
        epochs: that the stage has.
    """
    if not resume:
        for file in folder.glob("*/events.out.tfevents.*"):
            file.unlink()
    train, validation = (tf.summary.create_file_writer(str(folder / name)) for name in ("train", "validation"))
    inputs, targets = (values[:PICTURES] for values in task.validation)
    network = tf.function(lambda images: reconstruct(task, images)).get_concrete_function(tf.constant(inputs))
    with validation.as_default():
        tf.summary.graph(network.graph)

    def write(row: dict[str, Any]) -> None:
        epoch = row["epoch"]
        with train.as_default(step=epoch):
            _scalars({"loss": row["loss"], **row.get("parts", {})})
        with validation.as_default(step=epoch):
            _scalars({name: row[key] for key, name in _NAMES.items() if key in row} | row.get("validation_parts", {}))
            if epoch in (1, epochs) or epoch % EVERY == 0:
                made = np.clip(np.rint(network(tf.constant(inputs)) * 255), 0, 255).astype(np.uint8)
                pairs = np.concatenate([targets, made], axis=2)
                tf.summary.image("original and reconstruction", pairs, max_outputs=PICTURES)
        for writer in (train, validation):
            writer.flush()

    return write


def _scalars(values: dict[str, float]) -> None:
    for name, value in values.items():
        tf.summary.scalar(name, value)
