"""What codecs are trained on: photographs, or CIFAR-10 with the last images set aside and nothing upside down."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from host.data.photographs import draw_patches

from host.data import cifar10
from host.errors import DataError, SpecError
from host.tasks.codec.images import load_codec_images
from host.tasks.codec.spec import CodecSpec
from host.tasks.codec.task import parse_codec_spec

TINY = Path(__file__).parent / "tiny.spec.json"


def spec_of(tmp_path: Path, **data: object) -> CodecSpec:
    value = json.loads(TINY.read_text())
    value["data"] = {"dataset": "cifar10", "patch": 32, "validation": 3, **data}
    value["latent"]["halo"] = [0, 0]
    return parse_codec_spec(value, tmp_path / "models" / "tiny" / "spec.json")


@pytest.fixture
def images(monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    made = np.zeros((10, 32, 32, 3), np.uint8)
    made += np.arange(32, dtype=np.uint8)[:, None, None]  # dark above, bright below
    made[..., 0] = 100 + np.arange(10)[:, None, None]
    monkeypatch.setattr(cifar10, "load", lambda folder: (made, made[:1]))
    return made


def test_the_last_training_images_are_set_aside(images: np.ndarray, tmp_path: Path) -> None:
    found = load_codec_images(spec_of(tmp_path), None)
    assert np.array_equal(found.train, images[:7]) and np.array_equal(found.validation, images[7:])
    assert found.shares.sum() == pytest.approx(1)


def test_small_pictures_are_mirrored_and_never_turned(images: np.ndarray, tmp_path: Path) -> None:
    found = load_codec_images(spec_of(tmp_path), None)
    patches = draw_patches(found, 50, 32, np.random.default_rng(1))
    assert (np.diff(patches[..., 1].astype(int), axis=1) == 1).all()


def test_what_does_not_fit_is_a_line(images: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="patches of 36 pixels do not fit CIFAR-10's 32 x 32"):
        load_codec_images(spec_of(tmp_path, patch=36), None)
    with pytest.raises(SpecError, match=r"\$\.data\.validation"):
        spec_of(tmp_path, validation=["001.png"])
    with pytest.raises(SpecError, match=r"\$\.data\.dataset"):
        spec_of(tmp_path, dataset="mnist")
