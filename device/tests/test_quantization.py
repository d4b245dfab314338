from __future__ import annotations

import math
import unittest
import warnings

import numpy as np

from ..errors import BundleError
from ..quantization import Array, LatentGrid, TensorInfo, make_input_quantizer, make_output_quantizer

IMAGE = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
GRID = LatentGrid(16, 16, 1, 0.37, -9)


def tensor(dtype: str, scale: float = 0.0, zero_point: int = 0) -> TensorInfo:
    return TensorInfo("t", (1, 16, 16, 1), dtype, scale, zero_point)


def quantized(info: TensorInfo) -> Array:
    out = np.full(info.shape, 77, info.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_input_quantizer(info)(IMAGE, out)
    image: Array = out[0]
    return image


def codes_of(info: TensorInfo, output: Array) -> Array:
    codes = np.full(GRID.shape, 77, np.int8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_output_quantizer(info, GRID)(output[None], codes)
    return codes


class Input(unittest.TestCase):
    def test_int8_is_the_plain_formula(self) -> None:
        expected = IMAGE.astype(np.int64) - 128
        np.testing.assert_array_equal(quantized(tensor("int8", 0.003921568859368563, -128)), expected)

    def test_float32_is_the_image_over_255(self) -> None:
        np.testing.assert_array_equal(quantized(tensor("float32")), IMAGE.astype(np.float32) / np.float32(255))

    def test_int16_is_the_plain_formula(self) -> None:
        scale = 3.0518509447574615e-05
        expected = np.rint(IMAGE.astype(np.float64) / 255 / scale)
        np.testing.assert_array_equal(quantized(tensor("int16", scale)), expected)
        self.assertEqual(quantized(tensor("int16", scale)).max(), 32767)

    def test_int16_saturates(self) -> None:
        self.assertEqual(quantized(tensor("int16", 1e-5)).max(), 32767)

    def test_image_may_be_a_strided_view(self) -> None:
        info = tensor("int8", 1 / 255, -128)
        out = np.zeros(info.shape, np.int8)
        make_input_quantizer(info)(IMAGE[::-1], out)
        np.testing.assert_array_equal(out[0], IMAGE[::-1].astype(np.int64) - 128)

    def test_other_int8_inputs_are_refused(self) -> None:
        for info in (tensor("int8", 1 / 255, 0), tensor("int8", 1 / 256, -128), tensor("int8", 1.00001 / 255, -128)):
            with self.assertRaisesRegex(BundleError, "expected 1/255 and -128"):
                make_input_quantizer(info)
        for info in (tensor("uint8", 1 / 255), tensor("int16", 0.0)):
            with self.assertRaises(BundleError):
                make_input_quantizer(info)


class Output(unittest.TestCase):
    def test_int8_is_a_copy(self) -> None:
        output = np.arange(-128, 128).astype(np.int8).reshape(GRID.shape)
        np.testing.assert_array_equal(codes_of(tensor("int8", 0.37, -9), output), output)

    def test_int8_of_another_grid_is_refused(self) -> None:
        for info in (tensor("int8", 0.37, 0), tensor("int8", 0.370001, -9)):
            with self.assertRaisesRegex(BundleError, "latent"):
                make_output_quantizer(info, GRID)

    def test_float32_is_the_plain_formula_and_saturates(self) -> None:
        output = np.random.default_rng(5).normal(0, 40, GRID.shape).astype(np.float32)
        output[0, 0], output[0, 1] = 1e9, -1e9
        expected = np.clip(np.rint(output / np.float32(0.37)) - 9, -128, 127)
        np.testing.assert_array_equal(codes_of(tensor("float32"), output), expected)
        self.assertEqual((expected.min(), expected.max()), (-128, 127))

    def test_int16_is_the_plain_formula_and_saturates(self) -> None:
        output = np.random.default_rng(6).integers(-32768, 32768, GRID.shape).astype(np.int16)
        output[0, 0], output[0, 1] = 32767, -32768
        for scale in (0.0005453628255054355, 0.002, 0.37, 300.0):
            exact = output.astype(np.float64) * scale / 0.37 - 9
            expected = np.clip(np.floor(exact + 0.5), -128, 127)
            np.testing.assert_array_equal(codes_of(tensor("int16", scale), output), expected)

    def test_int16_zero_point(self) -> None:
        output = np.full(GRID.shape, 1000, np.int16)
        np.testing.assert_array_equal(codes_of(tensor("int16", 0.37, 990), output), 10 - 9)

    def test_shape_and_dtype_are_checked(self) -> None:
        with self.assertRaisesRegex(BundleError, "shape"):
            make_output_quantizer(TensorInfo("t", (1, 16, 16, 2), "float32", 0.0, 0), GRID)
        with self.assertRaisesRegex(BundleError, "dtype uint8"):
            make_output_quantizer(tensor("uint8", 0.37, -9), GRID)


class Json(unittest.TestCase):
    def test_round_trip(self) -> None:
        self.assertEqual(LatentGrid.from_dict(GRID.to_dict()), GRID)
        info = tensor("int8", 0.1, 4)
        self.assertEqual(TensorInfo.from_dict(info.to_dict()), info)
        self.assertEqual(GRID.count, 256)
        self.assertEqual(repr(LatentGrid.from_dict({**GRID.to_dict(), "scale": 1}).scale), "1.0")

    def test_wrong_grids_are_refused(self) -> None:
        for change in ({"scale": 0.0}, {"scale": math.inf}, {"zero_point": 128}, {"height": 0}, {"channels": "8"}):
            with self.assertRaises(BundleError):
                LatentGrid.from_dict({**GRID.to_dict(), **change})
        with self.assertRaisesRegex(BundleError, "latent.scale: missing"):
            LatentGrid.from_dict({"height": 1, "width": 1, "channels": 1, "zero_point": 0})
        with self.assertRaisesRegex(BundleError, "shape"):
            TensorInfo.from_dict({**tensor("int8").to_dict(), "shape": [1, -1]})


if __name__ == "__main__":
    unittest.main()
