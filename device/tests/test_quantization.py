from __future__ import annotations

import unittest
import warnings

import numpy as np

from ..errors import BundleError
from ..quantization import Array, TensorInfo, make_input_quantizer

IMAGE = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)


def tensor(dtype: str, scale: float = 0.0, zero_point: int = 0) -> TensorInfo:
    return TensorInfo("t", (1, 16, 16, 1), dtype, scale, zero_point)


def quantized(info: TensorInfo) -> Array:
    out = np.full(info.shape, 77, info.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_input_quantizer(info)(IMAGE, out)
    image: Array = out[0]
    return image


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


if __name__ == "__main__":
    unittest.main()
