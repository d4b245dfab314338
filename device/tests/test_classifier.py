from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np

from .. import open_classifier, open_encoder, pipeline
from .. import stream as bitstream
from ..classifier import Classifier
from ..errors import BitstreamError, BundleError, ImageError
from ..outputs.scores import read_scores, real_scores
from . import tiny


class Classifying(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"
        self.bundle = tiny.write_scores(self.folder)

    def test_labels_with_probabilities_best_first(self) -> None:
        for variant in tiny.SCORES:
            opened = open_classifier(self.folder, variant)
            self.assertEqual((opened.classes, opened.image_shape), (tiny.CLASSES, tiny.IMAGE_SHAPE))
            for image in tiny.samples():
                found = opened.classify(image)
                numbers = open_encoder(self.folder, variant).numbers(image)
                grown = np.exp(real_scores(numbers, self.bundle.variant(variant).output).astype(float))
                expected = dict(zip(tiny.CLASSES, grown / grown.sum()))
                self.assertEqual(set(dict(found)), set(tiny.CLASSES))
                for label, share in found:
                    self.assertAlmostEqual(share, expected[label], places=12)
                    self.assertIs(type(share), float)
                shares = [share for _, share in found]
                self.assertEqual(shares, sorted(shares, reverse=True))
                self.assertAlmostEqual(sum(shares), 1, places=12)

    def test_the_order_is_that_of_the_scores(self) -> None:
        opened = open_classifier(self.folder, "int16x8")
        for numbers, order in (
            ([5, 9, 9, 5], ["cat", "dog", "bird", "frog"]),
            ([-32768, 32767, -32767, 0], ["cat", "frog", "dog", "bird"]),
        ):
            with mock.patch.object(opened.encoder, "numbers", return_value=np.array(numbers, np.int16)):
                self.assertEqual([label for label, _ in opened.classify(tiny.samples()[0])], order)

    def test_the_stream_holds_the_same_scores(self) -> None:
        opened = open_classifier(self.folder)
        _, payload = bitstream.unpack(opened.encoder.encode(tiny.samples()[1]), expect_tag=opened.encoder.tag)
        numbers = read_scores(payload, self.bundle.variant("int8").output)
        self.assertEqual(opened.classify(tiny.samples()[1])[0][0], tiny.CLASSES[int(np.argmax(numbers))])

    def test_scores_that_are_not_finite_are_an_error(self) -> None:
        opened = open_classifier(self.folder, "float32")
        broken = np.array([0, np.nan, 0, 0], np.float32)
        with mock.patch.object(opened.encoder, "numbers", return_value=broken):
            with self.assertRaisesRegex(BitstreamError, "score 1 is nan"):
                opened.classify(tiny.samples()[0])

    def test_another_image_is_refused(self) -> None:
        with self.assertRaisesRegex(ImageError, r"takes uint8 \(8, 8, 3\); resize, crop or convert it first"):
            open_classifier(self.folder).classify(tiny.samples()[0, :7])


class Opening(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"

    def test_by_name(self) -> None:
        tiny.write_scores(self.folder)
        with mock.patch.object(pipeline, "DEFAULT_BUNDLES", self.folder.parent):
            self.assertIsInstance(open_classifier("tiny", threads=2), Classifier)

    def test_another_task_s_bundle_is_refused(self) -> None:
        for write, words in (
            (tiny.write, "tiny: no classifier: int8 gives codes, expected scores; open it as an encoder"),
            (tiny.write_blocks, "tiny: no classifier: int8_q1 gives context_codes"),
        ):
            write(self.folder)
            with self.assertRaisesRegex(BundleError, words):
                open_classifier(self.folder)


if __name__ == "__main__":
    unittest.main()
