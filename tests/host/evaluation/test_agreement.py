"""A device's codes beside this machine's: how many differ and by how much, or why nobody can tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from host.evaluation.codes import compare_codes, host_description

from device.bundle import Bundle
from device.tests import tiny
from host.quantization.execution import TfliteEncoder


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return tiny.write(tmp_path / "tiny")


def own_codes(bundle: Bundle, variant: str) -> np.ndarray:
    return TfliteEncoder(bundle.read_encoder(variant), bundle.grid).codes(tiny.samples())


@pytest.mark.parametrize("variant", ["float32", "int8", "int16x8"])
def test_equal_codes(variant: str, bundle: Bundle) -> None:
    codes = own_codes(bundle, variant)
    found = compare_codes(codes, tiny.samples(), bundle.folder, variant, bundle.variant(variant).codec_tag)
    assert found == {"count": 5 * 16, "differing": 0, "differing_share": 0.0, "largest_step": 0}


def test_the_share_that_differs_and_the_largest_step(bundle: Bundle) -> None:
    codes = own_codes(bundle, "int8")
    codes[0, 0, 0, 0] ^= 1
    # From one end of int8 to the other: a step that int8 cannot hold.
    codes[1, 0, 0, 1] = 127 if codes[1, 0, 0, 1] < 0 else -128
    wide = abs(int(codes[1, 0, 0, 1]) - int(own_codes(bundle, "int8")[1, 0, 0, 1]))
    found = compare_codes(codes, tiny.samples(), bundle.folder, "int8", bundle.variant("int8").codec_tag)
    assert found == {"count": 80, "differing": 2, "differing_share": 2 / 80, "largest_step": wide}
    assert wide > 127


def reason(
    bundle: Bundle, *, folder: Path | None = None, variant: str = "int8", tag: str = "", images: bool = True
) -> str:
    codes = np.zeros((5, 2, 2, 4), np.int8)
    tag = tag or bundle.variant("int8").codec_tag
    found = compare_codes(codes, tiny.samples() if images else None, folder or bundle.folder, variant, tag)
    assert list(found) == ["not_compared"] and "\n" not in found["not_compared"]
    return found["not_compared"]


def test_what_cannot_be_compared_says_why(bundle: Bundle, tmp_path: Path) -> None:
    assert reason(bundle, images=False) == "the images are not at hand"
    assert "nowhere: no encoders here; export nowhere" in reason(bundle, folder=tmp_path / "nowhere")
    assert "another export, its int8 has not codec tag 00c0ffee" in reason(bundle, tag="00c0ffee")
    assert "another export" in reason(bundle, variant="int4")


def test_a_damaged_encoder_says_why(bundle: Bundle) -> None:
    path = bundle.folder / bundle.variant("int8").file
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert "int8.encoder.tflite: sha256" in reason(bundle)


def test_this_machine_names_itself() -> None:
    found = host_description()
    assert found["runtime"].startswith("ai_edge_litert ") and found["machine"]
