from __future__ import annotations

import importlib
import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from .. import errors, pipeline
from .. import open_encoder as public_open_encoder
from .. import stream as bitstream
from ..bundle import Bundle, read_bundle
from ..errors import BundleError, ImageError
from ..inputs import strips
from ..outputs.codes import LatentGrid
from ..outputs.context_codes.coder import ContextCoder
from ..quantization import Array
from ..runtime import Network, make_interpreter
from . import tiny
from .context_codes.reference import decode


class PipelineCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"
        self.bundle = tiny.write(self.folder)


class Encoding(PipelineCase):
    def test_bitstream_decodes_to_the_codes_of_each_variant(self) -> None:
        for variant in self.bundle.variants:
            opened = public_open_encoder(self.folder, variant)
            for image in tiny.samples():
                header, payload = bitstream.unpack(opened.encode(image), expect_tag=opened.tag)
                self.assertEqual((header.height, header.width, header.coder_id), (8, 8, 0))
                codes = opened.variant.output.read_tables(self.bundle.read_file).coder(tiny.GRID.shape).decode(payload)
                np.testing.assert_array_equal(codes, opened.numbers(image), variant)

    def test_int8_codes_are_what_a_bare_interpreter_gives(self) -> None:
        bare = make_interpreter(tiny.encoder_file("int8").data)
        image = tiny.samples()[2]
        bare.set_tensor(bare.get_input_details()[0]["index"], (image.astype(np.int16) - 128).astype(np.int8)[None])
        bare.invoke()
        expected = bare.get_tensor(bare.get_output_details()[0]["index"])[0]
        self.assertGreater(len(np.unique(expected)), 4)
        np.testing.assert_array_equal(public_open_encoder(self.folder).numbers(image), expected)

    def test_variants_agree_within_a_few_steps(self) -> None:
        image = tiny.samples()[0]
        codes = [public_open_encoder(self.folder, name).numbers(image).astype(int) for name in tiny.INPUTS]
        for other in codes[1:]:
            self.assertLessEqual(int(np.abs(other - codes[0]).max()), 2)

    def test_stages_give_the_same_as_the_whole(self) -> None:
        opened = public_open_encoder(self.folder, "int16x8")
        first, second = tiny.samples()[:2]
        whole = opened.encode(first)
        self.assertNotEqual(opened.encode(second), whole)
        opened.quantize(first)
        opened.invoke()
        self.assertEqual(opened.code(), whole)

    def test_codes_handed_out_are_not_overwritten(self) -> None:
        opened = public_open_encoder(self.folder)
        codes = opened.numbers(tiny.samples()[0])
        before = codes.copy()
        opened.encode(tiny.samples()[1])
        np.testing.assert_array_equal(codes, before)

    def test_other_images_are_refused(self) -> None:
        opened = public_open_encoder(self.folder)
        image = tiny.samples()[0]
        for wrong in (image[:7], image[None], image.astype(np.float32), image.astype(np.int8), image.tolist()):
            with self.assertRaisesRegex(ImageError, r"takes uint8 \(8, 8, 3\)"):
                opened.encode(wrong)  # type: ignore[arg-type,unused-ignore]


class Opening(PipelineCase):
    def test_by_name(self) -> None:
        with mock.patch.object(pipeline, "DEFAULT_BUNDLES", self.folder.parent):
            self.assertEqual(pipeline.find_bundle("tiny"), self.folder)
            with self.assertRaisesRegex(BundleError, "no bundle 'none' .*available: tiny"):
                pipeline.find_bundle("none")
        nowhere = mock.patch.object(pipeline, "DEFAULT_BUNDLES", self.folder)
        with nowhere, self.assertRaisesRegex(BundleError, "run make export"):
            pipeline.find_bundle("none")

    def test_tables_of_another_model_are_refused(self) -> None:
        other = tiny.write(self.folder.with_name("other"), tables=tiny.tables()[:, ::-1].copy())
        path = self.folder / "bundle.json"
        value = json.loads(path.read_bytes())
        (self.folder / "tables.npy").write_bytes((other.folder / "tables.npy").read_bytes())
        tables = value["variants"]["int8"]["output"]["tables"]
        tables["sha256"] = other.variant("int8").output.tables.sha256
        path.write_text(json.dumps(value), encoding="ascii")
        with self.assertRaisesRegex(BundleError, "tables.npy: other tables"):
            public_open_encoder(self.folder)
        tables["numbers_sha256"] = other.variant("int8").output.tables.numbers_sha256
        path.write_text(json.dumps(value), encoding="ascii")
        with self.assertRaisesRegex(BundleError, "variants.int8.tag: "):
            public_open_encoder(self.folder)

    def test_an_encoder_that_is_not_as_described_is_refused(self) -> None:
        encoders = {"int8": tiny.encoder_file("int8", tiny.encoder_file("int16x8").data)}
        tiny.write(self.folder, encoders=encoders)
        with self.assertRaisesRegex(BundleError, "its input is int16"):
            public_open_encoder(self.folder)

    def test_an_encoder_whose_scale_is_not_as_described_is_refused(self) -> None:
        off_grid = replace(tiny.encoder_file("int8"), output=replace(tiny.OUTPUTS["int8"], scale=0.5))
        tiny.write(self.folder, grid=LatentGrid(2, 2, 4, 0.5, 0), encoders={"int8": off_grid})
        with self.assertRaisesRegex(BundleError, "its output is int8 .* scale 1 .* says .* scale 0.5"):
            public_open_encoder(self.folder)

    def test_what_the_package_offers_is_there(self) -> None:
        package = importlib.import_module(__package__.rpartition(".")[0])
        named = [name for name, value in vars(errors).items() if isinstance(value, type)]
        self.assertGreater(len(named), 6)
        for name in named:
            self.assertIs(getattr(package, name), getattr(errors, name))
        with self.assertRaises(package.ImageError):
            package.open_encoder(self.folder).encode(None)
        self.assertIsInstance(pipeline.Pipeline(read_bundle(self.folder), "float32").delegate, str)


class AnySize(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"
        self.bundle: Bundle = tiny.write_blocks(self.folder)

    def image(self, height: int, width: int) -> Array:
        return np.random.default_rng(height * 100 + width).integers(0, 256, (height, width, 3), dtype=np.uint8)

    def expected(self, image: Array, step: float, rows: int) -> Array:
        """Codes by a bare interpreter, from strips of so many rows of blocks."""
        network = Network(make_interpreter(tiny.with_scale(tiny.encoder_file("int8").data, step)))
        padded = np.pad(image, ((0, -len(image) % 4), (0, -image.shape[1] % 4), (0, 0)), mode="reflect")
        parts = []
        for top in range(0, len(padded), 4 * rows):
            part = padded[top : top + 4 * rows]
            network.resize((1, *part.shape))
            network.set((part.astype(np.int16) - 128).astype(np.int8)[None])
            network.invoke()
            parts.append(network.get()[0])
        codes = np.concatenate(parts).astype(np.int16)
        codes[..., 1:] = np.trunc(codes[..., 1:] / 2)
        return codes.astype(np.int8)

    def test_codes_are_what_a_bare_interpreter_gives(self) -> None:
        for quality, step in enumerate(tiny.STEPS):
            encoder = public_open_encoder(self.folder, quality=quality)
            self.assertIsNone(encoder.image_shape)
            for height, width in ((8, 8), (13, 22), (5, 6), (8, 8)):
                image = self.image(height, width)
                np.testing.assert_array_equal(encoder.numbers(image), self.expected(image, step, 4))

    def test_strips_and_stages_give_the_same_stream(self) -> None:
        with mock.patch.object(strips, "STRIP_PIXELS", 1):
            encoder = public_open_encoder(self.folder, quality=1)
            for height, width in ((16, 12), (9, 30), (3, 3)):
                image = self.image(height, width)
                np.testing.assert_array_equal(encoder.numbers(image), self.expected(image, 1.0, 1))
                whole = encoder.encode(image)
                encoder.quantize(image)
                encoder.invoke()
                self.assertEqual(encoder.code(), whole)
                header, payload = bitstream.unpack(whole, expect_tag=encoder.tag)
                self.assertEqual((header.height, header.width, header.coder_id), (height, width, 1))
                output = encoder.variant.output
                coder = ContextCoder(output.read_tables(self.bundle.read_file), output.grid.shape(height, width))
                np.testing.assert_array_equal(decode(payload, coder), encoder.numbers(image))

    def test_the_last_strip_may_begin_in_the_one_before(self) -> None:
        image = self.image(40, 8)  # 10 rows of blocks in strips of 4, of which the last has rows 6 to 9
        with mock.patch.object(strips, "STRIP_PIXELS", 4 * 2 * 16):
            found = public_open_encoder(self.folder, quality=1).numbers(image)
        self.assertEqual(found.shape, (10, 2, 4))
        np.testing.assert_array_equal(found[:8], self.expected(image[:32], 1.0, 4))
        np.testing.assert_array_equal(found[8:], self.expected(image[24:], 1.0, 4)[2:])

    def test_an_image_that_is_refused_leaves_the_encoder_as_it_was(self) -> None:
        encoder = public_open_encoder(self.folder)
        self.assertEqual(encoder.variant.name, "int8_q1")
        wrong: Any
        for wrong in (None, np.uint8(3), np.zeros(0, np.uint8)):
            with self.assertRaises(ImageError):
                encoder.encode(wrong)
        before = encoder.encode(self.image(9, 9))
        for wrong in (np.zeros((8, 8), np.uint8), self.image(8, 8)[..., :1], np.zeros((0, 8, 3), np.uint8), None):
            with self.assertRaisesRegex(ImageError, r"takes uint8 \(height, width, 3\)"):
                encoder.encode(wrong)
        self.assertEqual(encoder.encode(self.image(9, 9)), before)

    def test_tables_of_another_quality_are_refused(self) -> None:
        path = self.folder / "bundle.json"
        value = json.loads(path.read_bytes())
        first, second = (value["variants"][name] for name in ("int8_q0", "int8_q1"))
        first["output"], second["output"] = second["output"], first["output"]
        path.write_text(json.dumps(value), encoding="ascii")
        with self.assertRaisesRegex(BundleError, "int8_q0: output .* expected int8 of scale 1"):
            read_bundle(self.folder)


if __name__ == "__main__":
    unittest.main()
