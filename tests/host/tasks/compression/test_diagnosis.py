"""Both halves as a variant has them, beside the same weights in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from device.runtime import Network, make_interpreter
from host.networks.grid import grid_range
from host.spec.model_folder import ModelFolder
from host.tasks import open_spec
from host.tasks.compression.halves import load_halves


@pytest.mark.parametrize(("variant", "aware"), [("int8", False), ("int8_qat", True)])
def test_a_pair_is_the_exported_file_and_the_same_weights_in_float32(
    variant: str, aware: bool, trained: Path, loop: object
) -> None:
    task, spec = open_spec(trained / "tiny")
    found = task.pairs(ModelFolder(spec), variant)
    assert found.aware is aware
    encoder, decoder = found.networks
    bundle = loop.bundles / "tiny"  # type: ignore[attr-defined]
    assert encoder.quantized == (bundle / f"{variant}.encoder.tflite").read_bytes()
    grid = load_halves(ModelFolder(spec), "float").grid
    assert encoder.output_range == grid_range(grid) and decoder.output_range == (0, 1)
    latents = decoder.inputs / grid.scale
    assert np.array_equal(latents, latents.round()) and np.abs(latents).max() <= 128
    # The first layers differ by rounding alone, also where the weights come from quantization-aware training.
    exact, rounded = (Network(make_interpreter(content)) for content in (encoder.float32, encoder.quantized))
    for image in encoder.inputs[:3]:
        exact.set(image[None])
        rounded.set((image[None] * 255 - 128).round().astype(np.int8))
        exact.invoke()
        rounded.invoke()
        latent = np.clip(exact.get(), *grid_range(grid))
        assert np.abs(latent - rounded.get() * grid.scale).mean() < grid.scale
