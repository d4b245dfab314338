from __future__ import annotations

import math
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import open_encoder
from .. import stream as bitstream
from ..errors import BitstreamError, BundleError
from ..outputs import scores
from ..outputs.scores import ScoresDescription, probabilities, read_scores, real_scores
from ..quantization import Array, TensorInfo
from ..records import as_json
from ..runtime import make_interpreter
from . import tiny

CLASSES = ("bird", "cat", "dog")
INT8 = ScoresDescription(CLASSES, "int8", 0.25, -3)
INT16 = ScoresDescription(CLASSES, "int16", 0.001, 0)
FLOAT = ScoresDescription(CLASSES, "float32", 0.0, 0)
# Typed in: what a device sends is read like this for ever.
GOLDEN = {
    INT8: ([-128, -3, 127], "80fd7f", [-31.25, 0.0, 32.5]),
    INT16: ([-32768, 1, 258], "0080 0100 0201", [-32.768, 0.001, 0.258]),
    FLOAT: ([1.5, -0.0, -1e30], "0000c03f 00000080 caf249f1", [1.5, -0.0, -1e30]),
}


def tensor(description: ScoresDescription, **changes: Any) -> TensorInfo:
    grid = {"dtype": description.dtype, "scale": description.scale, "zero_point": description.zero_point}
    return TensorInfo(**{"name": "t", "shape": (1, 3), **grid, **changes})


def no_file(name: str, sha256: str) -> bytes:
    raise AssertionError(name)


class Payload(unittest.TestCase):
    def test_golden_bytes(self) -> None:
        for description, (numbers, content, logits) in GOLDEN.items():
            output = description.open(tensor(description), no_file)
            made: Array = np.array([numbers], description.dtype)
            self.assertEqual(output.payload([made]), bytes.fromhex(content))
            found = read_scores(bytes.fromhex(content), description)
            np.testing.assert_array_equal(found, made[0])
            np.testing.assert_array_equal(found, output.numbers([made]))
            self.assertEqual((found.dtype, found.flags.writeable), (np.dtype(description.dtype), True))
            self.assertEqual(output.sizes(found), {"scores_bytes": len(bytes.fromhex(content))})
            real = real_scores(found, description)
            self.assertEqual(real.dtype, np.float32)
            np.testing.assert_array_equal(real, np.array(logits, np.float32))

    def test_numbers_belong_to_the_caller(self) -> None:
        made: Array = np.array([[1, 2, 3]], np.int8)
        kept = INT8.open(tensor(INT8), no_file).numbers([made])
        made[:] = 0
        self.assertEqual(kept.tolist(), [1, 2, 3])

    def test_another_length_is_an_error(self) -> None:
        for description, payload in ((INT8, b"ab"), (INT8, b"abcd"), (INT16, b"abc"), (FLOAT, b"")):
            with self.assertRaisesRegex(BitstreamError, f"payload of {len(payload)} bytes, expected .*: 3 scores of"):
                read_scores(payload, description)

    def test_scores_that_are_not_finite_are_an_error(self) -> None:
        for wrong in (math.nan, math.inf, -math.inf):
            payload = np.array([0, wrong, 1], "<f4").tobytes()
            with self.assertRaisesRegex(BitstreamError, f"score 1 is {wrong}, expected a finite number"):
                read_scores(payload, FLOAT)


class Probabilities(unittest.TestCase):
    def test_softmax(self) -> None:
        found = probabilities(np.log(np.array([[1, 2, 5], [4, 4, 8]], np.float32)))
        np.testing.assert_allclose(found, [[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]], rtol=1e-6)

    def test_large_logits_do_not_overflow(self) -> None:
        found = probabilities(np.array([3e38, 3e38, -3e38], np.float32))
        self.assertEqual(found.tolist(), [0.5, 0.5, 0.0])


class Description(unittest.TestCase):
    def test_json_and_back(self) -> None:
        for description in GOLDEN:
            self.assertEqual(scores.parse({"kind": "scores", **as_json(description)}, "output"), description)
            self.assertEqual(description.files(), {})
        with self.assertRaisesRegex(BundleError, "output.classes: missing"):
            scores.parse({"dtype": "int8", "scale": 1.0, "zero_point": 0}, "output")

    def test_the_tag_is_of_all_that_gives_the_payload_its_meaning(self) -> None:
        self.assertEqual(INT8.tag("0" * 64), "8edabeb4")
        others = (
            replace(INT8, classes=("bird", "dog", "cat")),
            replace(INT8, dtype="int16"),
            replace(INT8, scale=0.5),
            replace(INT8, zero_point=-4),
        )
        tags = {INT8.tag("0" * 64), INT8.tag("1" * 64), *(other.tag("0" * 64) for other in others)}
        self.assertEqual(len(tags), 6)

    def test_a_tensor_that_does_not_fit_is_refused(self) -> None:
        for description in GOLDEN:
            description.check(tensor(description), None)
        for changes, words in (
            ({"shape": (1, 4)}, r"shape \(1, 4\), expected \(1, 3\): a score for each class"),
            ({"shape": (1, 1, 1, 3)}, "shape"),
            ({"dtype": "int16"}, "the scores are int8 scale 0.25 zero point -3"),
            ({"scale": 0.26}, "scale 0.26"),
            ({"zero_point": 0}, "zero point 0"),
        ):
            with self.assertRaisesRegex(BundleError, words):
                INT8.check(tensor(INT8, **changes), None)

    def test_labels_outside_the_classes_are_refused(self) -> None:
        INT8.check_labels(np.array([0, 1, 2, 2]))
        for wrong in (3, -1):
            with self.assertRaisesRegex(BundleError, f"label {wrong} of sample 1 is outside the 3 classes, 0 to 2"):
                INT8.check_labels(np.array([0, wrong, 7]))

    def test_top_1(self) -> None:
        numbers = [np.array(each, np.int8) for each in ([-128, 3, 2], [5, -1, 5], [0, 0, 9])]
        for labels, expected in (([1, 0, 2], 100.0), ([1, 2, 0], 100 / 3), ([0, 2, 1], 0.0)):
            self.assertEqual(INT8.figures(numbers, np.array(labels)), {"top1_percent": expected})
        with self.assertRaisesRegex(BitstreamError, "score 0 is nan"):
            FLOAT.figures([np.array([math.nan, 0, 0], np.float32)], np.array([0]))

    def test_wrong_values_are_refused(self) -> None:
        for changes, words in (
            ({"classes": ("cat",)}, "1 classes; expected at least 2"),
            ({"classes": ("cat", "dog", "cat")}, "two classes are named 'cat'"),
            ({"dtype": "uint8"}, "dtype 'uint8'; expected float32, int8 or int16"),
            ({"scale": 0.0}, "scale 0.0"),
            ({"zero_point": 128}, "zero point 128"),
            ({"dtype": "float32"}, "float32 with scale 0.25"),
        ):
            with self.assertRaisesRegex(BundleError, words):
                replace(INT8, **changes)


class Encoding(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"
        self.bundle = tiny.write_scores(self.folder)

    def test_a_stream_holds_what_the_network_gave(self) -> None:
        for name, size in (("int8", 1), ("int16x8", 2), ("float32", 4)):
            opened = open_encoder(self.folder, name)
            bare = make_interpreter(self.bundle.read_network(name))
            for image in tiny.samples():
                header, payload = bitstream.unpack(opened.encode(image), expect_tag=opened.tag)
                self.assertEqual((header.height, header.width, header.coder_id), (8, 8, 2))
                self.assertEqual(len(payload), 4 * size)
                numbers = read_scores(payload, opened.variant.output)
                np.testing.assert_array_equal(numbers, opened.numbers(image))
                if name == "float32":
                    bare.set_tensor(bare.get_input_details()[0]["index"], (image / np.float32(255))[None])
                    bare.invoke()
                    expected = bare.get_tensor(bare.get_output_details()[0]["index"])[0]
                    np.testing.assert_array_equal(numbers, expected)

    def test_variants_agree(self) -> None:
        image = tiny.samples()[1]
        made = {}
        for name in self.bundle.variants:
            opened = open_encoder(self.folder, name)
            made[name] = real_scores(opened.numbers(image), opened.variant.output)
        np.testing.assert_allclose(made["int8"], made["float32"], atol=0.1)
        np.testing.assert_allclose(made["int16x8"], made["float32"], atol=0.02)

    def test_stages_give_the_same_as_the_whole(self) -> None:
        opened = open_encoder(self.folder)
        first, second = tiny.samples()[:2]
        whole = opened.encode(first)
        self.assertNotEqual(opened.encode(second), whole)
        opened.quantize(first)
        opened.invoke()
        self.assertEqual(opened.code(), whole)


if __name__ == "__main__":
    unittest.main()
