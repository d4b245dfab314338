"""Block transforms: a 4x4 pair of stride 4 starts as an orthogonal projection of the blocks and its inverse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tf_keras as keras

from host.errors import SpecError
from host.networks.transforms import BASES, block_transform

SCALE = 1 / 64


def pair(
    name: str, codes: int, images: np.ndarray, kernel: int = 4, step: float = 4.0, reach: float = 5.0
) -> tuple[Any, Any]:
    """Encoder and decoder layer of stride 4, started with a basis."""
    channels = images.shape[3]
    encoder = keras.layers.Conv2D(codes, kernel, 4, "same")
    decoder = keras.layers.Conv2DTranspose(channels, kernel, 4, "same")
    encoder.build((None, 16, 16, channels))
    decoder.build((None, 4, 4, codes))
    for layer in (encoder, decoder):
        block_transform(layer, {"name": name, "step": step, "reach": reach}, SCALE, images, "$.here")
    return encoder, decoder


def blocks(images: np.ndarray) -> np.ndarray:
    """uint8 images -> float64 (blocks, 48) of 4x4 blocks, 0..1."""
    count, side, _, channels = images.shape
    cut = images.reshape(count, side // 4, 4, side // 4, 4, channels).transpose(0, 1, 3, 2, 4, 5)
    return cut.reshape(-1, 16 * channels) / 255


def error(encoder: Any, decoder: Any, images: np.ndarray) -> float:
    real = images / np.float32(255)
    return float(np.mean((decoder(encoder(real)).numpy() - real) ** 2))


@pytest.mark.parametrize("kernel", [4, 5, 6])
def test_local_pca_is_the_best_projection_of_the_blocks(kernel: int, photos: np.ndarray) -> None:
    encoder, decoder = pair("local_pca", 8, photos, kernel)
    centred = blocks(photos) - blocks(photos).mean(0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    basis = vectors[:, -8:]
    np.testing.assert_allclose(error(encoder, decoder, photos), values[:-8].sum() / 48, rtol=0.02)
    # Each image, not only on average: the decoder's one bias a channel stands for a nearly flat mean block.
    projected = centred @ basis @ basis.T + blocks(photos).mean(0)
    reconstructed = blocks((decoder(encoder(photos / np.float32(255))).numpy() * 255).astype(np.float64))
    assert np.abs(reconstructed - projected).max() < 0.03


@pytest.mark.parametrize("name", BASES)
def test_all_codes_lose_nothing(name: str, photos: np.ndarray) -> None:
    encoder, decoder = pair(name, 48, photos)
    assert error(encoder, decoder, photos) < 2e-4  # the mean block is not perfectly flat


@pytest.mark.parametrize("name", BASES)
def test_more_codes_are_better_and_the_first_are_the_best(name: str, photos: np.ndarray) -> None:
    errors = [error(*pair(name, codes, photos), photos) for codes in (4, 8, 16)]
    assert errors[0] > 1.3 * errors[1] > 1.3 * 1.3 * errors[2]


def test_the_principal_components_beat_the_cosines(photos: np.ndarray) -> None:
    assert error(*pair("local_pca", 8, photos), photos) < error(*pair("cosine", 8, photos), photos)


def test_a_step_is_one_code_and_reach_keeps_the_codes_in_range(photos: np.ndarray) -> None:
    def deviations(step: float, reach: float) -> np.ndarray:
        encoder, _ = pair("local_pca", 8, photos, step=step, reach=reach)
        return (encoder(photos / np.float32(255)).numpy() / SCALE).std((0, 1, 2))

    fine, coarse = deviations(8.0, 0.001), deviations(16.0, 0.001)
    np.testing.assert_allclose(fine, 2 * coarse, rtol=1e-4)
    projected = (blocks(photos) - blocks(photos).mean(0)) * 255
    largest = np.sqrt(np.linalg.eigvalsh(projected.T @ projected / len(projected))[-1])
    np.testing.assert_allclose(fine.max(), largest / 8, rtol=1e-3)
    assert deviations(0.001, 4.0).max() == pytest.approx(127 / 4, rel=1e-3)


def test_grey_images_have_cosines_too(photos: np.ndarray) -> None:
    grey = photos[..., :1]
    assert error(*pair("cosine", 16, grey), grey) < 2e-4


def test_the_start_is_the_same_every_time(photos: np.ndarray) -> None:
    first, again = (pair("local_pca", 8, photos)[0].get_weights() for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0].reshape(48, 8)[np.abs(first[0].reshape(48, 8)).argmax(0), range(8)] > 0).all()


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (keras.layers.Conv2D(8, 3, 4), r"needs a kernel of at least 4x4.*found kernel \(3, 3, 3, 8\)"),
        (keras.layers.Conv2D(49, 4, 4), "at most 48 codes"),
        (keras.layers.Conv2D(8, 4, (4, 2)), "square stride"),
        (keras.layers.Conv2D(8, 4, 4, use_bias=False), "with a bias"),
        (keras.layers.DepthwiseConv2D(4, 4), "needs a Conv2D or Conv2DTranspose"),
    ],
)
def test_a_layer_that_cannot_hold_a_transform_is_a_spec_error(layer: Any, words: str, photos: np.ndarray) -> None:
    layer.build((None, 16, 16, 3))
    with pytest.raises(SpecError, match=rf"^\$\.encoder\[0\]\.initializer: .*{words}") as caught:
        block_transform(layer, {"name": "cosine", "step": 4, "reach": 5}, SCALE, photos, "$.encoder[0]")
    assert "\n" not in str(caught.value)


def test_a_layer_between_two_others_reads_no_image(photos: np.ndarray) -> None:
    layer = keras.layers.Conv2D(8, 4, 4)
    layer.build((None, 16, 16, 12))
    with pytest.raises(SpecError, match="the image's 3 channels on its image side"):
        block_transform(layer, {"name": "local_pca", "step": 4, "reach": 5}, SCALE, photos, "$.encoder[1]")
