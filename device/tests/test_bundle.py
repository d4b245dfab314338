from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from .. import bundle
from .. import stream as bitstream
from ..errors import BundleError
from . import tiny


class BundleCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"


class Whole(BundleCase):
    def test_all_of_it_is_read(self) -> None:
        read = tiny.write(self.folder)
        self.assertEqual(list(read.variants), ["float32", "int16x8", "int8"])
        self.assertEqual((read.model, read.task, read.coder_id), ("tiny", "compression", 0))
        self.assertEqual((read.image_shape, read.grid), (tiny.IMAGE_SHAPE, tiny.GRID))
        np.testing.assert_array_equal(read.read_samples(), tiny.samples())
        np.testing.assert_array_equal(read.read_tables().frequencies, tiny.tables())
        data = tiny.encoder_file("int8").data
        variant = read.variant("int8")
        self.assertEqual(read.read_encoder("int8"), data)
        self.assertEqual((variant.input, variant.output), (tiny.INPUTS["int8"], tiny.OUTPUTS["int8"]))
        tag = bitstream.codec_tag(variant.sha256, read.grid, read.read_tables().sha256, 0)
        self.assertEqual(variant.codec_tag, tag)
        self.assertEqual(len({each.codec_tag for each in read.variants.values()}), 3)

    def test_counts_may_be_there(self) -> None:
        self.assertIsNone(tiny.write(self.folder).variant("int8").macs)
        path = self.folder / "bundle.json"
        value = json.loads(path.read_bytes())
        value["variants"]["int8"]["encoder"].update(parameters=516, macs=4608)
        path.write_text(json.dumps(value), encoding="utf-8")
        variant = bundle.read_bundle(self.folder).variant("int8")
        self.assertEqual((variant.parameters, variant.macs), (516, 4608))

    def test_listing(self) -> None:
        tiny.write(self.folder)
        tiny.write(self.folder.with_name("another"))
        self.folder.with_name("empty").mkdir()
        self.assertEqual([path.name for path in bundle.list_bundles(self.folder.parent)], ["another", "tiny"])
        self.assertEqual(bundle.list_bundles(self.folder / "none"), [])


class Reading(BundleCase):
    def setUp(self) -> None:
        super().setUp()
        tiny.write(self.folder)
        self.path = self.folder / "bundle.json"
        self.value = json.loads(self.path.read_bytes())

    def refused(self, words: str) -> None:
        self.path.write_text(json.dumps(self.value), encoding="utf-8")
        with self.assertRaisesRegex(BundleError, words) as caught:
            bundle.read_bundle(self.folder)
        self.assertIn("bundle.json", str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_versions(self) -> None:
        for version, words in ((3, "newer"), (0, "older"), (None, "no format version")):
            self.value["format_version"] = version
            self.refused(words)
        self.value = []
        self.refused("no format version")

    def test_each_missing_key_is_named(self) -> None:
        for key in sorted(set(self.value) - {"format_version", "preprocessing"}):
            kept = self.value.pop(key)
            self.refused(f"{key}.*: missing")
            self.value[key] = kept
        encoder = self.value["variants"]["int8"]["encoder"]
        for key in sorted(encoder):
            kept = encoder.pop(key)
            self.refused(f"variants.int8.encoder.{key}: missing")
            encoder[key] = kept

    def test_wrong_values_are_named(self) -> None:
        self.value["coder"] = 9
        self.refused("unknown id 9")
        self.value["coder"] = 0
        self.value["tables"]["file"] = "../tables.npy"
        self.refused("tables.file: '../tables.npy' is not a plain file name")
        self.value["tables"]["file"] = "tables.npy"
        self.value["image"]["height"] = 9
        self.refused("variants.float32.encoder.input.shape")
        self.value["image"]["height"] = "8"
        self.refused("image.height")
        self.value["image"]["height"] = 8
        self.value["variants"]["int8"]["encoder"]["macs"] = "4608"
        self.refused("variants.int8.encoder.macs: '4608' is not of the expected type")

    def test_missing_folder(self) -> None:
        with self.assertRaisesRegex(BundleError, "cannot be read"):
            bundle.read_bundle(self.folder / "none")

    def test_a_changed_file_is_refused_when_it_is_opened(self) -> None:
        read = bundle.read_bundle(self.folder)
        opened = {
            "int8.encoder.tflite": lambda: read.read_encoder("int8"),
            "tables.npy": read.read_tables,
            "samples.npy": read.read_samples,
        }
        for name, open_it in opened.items():
            path = self.folder / name
            data = bytearray(path.read_bytes())
            data[-1] ^= 1
            path.write_bytes(bytes(data))
            with self.assertRaisesRegex(BundleError, f"{name}: sha256"):
                open_it()
            path.unlink()
            with self.assertRaisesRegex(BundleError, f"{name}: cannot be read"):
                open_it()

    def test_unknown_variant_lists_the_known(self) -> None:
        with self.assertRaisesRegex(BundleError, "'int4'; available: float32, int16x8, int8"):
            bundle.read_bundle(self.folder).variant("int4")


if __name__ == "__main__":
    unittest.main()
