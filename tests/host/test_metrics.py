"""Quality: PSNR as its formula says, perfect images counted, SSIM of skimage with the agreed settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from host.metrics import PICTURES, PSNR, bits_per_pixel, judge_picture, latent_ratios, means, psnr_db, ssim, words

RNG = np.random.default_rng(6)
IMAGES = RNG.integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
SMALL = arrays(np.uint8, (4, 4, 3))


@given(SMALL, SMALL)
def test_psnr_is_its_formula_on_wide_integers(one: np.ndarray, other: np.ndarray) -> None:
    squared = np.mean((one.astype(float) - other.astype(float)) ** 2)
    if squared == 0:
        assert psnr_db(one, other) is None
    else:
        assert psnr_db(one, other) == pytest.approx(10 * np.log10(255**2 / squared))


@given(st.integers(1, 255))
def test_a_difference_of_n_levels_everywhere(levels: int) -> None:
    black = np.zeros((4, 4, 1), np.uint8)
    assert psnr_db(black, black + np.uint8(levels)) == pytest.approx(20 * np.log10(255 / levels))


def test_an_image_is_like_itself_and_unlike_its_negative() -> None:
    assert ssim(IMAGES[0], IMAGES[0]) == pytest.approx(1)
    assert ssim(IMAGES[0], 255 - IMAGES[0]) < 0


def test_ssim_of_two_flat_images_is_its_luminance_term() -> None:
    # Wang et al. 2004 with K1 = 0.01: without structure only the means are left.
    first, second = np.full((16, 16, 3), 100, np.uint8), np.full((16, 16, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(first, second) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))


def judged(made: np.ndarray) -> tuple[dict[str, float], int]:
    return means([judge_picture(*pair) for pair in zip(IMAGES, made, strict=True)])


def test_the_mean_is_of_each_images_psnr_and_not_of_the_pooled_error() -> None:
    worse = IMAGES.copy()
    worse[0] ^= 1
    worse[1] ^= 15
    worse[2] ^= 3
    found, perfect = judged(worse)
    each = [psnr_db(*pair) for pair in zip(IMAGES, worse, strict=True)]
    assert found["psnr_db"] == pytest.approx(np.mean(each))
    assert found["psnr_db"] != pytest.approx(psnr_db(IMAGES, worse), abs=0.5)
    assert perfect == 0


def test_a_perfect_image_is_counted_and_not_averaged() -> None:
    worse = IMAGES.copy()
    worse[1] ^= 1
    found, perfect = judged(worse)
    assert perfect == 2
    assert found["psnr_db"] == pytest.approx(20 * np.log10(255))
    assert judged(IMAGES) == ({"ssim": pytest.approx(1)}, 3)


def test_a_picture_smaller_than_the_window_has_no_ssim() -> None:
    dot = np.zeros((1, 1, 3), np.uint8)
    assert judge_picture(dot, dot + np.uint8(1)) == {"psnr_db": pytest.approx(48.13, abs=0.01)}
    # And so a set that holds one has none: a mean of the others would be of another set.
    found, _ = means([judge_picture(dot, dot + np.uint8(1)), judge_picture(IMAGES[0], 255 - IMAGES[0])])
    assert set(found) == {"psnr_db"}


def test_words_are_of_what_is_known_in_the_metrics_order() -> None:
    assert words(PICTURES, {"ssim": 0.94642, "psnr_db": 30.706}) == "PSNR 30.71 dB, SSIM 0.9464"
    assert words(PICTURES, {"psnr_db": None}) == "PSNR without limit (no difference)"
    assert PSNR.text(30.706) == "30.71 dB"


def test_bits_per_pixel_are_of_pixels_and_not_of_samples() -> None:
    assert bits_per_pixel(352.5, (32, 32, 3)) == 8 * 352.5 / 1024


def test_the_latent_of_cifar_10_in_float32_and_as_8_bit_codes() -> None:
    # 32 x 32 x 3 = 3072 bytes of image; 8 x 8 x 8 values are 2048 bytes in float32 and 512 bytes as codes.
    assert latent_ratios([(32, 32, 3)], 8 * 8 * 8) == {"float32_latent": 1.5, "nominal": 6.0}


def test_latents_of_images_of_several_sizes_are_compared_by_their_means() -> None:
    assert latent_ratios([(4, 4, 3), (8, 4, 3)], 12) == {"float32_latent": 1.5, "nominal": 6.0}
