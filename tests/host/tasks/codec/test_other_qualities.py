"""Weights of a codec with other qualities: the same images at those that both have, near ones at the new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from host.networks.weights import save_weights
from host.spec.parsing import parse_spec
from host.tasks.codec.networks import Codec, build_codec
from host.tasks.codec.spec import SECTIONS
from host.tasks.codec.stages import start_from_weights


def codec_of(value: dict[str, Any], folder: Path) -> Codec:
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text(json.dumps(value))
    return build_codec(parse_spec(value, folder / "spec.json", SECTIONS))


@pytest.fixture
def trained(tiny_codec: dict[str, Any], tmp_path: Path) -> tuple[Codec, Path]:
    codec = codec_of(tiny_codec, tmp_path / "trained")
    random = np.random.default_rng(5)
    for model in codec.models.values():
        for weight in model.weights:
            weight.assign(weight.numpy() + random.normal(0, 0.05, weight.shape))
    path = tmp_path / "trained" / "float.weights.h5"
    save_weights(path, codec.models)
    return codec, path


def decoded(codec: Codec, codes: np.ndarray, quality: int) -> np.ndarray:
    return codec.decoder([codes, np.array([quality], np.int32)]).numpy()


def test_a_finer_quality_is_added(trained: tuple[Codec, Path], tiny_codec: dict[str, Any], tmp_path: Path) -> None:
    old, path = trained
    step = tiny_codec["qualities"][-1]["step"]
    tiny_codec["qualities"].append({"lmbda": 0.1, "step": step / 2})
    new = codec_of(tiny_codec, tmp_path / "new")
    start_from_weights(path, new)
    codes = np.random.default_rng(6).integers(-3, 4, (1, 4, 5, old.channels)).astype(np.float32)
    for quality in (0, 1):
        np.testing.assert_array_equal(decoded(new, codes, quality), decoded(old, codes, quality))
    bits = new.prior(2 * codes, np.array([2], np.int32)).numpy().sum()
    # Half the step, twice the codes: about a bit more for each.
    assert bits == pytest.approx(old.prior(codes, np.array([1], np.int32)).numpy().sum() + codes.size, rel=0.15)
    image = np.random.default_rng(7).random((1, 22, 22, 3)).astype(np.float32)
    np.testing.assert_array_equal(new.encoder(image).numpy(), old.encoder(image).numpy())


def test_weights_with_the_same_qualities_are_taken_as_they_are(
    trained: tuple[Codec, Path], tiny_codec: dict[str, Any], tmp_path: Path
) -> None:
    old, path = trained
    new = codec_of(tiny_codec, tmp_path / "new")
    start_from_weights(path, new)
    for name, model in new.models.items():
        for mine, its in zip(model.weights, old.models[name].weights, strict=True):
            np.testing.assert_array_equal(mine.numpy(), its.numpy())
