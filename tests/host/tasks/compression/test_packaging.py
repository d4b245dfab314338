"""What export refuses, each with what was found, what was expected, and the cure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device.outputs.codes import LatentGrid
from device.quantization import TensorInfo
from host.errors import ExportError
from host.tasks.compression.packaging import check_decoder

GRID = LatentGrid(4, 4, 8, 0.25, -3)
LATENT = TensorInfo("latent", (1, 4, 4, 8), "int8", 0.25, -3)


def refusal(check: object, *arguments: object) -> str:
    with pytest.raises(ExportError) as caught:
        check("m int8", *arguments)  # type: ignore[operator]
    assert str(caught.value).startswith("m int8: ") and "\n" not in str(caught.value)
    return str(caught.value)


def test_a_decoder_on_the_grid_passes() -> None:
    check_decoder("m", LATENT, GRID)
    check_decoder("m", replace(LATENT, scale=0.25 * (1 - 5e-7)), GRID)


def test_float_ends_have_no_scale_to_fit() -> None:
    check_decoder("m", replace(LATENT, dtype="float32", scale=0.0, zero_point=0), GRID)


@pytest.mark.parametrize(("scale", "zero_point"), [(0.25001, -3), (0.25, -4)])
def test_a_latent_off_the_grid_is_refused(scale: float, zero_point: int) -> None:
    text = refusal(check_decoder, replace(LATENT, scale=scale, zero_point=zero_point), GRID)
    assert f"latent input: scale {scale:g}, zero point {zero_point}; expected 0.25 and -3" in text
    assert text.endswith("encoder and decoder must share one grid")


def test_a_latent_of_another_shape_is_refused() -> None:
    text = refusal(check_decoder, replace(LATENT, shape=(1, 4, 4, 4)), GRID)
    assert "shape (1, 4, 4, 4), expected (1, 4, 4, 8)" in text


def test_a_16_bit_decoder_must_reach_the_grids_ends() -> None:
    wide = TensorInfo("latent", (1, 4, 4, 8), "int16", 127 * 0.25 / 32767, 0)
    check_decoder("m", replace(wide, scale=wide.scale * 1.001), GRID)
    text = refusal(check_decoder, replace(wide, scale=wide.scale * 0.5), GRID)
    assert "reaches 15.875, the latent grid reaches 31.75" in text
