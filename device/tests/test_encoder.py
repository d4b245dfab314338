from __future__ import annotations

import importlib
import json
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from .. import open_encoder as public_open_encoder
from .. import pipeline as encoder
from .. import stream as bitstream
from ..bundle import read_bundle
from ..errors import BundleError, ImageError
from ..quantization import LatentGrid
from ..runtime import make_interpreter
from . import tiny


class EncoderCase(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "tiny"
        self.bundle = tiny.write(self.folder)


class Encoding(EncoderCase):
    def test_bitstream_decodes_to_the_codes_of_each_variant(self) -> None:
        for variant in self.bundle.variants:
            opened = public_open_encoder(self.folder, variant)
            for image in tiny.samples():
                header, payload = bitstream.unpack(opened.encode(image), expect_tag=opened.variant.codec_tag)
                self.assertEqual((header.height, header.width), (8, 8))
                codes = self.bundle.read_tables().coder(tiny.GRID.shape).decode(payload)
                np.testing.assert_array_equal(codes, opened.encode_codes(image), variant)

    def test_int8_codes_are_what_a_bare_interpreter_gives(self) -> None:
        bare = make_interpreter(tiny.encoder_file("int8").data)
        image = tiny.samples()[2]
        bare.set_tensor(bare.get_input_details()[0]["index"], (image.astype(np.int16) - 128).astype(np.int8)[None])
        bare.invoke()
        expected = bare.get_tensor(bare.get_output_details()[0]["index"])[0]
        self.assertGreater(len(np.unique(expected)), 4)
        np.testing.assert_array_equal(public_open_encoder(self.folder).encode_codes(image), expected)

    def test_variants_agree_within_a_few_steps(self) -> None:
        image = tiny.samples()[0]
        codes = [public_open_encoder(self.folder, name).encode_codes(image).astype(int) for name in tiny.INPUTS]
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
        codes = opened.encode_codes(tiny.samples()[0])
        before = codes.copy()
        opened.encode(tiny.samples()[1])
        np.testing.assert_array_equal(codes, before)

    def test_other_images_are_refused(self) -> None:
        opened = public_open_encoder(self.folder)
        image = tiny.samples()[0]
        for wrong in (image[:7], image[None], image.astype(np.float32), image.astype(np.int8), image.tolist()):
            with self.assertRaisesRegex(ImageError, r"takes uint8 \(8, 8, 3\)"):
                opened.encode(wrong)  # type: ignore[arg-type,unused-ignore]


class Opening(EncoderCase):
    def test_by_name(self) -> None:
        with mock.patch.object(encoder, "DEFAULT_BUNDLES", self.folder.parent):
            self.assertEqual(encoder.find_bundle("tiny"), self.folder)
            with self.assertRaisesRegex(BundleError, "no bundle 'none' .*available: tiny"):
                encoder.find_bundle("none")
        nowhere = mock.patch.object(encoder, "DEFAULT_BUNDLES", self.folder)
        with nowhere, self.assertRaisesRegex(BundleError, "run make export"):
            encoder.find_bundle("none")

    def test_tables_of_another_model_are_refused(self) -> None:
        other = tiny.write(self.folder.with_name("other"), tables=tiny.tables()[:, ::-1].copy())
        path = self.folder / "bundle.json"
        value = json.loads(path.read_bytes())
        (self.folder / "tables.npy").write_bytes((other.folder / "tables.npy").read_bytes())
        value["tables"]["sha256"] = other.tables_sha256
        path.write_text(json.dumps(value), encoding="ascii")
        with self.assertRaisesRegex(BundleError, "codec tag of 'int8'"):
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

    def test_importing_the_package_is_cheap(self) -> None:
        package = importlib.import_module(__package__.rpartition(".")[0])
        self.assertEqual(package.__all__, ["open_encoder"])
        self.assertIsInstance(encoder.Encoder(read_bundle(self.folder), "float32").delegate, str)


if __name__ == "__main__":
    unittest.main()
