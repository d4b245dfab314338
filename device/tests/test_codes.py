from __future__ import annotations

import io
import math
import unittest
import warnings
from typing import Any

import numpy as np

from ..errors import BundleError
from ..inputs.fixed import Fixed
from ..inputs.strips import Strips
from ..outputs.codes import LatentGrid, make_output_quantizer, parse
from ..outputs.entropy import Tables
from ..quantization import Array, TensorInfo
from ..records import as_json, from_json
from . import tiny
from .test_quantization import tensor

GRID = LatentGrid(16, 16, 1, 0.37, -9)


def codes_of(info: TensorInfo, output: Array) -> Array:
    codes = np.full(GRID.shape, 77, np.int8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        make_output_quantizer(info, GRID)(output[None], codes)
    return codes


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


class Grid(unittest.TestCase):
    def test_round_trip(self) -> None:
        self.assertEqual(from_json(LatentGrid, as_json(GRID), "latent", BundleError), GRID)
        self.assertEqual(GRID.count, 256)
        # A float, whatever JSON's number looks like: the tag is a digest of how it is written.
        found = from_json(LatentGrid, {**as_json(GRID), "scale": 1}, "latent", BundleError)
        self.assertEqual(repr(found.scale), "1.0")

    def test_wrong_grids_are_refused(self) -> None:
        for change in ({"scale": 0.0}, {"scale": math.inf}, {"zero_point": 128}, {"height": 0}, {"channels": "8"}):
            with self.assertRaises(BundleError):
                from_json(LatentGrid, {**as_json(GRID), **change}, "latent", BundleError)


class Description(unittest.TestCase):
    def setUp(self) -> None:
        self.value: dict[str, Any] = {
            "kind": "codes",
            "grid": as_json(tiny.GRID),
            "tables": {"file": "t.npy", "sha256": "a" * 64, "numbers_sha256": Tables(tiny.tables()).sha256},
        }

    def test_golden_tag(self) -> None:
        grid = {**as_json(tiny.GRID), "height": 8, "width": 8, "channels": 8, "scale": 0.5, "zero_point": -3}
        described = parse(
            {**self.value, "grid": grid, "tables": {**self.value["tables"], "numbers_sha256": "b" * 64}}, ""
        )
        self.assertEqual(described.tag("a" * 64), "79f028e6")

    def test_the_tag_depends_on_network_grid_and_numbers_and_not_on_the_file(self) -> None:
        def tag(network: str = "a", **tables: str) -> str:
            return parse({**self.value, "tables": {**self.value["tables"], **tables}}, "").tag(network)

        other = parse({**self.value, "grid": {**self.value["grid"], "scale": 0.25}}, "").tag("a")
        self.assertEqual(len({tag(), tag("b"), tag(numbers_sha256="c"), other}), 4)
        self.assertEqual(tag(), tag(file="u.npy", sha256="d"))

    def test_images_of_any_size_do_not_fit_a_grid_of_one(self) -> None:
        described = parse(self.value, "")
        described.check(tiny.OUTPUTS["int8"], Fixed(8, 8, 3))
        with self.assertRaisesRegex(BundleError, "one size"):
            described.check(tiny.OUTPUTS["int8"], Strips(4, 0, 0, 3))

    def test_tables_of_other_numbers_or_channels_are_refused(self) -> None:
        content = tiny.tables(), tiny.tables()[:, ::-1].copy(), tiny.tables(3)
        described = parse(self.value, "")

        def read(number: int) -> Any:
            def data(file: str, sha256: str) -> bytes:
                stream = io.BytesIO()
                np.save(stream, content[number])
                return stream.getvalue()

            return data

        np.testing.assert_array_equal(described.read_tables(read(0)).frequencies, tiny.tables())
        with self.assertRaisesRegex(BundleError, "t.npy: other tables"):
            described.read_tables(read(1))
        with self.assertRaisesRegex(BundleError, "tables of 3 channels"):
            described.open(tiny.OUTPUTS["int8"], read(2))


if __name__ == "__main__":
    unittest.main()
