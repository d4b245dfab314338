from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np

from .. import bundle
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
        self.assertEqual((read.model, read.task, read.input.shape), ("tiny", "compression", tiny.IMAGE_SHAPE))
        np.testing.assert_array_equal(read.read_samples(), tiny.samples())
        variant = read.variant("int8")
        self.assertEqual((variant.output.grid, variant.output.kind), (tiny.GRID, "codes"))
        np.testing.assert_array_equal(variant.output.read_tables(read.read_file).frequencies, tiny.tables())
        self.assertEqual(read.read_network("int8"), tiny.encoder_file("int8").data)
        self.assertEqual((variant.input, variant.tensor), (tiny.INPUTS["int8"], tiny.OUTPUTS["int8"]))
        self.assertEqual(len({each.tag for each in read.variants.values()}), 3)

    def test_qualities(self) -> None:
        read = tiny.write_blocks(self.folder, (4.0, 2.0, 1.0))
        self.assertEqual(list(read.variants), ["int8_q0", "int8_q1", "int8_q2"])
        self.assertEqual((read.families(), read.qualities("int8")), (("int8",), (0, 1, 2)))
        self.assertEqual(len({each.tag for each in read.variants.values()}), 3)
        self.assertEqual(len({each.sha256 for each in read.variants.values()}), 1)
        data = tiny.encoder_file("int8").data
        self.assertEqual(read.read_network("int8_q2"), data)
        self.assertEqual(read.read_network("int8_q1"), tiny.with_scale(data, 2.0))
        self.assertEqual(read.find("int8").quality, 1)
        self.assertEqual(read.find("int8", 2).name, "int8_q2")
        self.assertEqual(read.find("int8_q0").quality, 0)
        with self.assertRaisesRegex(BundleError, "no quality 3; there are 0 to 2"):
            read.find("int8", 3)
        with self.assertRaisesRegex(BundleError, "'int8_q0' has no quality 1 to choose"):
            read.find("int8_q0", 1)
        with self.assertRaisesRegex(BundleError, "'float32' has no quality 0 to choose"):
            tiny.write(self.folder.with_name("fixed")).find("float32", 0)

    def test_samples_may_have_labels(self) -> None:
        self.assertIsNone(tiny.write(self.folder).read_labels())
        self.assertIsNone(tiny.write_scores(self.folder, labels=None).read_labels())
        read = tiny.write_scores(self.folder)
        np.testing.assert_array_equal(read.read_labels(), tiny.LABELS)
        for wrong, words in (
            (tiny.LABELS[1:], r"labels are int64 \(4,\), expected int64 \(5,\)"),
            (tiny.LABELS.astype(np.uint8), r"labels are uint8 \(5,\)"),
            (tiny.LABELS + 1, "label 4 of sample 3 is outside the 4 classes, 0 to 3"),
        ):
            with self.assertRaisesRegex(BundleError, f"labels.npy: {words}") as caught:
                tiny.write_scores(self.folder, wrong).read_labels()
            self.assertNotIn("\n", str(caught.exception))
        (self.folder / "labels.npy").write_bytes(b"")
        with self.assertRaisesRegex(BundleError, "labels.npy: sha256"):
            read.read_labels()

    def test_counts_may_be_there(self) -> None:
        self.assertIsNone(tiny.write(self.folder).variant("int8").macs)
        path = self.folder / "bundle.json"
        value = json.loads(path.read_bytes())
        value["variants"]["int8"].update(parameters=516, macs=4608)
        path.write_text(json.dumps(value), encoding="utf-8")
        variant = bundle.read_bundle(self.folder).variant("int8")
        self.assertEqual((variant.parameters, variant.macs), (516, 4608))
        self.assertEqual(bundle.read_bundle(self.folder).macs("int8", 8, 8), 4608)
        self.assertIsNone(bundle.read_bundle(self.folder).macs("float32", 8, 8))

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
        for version, words in ((2, "newer"), (0, "older"), (None, "no format version")):
            self.value["format_version"] = version
            self.refused(words)
        self.value = []
        self.refused("no format version")

    def test_each_missing_key_is_named(self) -> None:
        for key in sorted(set(self.value) - {"format_version", "preprocessing", "variants"}):
            kept = self.value.pop(key)
            self.refused(f"{key}.*: missing")
            self.value[key] = kept
        variant = self.value["variants"]["int8"]
        for part, where in (
            (variant, ""),
            (variant["tensor"], "tensor."),
            (variant["output"]["tables"], "output.tables."),
        ):
            for key in sorted(part):
                kept = part.pop(key)
                self.refused(f"variants.int8.{where}{key}.*: missing")
                part[key] = kept

    def test_wrong_values_are_named(self) -> None:
        variant = self.value["variants"]["int8"]
        tables = "variants.int8: '../tables.npy' cannot name a file"
        for part, key, wrong, words in (
            (variant["output"], "kind", "none", "unknown kind 'none' of .*outputs; known here: codes, context_codes"),
            (variant["output"], "kind", "entropy", "unknown kind 'entropy'"),
            (variant["output"], "kind", "../codes", "unknown kind"),
            (self.value["input"], "kind", "none", "known here: fixed, strips"),
            (variant["output"]["tables"], "file", "../tables.npy", tables),
            (self.value["samples"], "file", "/samples.npy", "samples.file: '/samples.npy' cannot name a file"),
            (self.value, "model", "a/b", "model: 'a/b' cannot name a file"),
            (self.value, "model", "a" * 300, "model: .* cannot name a file"),
            (self.value["input"], "height", 9, "samples.shape"),
            (self.value["input"], "height", "8", "input.height: expected integer, found string '8'"),
            (self.value["input"], "height", True, "input.height: expected integer, found boolean True"),
            (variant, "macs", "4608", "variants.int8.macs: expected integer, found string '4608'"),
            (variant, "family", "int4", "variants.int8: not the name of quality None of 'int4'"),
            (variant, "tag", "0011aaff", "variants.int8.tag: 0011aaff, its parts give"),
            (variant["tensor"], "scale", 1e999, "not valid JSON|expected number"),
            (variant["tensor"], "scale", 10**400, "tensor.scale: expected number"),
            (variant["tensor"], "shape", [1, 2, 2, 3], "variants.int8: output 'latent': shape"),
            (self.value, "variants", {}, "variants: none"),
        ):
            kept = dict(part)
            part[key] = wrong
            self.refused(words)
            part.clear()
            part.update(kept)

    def test_an_output_scale_lies_in_the_file(self) -> None:
        tiny.write_blocks(self.folder)
        self.value = json.loads(self.path.read_bytes())
        self.value["variants"]["int8_q0"]["output_scale"]["offset"] = 10**6
        self.refused("output_scale.offset: 1000000")

    def test_missing_folder(self) -> None:
        with self.assertRaisesRegex(BundleError, "cannot be read"):
            bundle.read_bundle(self.folder / "none")

    def test_a_changed_file_is_refused_when_it_is_opened(self) -> None:
        read = bundle.read_bundle(self.folder)
        opened = {
            "int8.encoder.tflite": lambda: read.read_network("int8"),
            "tables.npy": lambda: read.variant("int8").output.read_tables(read.read_file),
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
