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
from .. import open_encoder
from .. import stream as bitstream
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
