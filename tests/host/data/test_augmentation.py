"""Augmentation: what turns, turns about the middle; what is cut, is cut anywhere; the same again from the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from host.data.batches import _transformed, augment
from host.spec.types import DataSpec

RNG = np.random.default_rng(3)


def spec(**other: Any) -> DataSpec:
    return DataSpec("skimage", 16, 1, **other)


def test_a_quarter_turn_is_numpys() -> None:
    images = RNG.integers(0, 256, (2, 9, 9, 3), dtype=np.uint8)
    turned = _transformed(images, np.array([np.pi / 2, 0.0]), np.ones(2))
    np.testing.assert_array_equal(turned[0], np.rot90(images[0]))
    np.testing.assert_array_equal(turned[1], images[1])


def test_zooming_by_two_doubles_the_middle() -> None:
    images = np.zeros((1, 17, 17, 1), np.uint8)
    images[0, 6:11, 6:11] = 200  # 5 pixels wide
    zoomed = _transformed(images, np.zeros(1), np.array([2.0]))[0, ..., 0]
    assert 9 <= (zoomed[8] > 100).sum() <= 11
    assert zoomed[8, 8] == 200 and zoomed[0, 0] == 0


def test_augmented_batches_differ_from_image_to_image_and_repeat_with_the_seed() -> None:
    images = np.repeat(RNG.integers(0, 256, (1, 16, 16, 3), dtype=np.uint8), 6, axis=0)
    wanted = spec(rotation=20.0, zoom=0.2)
    found = augment(images, wanted, np.random.default_rng(1))
    assert found.shape == images.shape and found.dtype == np.uint8
    assert len({image.tobytes() for image in found}) == 6
    np.testing.assert_array_equal(augment(images, wanted, np.random.default_rng(1)), found)
    np.testing.assert_array_equal(augment(images, spec(), np.random.default_rng(1)), images)


def test_larger_images_are_cut_everywhere() -> None:
    images = np.arange(18 * 18, dtype=np.uint16).reshape(1, 18, 18, 1).repeat(400, 0).astype(np.uint8)
    cuts = augment(images, spec(fit="crop"), np.random.default_rng(0))
    assert cuts.shape == (400, 16, 16, 1)
    corners = {int(cut[0, 0, 0]) for cut in cuts}
    assert corners == {int(images[0, top, left, 0]) for top in range(3) for left in range(3)}


def test_shifted_images_are_mirrored_at_the_border() -> None:
    images = RNG.integers(0, 256, (1, 16, 16, 3), dtype=np.uint8).repeat(300, 0)
    shifted = augment(images, spec(shift=2), np.random.default_rng(0))
    padded = np.pad(images[0], ((2, 2), (2, 2), (0, 0)), mode="reflect")
    places = [(top, left) for top in range(5) for left in range(5)]
    expected = {padded[top : top + 16, left : left + 16].tobytes() for top, left in places}
    assert {image.tobytes() for image in shifted} == expected and len(expected) == 25


@pytest.mark.parametrize(
    ("other", "expected"), [({}, False), ({"zoom": 0.1}, True), ({"shift": 1}, True), ({"fit": "crop"}, True)]
)
def test_a_spec_knows_whether_it_augments(other: dict[str, Any], expected: bool) -> None:
    assert spec(**other).augments is expected
