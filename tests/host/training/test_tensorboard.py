"""TensorBoard's files, read back: scalars of both splits, pictures beside reconstructions, the graph."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from host.api import train
from host.data.skimage_patches import load


def read(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    found.Reload()
    return found


def scalars(found: EventAccumulator, tag: str) -> dict[int, float]:
    return {event.step: float(tf.make_ndarray(event.tensor_proto)) for event in found.Tensors(tag)}


def test_scalars_pictures_and_graph(tiny: dict[str, Any], tmp_path: Path) -> None:
    models, logs = tmp_path / "models", tmp_path / "logs"
    (models / "tiny").mkdir(parents=True)
    tiny["training"]["loss"] = {"mse": 1.0, "mae": 0.1}
    tiny["training"]["stages"]["float"] = {"epochs": 6}
    (models / "tiny" / "spec.json").write_text(json.dumps(tiny))
    for _ in range(2):  # the second training forgets the first one's files
        record = train(models / "tiny", stages=["float"], log_dir=logs, verbose=0)
    history = record["stages"]["float"]["history"]
    folder = logs / "tiny" / "float"
    training, validation = read(folder / "train"), read(folder / "validation")
    for tag, found, expected in (
        ("loss", training, [row["loss"] for row in history]),
        ("loss", validation, [row["validation_loss"] for row in history]),
        ("psnr_db", validation, [row["validation"]["psnr_db"] for row in history]),
        ("ssim", validation, [row["validation"]["ssim"] for row in history]),
    ):
        written = scalars(found, tag)
        assert list(written) == [1, 2, 3, 4, 5, 6]
        assert list(written.values()) == pytest.approx(expected, rel=1e-5)
    for part in ("mse", "mae"):
        expected = [row["parts"][part] for row in history]
        assert list(scalars(training, part).values()) == pytest.approx(expected, rel=1e-5)
        assert part in validation.Tags()["tensors"]

    looks = validation.Tensors("original and reconstruction")
    assert [event.step for event in looks] == [1, 5, 6]
    width, height, *pictures = tf.make_ndarray(looks[-1].tensor_proto)
    assert (int(width), int(height), len(pictures)) == (32, 16, 8)
    pairs = np.stack([np.asarray(Image.open(io.BytesIO(picture))) for picture in pictures]).astype(float)
    originals = load(16)[0].array
    originals = originals[-64:][:8]  # of the validation split
    np.testing.assert_array_equal(pairs[:, :, :16], originals)
    error = np.mean((pairs[:, :, 16:] - originals) ** 2)
    assert 0 < error < originals.var() / 4

    assert validation.Tags()["graph"]
    assert any("correction" in node.name for node in _nodes(validation.Graph()))


def _nodes(graph: Any) -> list[Any]:
    return [*graph.node, *(node for function in graph.library.function for node in function.node_def)]


def test_off_by_default(tiny: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "tiny").mkdir()
    tiny["training"]["stages"]["float"]["epochs"] = 1
    (tmp_path / "tiny" / "spec.json").write_text(json.dumps(tiny))
    train(tmp_path / "tiny", stages=["float"], verbose=0)
    assert not list(tmp_path.rglob("*tfevents*"))
