"""The curves of a training: what is drawn where, and what has none."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from host.metrics import PICTURES, PSNR, SSIM
from host.reporting.training_plot import _curves, training_plot


def history(count, *metrics):
    rows = [
        {"epoch": 1 + index, "loss": 0.3 / (1 + index), "validation_loss": 0.2 / (1 + index)} for index in range(count)
    ]
    return [{**row, "validation": {each.key: 0.5 + row["epoch"] / 100 for each in metrics}} for row in rows]


def training(*metrics):
    stages = {
        "float": {"history": history(5, *metrics)},
        "qat": {"history": history(3, *metrics), "control": {"history": history(3, *metrics)}},
        "tune": {"int8": {"epochs": 2, "history": history(2)}, "int8_qat": {"epochs": 2, "history": history(2)}},
    }
    return {"stages": stages}


def test_stages_follow_each_other_and_their_alternatives_stand_beside_them():
    curves = _curves(training(SSIM), PICTURES)
    begins = {stage: found["loss"][0][0] for stage, found in curves.items()}
    assert begins == {"float": 1, "qat": 6, "qat, control": 6, "tune, int8": 9, "tune, int8_qat": 9}
    assert curves["float"]["ssim"][1] == [0.51, 0.52, 0.53, 0.54, 0.55]
    assert "ssim" not in curves["tune, int8"]


def test_what_was_watched_has_a_panel():
    sizes = [Image.open(io.BytesIO(training_plot("m", training(*watched), PICTURES))).size for watched in ((), (PSNR,))]
    assert sizes[1][0] > sizes[0][0] and sizes[1][1] == sizes[0][1]
    pixels = np.asarray(Image.open(io.BytesIO(training_plot("m", training(), ()))).convert("RGB")).reshape(-1, 3)
    assert {(0, 0, 0), (0, 114, 178), (213, 94, 0)} <= set(map(tuple, pixels.tolist()))


def test_epochs_that_were_not_validated_are_gaps():
    record = history(4, PSNR)
    for row in record[::2]:  # as codecs have it
        del row["validation_loss"], row["validation"]
    curves = _curves({"stages": {"float": {"history": record}}}, PICTURES)
    assert (curves["float"]["loss"][0], curves["float"]["psnr_db"][0]) == ([1, 2, 3, 4], [2, 4])


def test_without_epochs_there_is_no_plot():
    assert training_plot("m", {}, PICTURES) is None
    assert training_plot("m", {"stages": {"float": {"epochs": 2}}}, PICTURES) is None
