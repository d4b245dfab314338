"""The float network in Keras, with its latent rounded to the grid of the codes and as it leaves the encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from device.outputs.codes import LatentGrid
from host.metrics import judge_picture
from host.results import Row
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec
from host.tasks.compression import halves
from host.tasks.compression.baselines import keras_row, unrounded_row


@pytest.fixture
def rows(trained: Path, photos: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], tuple[Row, Row]]:
    """`keras_row` and `unrounded_row` over 40 images, on a grid so many times coarser than the model's."""
    model, read = ModelFolder(open_spec(trained / "tiny")[1]), halves.latent_grid

    def made(coarser: float) -> tuple[Row, Row]:
        def grid(model: ModelFolder, latent_shape: tuple[int, ...]) -> LatentGrid:
            found = read(model, latent_shape)
            return replace(found, scale=found.scale * coarser)

        monkeypatch.setattr(halves, "latent_grid", grid)
        return keras_row(model, photos[:40]), unrounded_row(model, photos[:40])

    return made


def test_no_step_of_the_grid_touches_the_unrounded_latent(rows: Callable[[float], tuple[Row, Row]]) -> None:
    rounded, unrounded = rows(1)
    coarse, still = rows(32)
    assert still.metrics == pytest.approx(unrounded.metrics)
    assert coarse.metrics["psnr_db"] < rounded.metrics["psnr_db"] - 1
    assert rounded.metrics["psnr_db"] == pytest.approx(unrounded.metrics["psnr_db"], abs=0.5)
    assert rounded.metrics["psnr_db"] != unrounded.metrics["psnr_db"]


def test_the_ends_of_the_grid_clip_both_latents(rows: Callable[[float], tuple[Row, Row]]) -> None:
    # As in training: without it, a network that was trained to end there decodes what it never saw.
    _, unrounded = rows(1)
    for row in rows(1 / 64):
        assert row.metrics["psnr_db"] < unrounded.metrics["psnr_db"] - 1


def test_the_unrounded_row_is_decoder_of_encoder_where_nothing_is_clipped(
    rows: Callable[[float], tuple[Row, Row]], trained: Path, photos: np.ndarray
) -> None:
    network = halves.load_halves(ModelFolder(open_spec(trained / "tiny")[1]), "float")
    made = network.decoder.predict(network.encoder.predict(photos[:40] / np.float32(255), verbose=0), verbose=0)
    pixels = np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8)
    values = [judge_picture(*pair) for pair in zip(photos, pixels, strict=False)]
    _, row = rows(1)
    assert row.row == "keras unrounded"
    for key in ("psnr_db", "ssim"):
        # Another batch size may round single pixels the other way.
        assert row.metrics[key] == pytest.approx(np.mean([value[key] for value in values]), abs=1e-3)


def test_each_row_tells_the_sizes_that_its_latent_has(rows: Callable[[float], tuple[Row, Row]]) -> None:
    rounded, unrounded = rows(1)
    # 16 x 16 x 3 = 768 bytes of image; 4 x 4 x 4 = 64 values.
    assert unrounded.sizes == {"uncoded_latent_bytes": 256} and unrounded.ratios == {"float32_latent": 3.0}
    assert (rounded.sizes["uncoded_latent_bytes"], rounded.sizes["latent_bytes"]) == (256, 64)
    assert rounded.ratios == {"float32_latent": 3.0, "nominal": 12.0}
