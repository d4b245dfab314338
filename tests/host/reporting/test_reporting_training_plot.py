"""The curves of a training: what is drawn where, and what has none."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from host.reporting.training_plot import _curves, training_plot


def history(count, *keys):
    rows = [
        {"epoch": 1 + index, "loss": 0.3 / (1 + index), "validation_loss": 0.2 / (1 + index)} for index in range(count)
    ]
    return [row | dict.fromkeys(keys, 0.5 + row["epoch"] / 100) for row in rows]


def training(*keys):
    stages = {
        "float": {"history": history(5, *keys)},
        "qat": {"history": history(3, *keys), "control": {"history": history(3, *keys)}},
        "tune": {"int8": {"epochs": 2, "history": history(2)}, "int8_qat": {"epochs": 2, "history": history(2)}},
    }
    return {"stages": stages}


def test_stages_follow_each_other_and_their_alternatives_stand_beside_them():
    curves = _curves(training("validation_ssim"))
    begins = {stage: found["loss"][0][0] for stage, found in curves.items()}
    assert begins == {
        "float": 1,
        "qat": 6,
        "control (float continued)": 6,
        "tune, decoder for int8": 9,
        "tune, decoder for int8_qat": 9,
    }
    assert curves["float"]["validation_ssim"][1] == [0.51, 0.52, 0.53, 0.54, 0.55]
    assert "validation_ssim" not in curves["tune, decoder for int8"]


def test_what_was_watched_has_a_panel():
    sizes = [Image.open(io.BytesIO(training_plot("m", training(*keys)))).size for keys in ((), ("validation_ssim",))]
    assert sizes[1][0] > sizes[0][0] and sizes[1][1] == sizes[0][1]
    pixels = np.asarray(Image.open(io.BytesIO(training_plot("m", training()))).convert("RGB")).reshape(-1, 3)
    assert {(0, 0, 0), (0, 114, 178), (213, 94, 0)} <= set(map(tuple, pixels.tolist()))


def test_without_epochs_there_is_no_plot():
    sparse = history(2)
    del sparse[0]["validation_loss"]  # as codecs have it
    assert training_plot("m", {}) is None
    assert training_plot("m", {"stages": {"float": {"epochs": 2}}}) is None
    assert training_plot("m", {"stages": {"float": {"history": sparse}}}) is None
