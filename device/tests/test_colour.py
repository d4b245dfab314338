from __future__ import annotations

import unittest
from unittest import mock

import numpy as np

from .. import colour
from ..colour import chroma, enlarge, luma, picture
from ..quantization import Array


def noise(height: int, width: int, channels: int = 3) -> Array:
    return np.random.default_rng(height + width).integers(0, 256, (height, width, channels), dtype=np.uint8)


class Luma(unittest.TestCase):
    def test_known_colours(self) -> None:
        # ITU-R BT.601 with 8 bits: black 16, white 235, the primaries as in its colour bars at full level.
        colours = {(0, 0, 0): 16, (255, 255, 255): 235, (255, 0, 0): 81, (0, 255, 0): 145, (0, 0, 255): 41}
        image: Array = np.array([list(colours)], np.uint8)
        self.assertEqual(luma(image).tolist(), [[[value] for value in colours.values()]])
        blue_and_red = {(0, 0, 0): (0, 0), (255, 0, 0): (-37.797, 112), (0, 0, 255): (112, -18.214)}
        image = np.array([list(blue_and_red)], np.uint8)
        np.testing.assert_allclose(chroma(image)[0], list(blue_and_red.values()), atol=1e-3)

    def test_it_is_the_rounded_equation(self) -> None:
        image = noise(200, 200)
        exact = 16 + image.astype(np.float64) @ [65.481, 128.553, 24.966] / 255
        self.assertLessEqual(np.abs(luma(image)[..., 0] - exact).max(), 0.503)  # of weights in 65536ths

    def test_it_is_the_same_in_strips(self) -> None:
        image = noise(40, 31)
        whole = luma(image)
        for strip in (1, 31 * 7):
            with mock.patch.object(colour, "_STRIP_PIXELS", strip):
                np.testing.assert_array_equal(luma(image), whole)

    def test_grey_is_a_picture_of_equal_channels(self) -> None:
        grey: Array = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
        np.testing.assert_array_equal(luma(grey), luma(grey.repeat(3, 2)))

    def test_back_to_rgb(self) -> None:
        image = noise(40, 50)
        made = picture(luma(image), chroma(image))
        self.assertEqual((made.dtype, made.shape), (np.dtype(np.uint8), image.shape))
        self.assertLessEqual(np.abs(made.astype(int) - image).max(), 1)
        grey = noise(40, 50, 1)
        self.assertLessEqual(np.abs(picture(luma(grey)).astype(int) - grey).max(), 1)

    def test_values_outside_are_clipped(self) -> None:
        light: Array = np.array([[[0], [255]]], np.uint8)
        self.assertEqual(picture(light).tolist(), [[[0], [255]]])
        far: Array = np.full((1, 2, 2), 200, np.float32)
        self.assertEqual(picture(light, far).reshape(2, 3).tolist(), [[255, 0, 255], [255, 37, 255]])


class Enlarging(unittest.TestCase):
    def test_some_rows_are_those_of_the_whole(self) -> None:
        planes = chroma(noise(9, 7))
        for factor in (1, 2, 3):
            whole = enlarge(planes, factor)
            for start, stop in ((0, 9), (0, 1), (3, 5), (8, 9)):
                found = enlarge(planes, factor, slice(start, stop))
                np.testing.assert_allclose(found, whole[start * factor : stop * factor], atol=1e-4)

    def test_a_parabola_is_kept(self) -> None:
        # Cubic convolution with a = -1/2 reproduces polynomials of degree 2 (Keys 1981).
        for factor in (2, 3, 4):
            places = np.arange(30.0)
            planes: Array = (0.3 * places[:, None] ** 2 + places[None] * 2 - 7)[..., None].astype(np.float32)
            fine = (np.arange(30 * factor) + 0.5) / factor - 0.5
            expected = 0.3 * fine[:, None] ** 2 + fine[None] * 2 - 7
            inside = slice(2 * factor, -2 * factor)
            made = enlarge(planes, factor)[..., 0]
            self.assertEqual(made.shape, (30 * factor, 30 * factor))
            np.testing.assert_allclose(made[inside, inside], expected[inside, inside], atol=1e-3)

    def test_the_edge_is_repeated(self) -> None:
        planes: Array = np.full((1, 3, 2), 5, np.float32)
        np.testing.assert_allclose(enlarge(planes, 3), np.full((3, 9, 2), 5), atol=1e-5)
        step: Array = np.array([0, 0, 0, 1, 1, 1], np.float32).reshape(1, 6, 1)
        made = enlarge(step, 2)[0, :, 0]
        np.testing.assert_allclose(made[:3], 0, atol=1e-6)
        np.testing.assert_allclose(made[-3:], 1, atol=1e-6)
        np.testing.assert_allclose(made + made[::-1], 1, atol=1e-6)


if __name__ == "__main__":
    unittest.main()
