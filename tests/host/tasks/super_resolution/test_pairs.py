"""The protocol: what is reduced, how, and what is judged."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from device.colour import enlarge, luma
from host.results import Row
from host.tasks.super_resolution.judging import conclude, judge, least_gain
from host.tasks.super_resolution.pairs import enlarged, large_luma, reduced
from host.tasks.super_resolution.work import patch_pairs

PICTURE = skimage.data.astronaut()[100:231, 100:262]


def test_pictures_are_cropped_to_a_multiple_of_the_factor() -> None:
    for factor in (2, 3, 4):
        large = large_luma(PICTURE, factor)
        assert large.shape == (131 // factor * factor, 162 // factor * factor, 1)
        np.testing.assert_array_equal(large, luma(PICTURE)[: large.shape[0], : large.shape[1]])
        small = reduced(large, factor)
        assert small.shape == (large.shape[0] // factor, large.shape[1] // factor, 1)
        assert abs(float(small.mean()) - float(large.mean())) < 0.5
        assert enlarged(small, factor).shape == large.shape


def test_the_device_enlarges_chroma_as_pillow_does() -> None:
    small = reduced(large_luma(PICTURE, 3), 3)
    inside = slice(9, -9)
    made = np.rint(np.clip(enlarge(small.astype(np.float32), 3), 0, 255))[inside, inside]
    assert np.abs(made - enlarged(small, 3)[inside, inside]).max() <= 1


def test_the_border_is_not_judged() -> None:
    truth = np.full((21, 21, 1), 100, np.uint8)
    made = truth.copy()
    made[:3], made[:, -3:] = 0, 255
    assert judge(truth, made, 3)["psnr_db"] is None
    made[3, 3] = 110
    assert judge(truth, made, 3)["psnr_db"] == pytest.approx(10 * np.log10(255**2 * 15**2 / 100))


def test_the_gain_is_that_of_the_picture_where_it_is_least() -> None:
    truth = luma(PICTURE[:60, :60])
    cubic = enlarged(reduced(truth, 3), 3)
    middle = (truth.astype(np.float64) + cubic) / 2  # half the error
    good, bad = np.rint(middle).astype(np.uint8), reduced(cubic, 1) ^ 1
    values = [judge(truth, made, 3) for made in (good, cubic, bad)]
    assert 5 < values[0]["gain"] < 7 and values[1]["gain"] == 0 and values[2]["gain"] < 0  # type: ignore[operator]
    assert least_gain(values[:2]) == {"least_gain_db": 0}
    (row,) = conclude([Row("int8", metrics={"psnr_db": 30.0})], {"int8": values})
    assert row.metrics == {"psnr_db": 30.0, "least_gain_db": values[2]["gain"]}
    assert least_gain([judge(truth, truth, 3)]) == {}


def test_a_picture_that_cubic_convolution_makes_perfectly_is_no_gain() -> None:
    flat = np.full((24, 27, 1), 90, np.uint8)
    one_off, far_off = flat.copy(), flat ^ 8
    one_off[9, 9] += 1
    assert enlarged(reduced(flat, 3), 3).tolist() == flat.tolist()
    values = [judge(flat, made, 3) for made in (flat, one_off, far_off)]
    assert values[0]["gain"] is None and values[1]["gain"] == pytest.approx(0)
    assert values[2]["gain"] == pytest.approx(-10 * np.log10(18 * 21 * 8**2))
    better = {"psnr_db": 30.0, "gain": 2.0}
    assert least_gain([better, values[0]]) == {"least_gain_db": 2.0}
    assert least_gain([better, values[2]]) == {"least_gain_db": values[2]["gain"]}


def test_targets_are_where_the_network_looks() -> None:
    patches = np.stack([PICTURE[:48, :48], PICTURE[-48:, -48:]])
    small, targets = patch_pairs(patches, 3, 2)
    assert (small.shape, targets.shape) == ((2, 16, 16, 1), (2, 36, 36, 1))
    np.testing.assert_array_equal(targets[1], luma(patches[1])[6:-6, 6:-6])
    np.testing.assert_array_equal(small[0], reduced(luma(patches[0]), 3))
