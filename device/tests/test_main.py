from __future__ import annotations

import io
import os
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import numpy as np

from .. import __main__ as command
from .. import open_classifier, open_encoder, open_upscaler, pipeline, upscaler
from .. import stream as bitstream
from ..colour import luma
from ..outputs.pixels import PixelsDescription
from ..runtime import PREFERENCE
from . import tiny


class Command(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        tiny.write(self.folder / "tiny")
        self.stdout, self.stderr = io.StringIO(), io.StringIO()

    def run_command(self, *arguments: object) -> int:
        with redirect_stdout(self.stdout), redirect_stderr(self.stderr):
            return command.main([str(argument) for argument in arguments])

    def test_encode_writes_the_bitstream(self) -> None:
        image = tiny.samples()[1]
        np.save(self.folder / "a.npy", image)
        (self.folder / "a.ppm").write_bytes(b"P6\n8 8\n255\n" + image.tobytes())
        expected = open_encoder(self.folder / "tiny", "float32").encode(image)
        bitstream.unpack(expected)
        for name in ("a.npy", "a.ppm"):
            output = self.folder / "a.bin"
            options = ("-o", output, "--bundle", self.folder / "tiny", "--variant", "float32")
            self.assertEqual(self.run_command("encode", self.folder / name, *options), 0)
            self.assertEqual(output.read_bytes(), expected)

    def test_errors_are_one_line(self) -> None:
        np.save(self.folder / "big.npy", np.zeros((9, 8, 3), np.uint8))
        options = ("-o", self.folder / "big.npy" / "a.bin", "--bundle", self.folder / "tiny")
        self.assertEqual(self.run_command("encode", self.folder / "big.npy", *options), 1)
        self.assertIn("takes uint8 (8, 8, 3)", self.stderr.getvalue())
        self.assertEqual(len(self.stderr.getvalue().splitlines()), 1)
        np.save(self.folder / "a.npy", tiny.samples()[0])
        self.assertEqual(self.run_command("encode", self.folder / "a.npy", *options), 1)
        self.assertIn("cannot be written", self.stderr.getvalue())

    def test_classify_prints_labels_and_probabilities_best_first(self) -> None:
        tiny.write_scores(self.folder / "pets")
        np.save(self.folder / "a.npy", tiny.samples()[2])
        options = ("--bundle", self.folder / "pets")
        self.assertEqual(self.run_command("classify", self.folder / "a.npy", *options), 0)
        lines = [line.split() for line in self.stdout.getvalue().splitlines()]
        self.assertEqual([label for label, _, _ in lines], ["dog", "bird", "cat", "frog"])
        expected = open_classifier(self.folder / "pets").classify(tiny.samples()[2])
        self.assertEqual([share for _, share, _ in lines], [f"{100 * share:.2f}" for _, share in expected])
        self.assertEqual({sign for _, _, sign in lines}, {"%"})
        self.stdout.truncate(0)
        others = ("--variant", "float32", "--top", 1)
        self.assertEqual(self.run_command("classify", self.folder / "a.npy", *options, *others), 0)
        self.assertEqual(len(self.stdout.getvalue().splitlines()), 1)

    def test_what_cannot_be_classified_is_one_line(self) -> None:
        tiny.write_scores(self.folder / "pets")
        for name, image in (("a", tiny.samples()[0]), ("big", np.zeros((9, 8, 3), np.uint8))):
            np.save(self.folder / f"{name}.npy", image)
        for image, bundle, variant, words in (
            ("a", "tiny", "int8", "tiny: no classifier: int8 gives codes, expected scores"),
            ("big", "pets", "int8", r"image is uint8 \(9, 8, 3\), this encoder takes uint8 \(8, 8, 3\); resize"),
            ("a", "pets", "int4", "no variant 'int4'; available: float32, int16x8, int8"),
            ("none", "pets", "int8", "none.npy: cannot be read"),
            ("a", "none", "int8", "no bundle"),
        ):
            self.stderr.truncate(self.stderr.seek(0))
            options = ("--bundle", self.folder / bundle, "--variant", variant)
            self.assertEqual(self.run_command("classify", self.folder / f"{image}.npy", *options), 1)
            self.assertRegex(self.stderr.getvalue(), words)
            self.assertEqual(len(self.stderr.getvalue().splitlines()), 1)
        with self.assertRaises(SystemExit) as caught:
            self.run_command("classify", self.folder / "a.npy", "--bundle", self.folder / "pets", "--top", "0")
        self.assertEqual(caught.exception.code, 2)
        self.assertIn("'0' is no count", self.stderr.getvalue())

    def test_upscale_writes_a_larger_picture(self) -> None:
        tiny.write_pixels(self.folder / "double")
        image = tiny.samples()[1]
        (self.folder / "a.ppm").write_bytes(b"P6\n8 8\n255\n" + image.tobytes())
        output = self.folder / "b.ppm"
        options = ("-o", output, "--bundle", self.folder / "double", "--variant", "float32")
        self.assertEqual(self.run_command("upscale", self.folder / "a.ppm", *options, "--scale", 2), 0)
        expected = open_upscaler(self.folder / "double", "float32").upscale(image)
        self.assertEqual(output.read_bytes(), b"P6\n16 16\n255\n" + expected.tobytes())
        self.assertEqual(self.stdout.getvalue(), f"{output}: 16 x 16 pixels, from 8 x 8\n")

    def test_what_cannot_be_enlarged_is_one_line(self) -> None:
        tiny.write_pixels(self.folder / "double")
        np.save(self.folder / "a.npy", tiny.samples()[1])
        np.save(self.folder / "alpha.npy", np.zeros((8, 8, 4), np.uint8))
        np.save(self.folder / "deep.npy", np.zeros((8, 8, 3), np.uint16))
        for image, bundle, more, words in (
            ("a", "double", ("--scale", 3), "double: enlarges 2 times, not 3 times; take another bundle"),
            ("a", "tiny", (), "tiny: enlarges nothing: int8 gives codes"),
            ("alpha", "double", (), r"alpha.npy: image is uint8 \(8, 8, 4\), expected uint8 \(height, width, 3\)"),
            ("deep", "double", (), r"deep.npy: uint16 \(8, 8, 3\), expected uint8"),
            ("a", "double", ("--output", self.folder / "b.pgm"), "3 channels; name the file b.ppm"),
        ):
            self.stderr.truncate(self.stderr.seek(0))
            options = ("-o", self.folder / "b.ppm", "--bundle", self.folder / bundle, *more)
            self.assertEqual(self.run_command("upscale", self.folder / f"{image}.npy", *options), 1)
            self.assertRegex(self.stderr.getvalue(), words)
            self.assertEqual(len(self.stderr.getvalue().splitlines()), 1)

    def test_a_name_that_cannot_be_written_is_refused_before_the_network_runs(self) -> None:
        tiny.write_pixels(self.folder / "double")
        np.save(self.folder / "colour.npy", tiny.samples()[1])
        np.save(self.folder / "grey.npy", tiny.samples()[1][..., :1])
        for image, output, words in (
            ("grey", "b.ppm", "b.ppm: the picture has 1 channels; name the file b.pgm"),
            ("colour", "b.pgm", "b.pgm: the picture has 3 channels; name the file b.ppm"),
            ("colour", "b.what", "b.what: (no kind of picture file ends so|writing it needs Pillow)"),
        ):
            self.stderr.truncate(self.stderr.seek(0))
            options = ("-o", self.folder / output, "--bundle", self.folder / "double")
            with mock.patch.object(upscaler.Upscaler, "upscale", side_effect=AssertionError("the network ran")):
                self.assertEqual(self.run_command("upscale", self.folder / f"{image}.npy", *options), 1)
            self.assertRegex(self.stderr.getvalue(), words)
            self.assertEqual(len(self.stderr.getvalue().splitlines()), 1)

    def test_encode_gives_the_stream_of_a_classifier_s_scores(self) -> None:
        tiny.write_scores(self.folder / "pets")
        np.save(self.folder / "a.npy", tiny.samples()[0])
        options = ("-o", self.folder / "a.bin", "--bundle", self.folder / "pets")
        self.assertEqual(self.run_command("encode", self.folder / "a.npy", *options), 0)
        self.assertEqual(len((self.folder / "a.bin").read_bytes()), 16 + 4)

    def test_encode_takes_the_luma_of_pictures_where_the_network_does(self) -> None:
        tiny.write_pixels(self.folder / "double")
        opened = open_upscaler(self.folder / "double")
        for image in (tiny.samples()[1], tiny.samples()[1][..., :1]):
            np.save(self.folder / "a.npy", image)
            options = ("-o", self.folder / "a.bin", "--bundle", self.folder / "double")
            self.stderr.truncate(self.stderr.seek(0))
            self.assertEqual(self.run_command("encode", self.folder / "a.npy", *options), 0)
            self.assertEqual((self.folder / "a.bin").read_bytes(), opened.encoder.encode(luma(image)))
            self.assertRegex(self.stderr.getvalue(), r"^.*a.npy: the network takes its luma alone.*\n$")

    def test_encode_refuses_rgb_where_the_network_takes_grey(self) -> None:
        tiny.write_pixels(self.folder / "grey")
        np.save(self.folder / "a.npy", tiny.samples()[1])
        options = ("-o", self.folder / "a.bin", "--bundle", self.folder / "grey")
        with mock.patch.object(PixelsDescription, "of_luma", False):  # as an autoencoder's
            self.assertEqual(self.run_command("encode", self.folder / "a.npy", *options), 1)
        words = r"a.npy: RGB \(3 channels\), expected grey \(1 channel\); convert it first, or choose another bundle\n$"
        self.assertRegex(self.stderr.getvalue(), words)
        self.assertEqual(len(self.stderr.getvalue().splitlines()), 1)

    def test_info_shows_what_images_a_bundle_takes(self) -> None:
        tiny.write_pixels(self.folder / "double")
        with mock.patch.object(pipeline, "DEFAULT_BUNDLES", self.folder):
            self.assertEqual(self.run_command("info"), 0)
        self.assertIn("bundle double: images of any size, luma; float32, int16x8, int8\n", self.stdout.getvalue())
        self.assertIn("bundle tiny: images of 8 x 8 pixels, RGB;", self.stdout.getvalue())

    def test_info_shows_the_bundle_of_a_classifier(self) -> None:
        tiny.write_scores(self.folder / "pets")
        with mock.patch.object(pipeline, "DEFAULT_BUNDLES", self.folder):
            self.assertEqual(self.run_command("info"), 0)
        expected = "bundle pets: images of 8 x 8 pixels, RGB; float32, int16x8, int8\n"
        self.assertIn(expected, self.stdout.getvalue())

    def test_info_names_machine_and_runtime(self) -> None:
        self.assertEqual(self.run_command("info"), 0)
        self.assertIn("runtimes installed: ", self.stdout.getvalue())
        self.assertIn("python: 3.", self.stdout.getvalue())

    def test_a_runtime_for_another_processor_is_one_line_and_not_the_end(self) -> None:
        for name in PREFERENCE:
            (self.folder / name).mkdir()
            (self.folder / name / "__init__.py").touch()
            (self.folder / name / "interpreter.py").write_text("import os; os.kill(os.getpid(), 4)", encoding="ascii")
        options = ("--bundle", self.folder / "tiny")
        image, output = self.folder / "a.npy", self.folder / "a.bin"
        np.save(image, tiny.samples()[0])
        with mock.patch.dict(os.environ, {"PYTHONPATH": str(self.folder)}):
            self.assertEqual(self.run_command("bench", *options), 1)
            self.assertEqual(self.run_command("encode", image, "-o", output, *options), 1)
            self.assertEqual(self.run_command("info"), 0)
        self.assertEqual([line.count("SIGILL") for line in self.stderr.getvalue().splitlines()], [1, 1])
        self.assertIn("SIGILL", self.stdout.getvalue())

    def test_bench_is_handed_on(self) -> None:
        self.assertEqual(self.run_command("bench", "--bundle", self.folder / "none"), 1)
        self.assertIn("no bundle", self.stderr.getvalue())

    def test_usage_is_status_2(self) -> None:
        with self.assertRaises(SystemExit) as caught:
            self.run_command("what")
        self.assertEqual(caught.exception.code, 2)


if __name__ == "__main__":
    unittest.main()
