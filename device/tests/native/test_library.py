"""Where the library lies, what is loaded and what is refused, and what the commands say of it."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import numpy as np

from ... import __main__ as command
from ... import open_encoder, run_file
from ...environment import package_sha256, read_environment
from ...errors import CoderError
from ...outputs import native
from ...outputs.native import build as building
from ...quantization import Array
from .. import tiny
from ..tiny import samples
from .compiled import Compiled, needs_compiler, using

PACKAGE = Path(native.__file__).resolve().parents[2]


class Command(unittest.TestCase):
    """The commands, with an empty cache folder."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        cleared = {key: value for key, value in os.environ.items() if key not in ("CC", native.VARIABLE)}
        patched = mock.patch.dict(os.environ, {**cleared, "XDG_CACHE_HOME": str(self.folder / "cache")}, clear=True)
        patched.start()
        self.addCleanup(patched.stop)

    def run_command(self, *arguments: object) -> tuple[int, str, str]:
        stdout, stderr = io.StringIO(), io.StringIO()
        with redirect_stdout(stdout), redirect_stderr(stderr):
            status = command.main([str(argument) for argument in arguments])
        return status, stdout.getvalue(), stderr.getvalue()

    @needs_compiler
    def test_build_says_what_it_did_in_one_line_and_does_it_once(self) -> None:
        path = native.library_path()
        status, said, _ = self.run_command("build")
        self.assertEqual((status, said.count("\n")), (0, 1))
        library = native.open_library(path)
        self.assertEqual(said, f"built: {path} ({library.name})\n")
        written = path.stat().st_mtime_ns
        self.assertEqual(self.run_command("build")[1], f"built already: {path} ({library.name})\n")
        self.assertEqual(path.stat().st_mtime_ns, written)
        self.assertEqual(sorted(each.suffix for each in path.parent.iterdir()), [".json", ".so"])
        self.assertEqual(self.run_command("build", "--remove")[1], f"removed: {path}\n")
        self.assertEqual(list(path.parent.iterdir()), [])
        self.assertIn("nothing", self.run_command("build", "--remove")[1])

    @needs_compiler
    def test_info_names_the_coder(self) -> None:
        self.assertIn("coder: numpy\n", self.run_command("info")[1])
        self.run_command("build")
        library = native.load()
        assert library
        self.assertRegex(library.name, r"^c [0-9a-f]{8}$")
        self.assertIn(f"coder: {library.name}\n", self.run_command("info")[1])
        with using("numpy"):
            self.assertIn("coder: numpy\n", self.run_command("info")[1])

    def test_without_a_compiler_one_line_says_what_to_install(self) -> None:
        with mock.patch.object(shutil, "which", return_value=None):
            status, said, error = self.run_command("build")
        self.assertEqual((status, said, error.count("\n")), (1, "", 1))
        self.assertIn("sudo apt install gcc", error)
        self.assertIn("everything works without", error)

    def test_a_compiler_that_fails_is_one_line_and_leaves_nothing(self) -> None:
        program = self.folder / "cc"
        for script, words in (
            ("echo warning >&2; echo 'coder.c:3: error: no stdint.h' >&2; exit 1", "coder.c:3: error: no stdint.h"),
            ("exit 0", "cannot compile coder.c: exit status 0"),  # and no file
        ):
            program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
            program.chmod(0o755)
            with mock.patch.dict(os.environ, {"CC": str(program)}):
                status, _, error = self.run_command("build")
            self.assertEqual((status, error.count("\n")), (1, 1))
            self.assertIn(words, error)
            self.assertEqual(list(native.library_path().parent.iterdir()), [])
        with mock.patch.dict(os.environ, {"CC": str(self.folder / "none")}):
            self.assertIn("cannot be run", self.run_command("build")[2])

    @needs_compiler
    def test_a_library_of_another_machine_is_refused(self) -> None:
        program = self.folder / "cc"
        program.write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done; echo foreign >"$2"\n', encoding="ascii")
        program.chmod(0o755)
        with mock.patch.dict(os.environ, {"CC": str(program)}):
            status, _, error = self.run_command("build")
        self.assertEqual((status, error.count("\n")), (1, 1))
        self.assertIn("cannot be loaded", error)
        self.assertIsNone(native.load())
        self.assertEqual(self.run_command("build")[0], 0)
        self.assertIsNotNone(native.load())

    def test_a_cache_folder_that_cannot_be_is_one_line(self) -> None:
        (self.folder / "cache").write_text("a file", encoding="ascii")
        self.assertIsNone(native.load())
        self.assertIsNone(native.refusal())
        with mock.patch.object(building, "find_compiler", return_value=["cc"]):
            status, _, error = self.run_command("build")
        self.assertEqual((status, error.count("\n")), (1, 1))
        self.assertIn("cannot be written", error)

    def test_what_the_variable_asks_for_and_is_not_there_is_one_line(self) -> None:
        tiny.write(self.folder / "tiny")
        np.save(self.folder / "a.npy", samples()[0])
        options = ("-o", self.folder / "a.bin", "--bundle", self.folder / "tiny")
        for choice, words in (("c", "is not built; python -m device build"), ("fast", "expected c or numpy")):
            with using(choice):
                status, _, error = self.run_command("encode", self.folder / "a.npy", *options)
                self.assertEqual((status, error.count("\n")), (1, 1))
                self.assertIn(words, error)
                self.assertIn(words, self.run_command("info")[1])
                self.assertNotIn("coder", read_environment())
                self.assertEqual(self.run_command("bench", *options[2:])[0], 1)

    @needs_compiler
    def test_the_bench_tells_the_coder_and_takes_the_one_asked_for(self) -> None:
        self.run_command("build")
        tiny.write(self.folder / "tiny")
        streams = {}
        for number, (options, name) in enumerate(
            [(("--coder", "numpy"), "numpy"), (("--coder", "c"), native.coder_name()), ((), native.coder_name())]
        ):
            out = self.folder / f"results{number}"
            few = ("--bundle", self.folder / "tiny", "--variant", "int8", "--quick", "--repetitions", 1, "--out", out)
            with mock.patch.dict(os.environ):
                self.assertEqual(self.run_command("bench", *few, *options)[0], 0)
            (folder,) = out.iterdir()
            run = run_file.read_run(folder)
            self.assertEqual(run.environment["coder"], name)
            self.assertIn(f"entropy coder {name}.", " ".join((folder / "tables.txt").read_text("utf-8").split()))
            streams[name] = run_file.read_outputs(folder, run.rows[0])
        self.assertEqual(len(streams), 2)
        self.assertEqual(*streams.values())


class Refused(Compiled):
    """What is not loaded; numpy runs, and says why."""

    def setUp(self) -> None:
        path = self.library.path
        content, record = path.read_bytes(), native.record_path(path).read_bytes()
        self.path = path

        def restore() -> None:
            path.parent.chmod(0o700)
            self.replace(content)
            native.record_path(path).write_bytes(record)

        self.addCleanup(restore)
        patched = mock.patch.dict(os.environ)
        patched.start()
        self.addCleanup(patched.stop)
        os.environ.pop(native.VARIABLE, None)
        loaded = native.load()
        assert loaded and loaded.path == path

    def replace(self, content: bytes) -> None:
        """With a new file: this process has the old one mapped."""
        self.path.unlink(missing_ok=True)
        self.path.write_bytes(content)
        self.path.chmod(0o600)

    def refused(self, words: str) -> None:
        self.assertIsNone(native.load())
        self.assertEqual(native.coder_name(), "numpy")
        self.assertRegex(native.refusal() or "", rf"{words}.*numpy encodes, with the same bytes\Z")
        with using("c"), self.assertRaisesRegex(CoderError, words):
            native.load()

    def test_a_damaged_library(self) -> None:
        content = bytearray(self.path.read_bytes())
        content[len(content) // 2] ^= 1
        self.replace(bytes(content))
        self.refused("damaged, its digest is not the recorded one")
        self.replace(bytes(content[:100]))
        self.refused("damaged")
        self.replace(b"")
        self.refused("damaged")

    def test_another_s_library(self) -> None:
        self.replace(Path(sys.executable).read_bytes())
        self.refused("damaged")

    def test_a_record_that_is_missing_or_damaged(self) -> None:
        record = native.record_path(self.path)
        for content in (b"", b"{", b"[]", b'{"sha256": 7}', json.dumps({"sha256": "0" * 64}).encode()):
            record.write_bytes(content)
            os.utime(self.path)
            self.refused("damaged")
        record.unlink()
        os.utime(self.path)
        self.refused("damaged")

    def test_what_others_can_write(self) -> None:
        file, folder = self.path, self.path.parent
        for place, mode, right in ((file, 0o620, 0o600), (file, 0o602, 0o600), (folder, 0o777, 0o700)):
            place.chmod(mode)
            self.refused("others can write it")
            place.chmod(right)
        self.assertIsNotNone(native.load())

    def test_a_library_of_another_user(self) -> None:
        if os.geteuid():
            with mock.patch.object(os, "geteuid", return_value=os.geteuid() + 1):
                self.refused("others can write it")
            return
        for place in (self.path, self.path.parent):
            os.chown(place, 1234, 1234)
            self.refused("others can write it")
            os.chown(place, 0, 0)

    def test_a_link(self) -> None:
        elsewhere = self.path.with_name("elsewhere")
        os.replace(self.path, elsewhere)
        self.path.symlink_to(elsewhere)
        self.assertIsNone(native.load())
        self.assertRegex(native.refusal() or "", "no plain file|others can write")
        os.replace(elsewhere, self.path)

    def test_another_source_s_library_is_not_found(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            other = Path(name) / "coder.c"
            other.write_bytes(native.SOURCE.read_bytes() + b"\n")
            with mock.patch.object(native, "SOURCE", other):
                self.assertIsNone(native.load())
                self.assertIsNone(native.refusal())
            with mock.patch.object(native, "SOURCE", other.with_name("none.c")):
                self.assertIsNone(native.load())

    def test_build_replaces_what_is_damaged(self) -> None:
        self.replace(b"damaged")
        library, is_new = building.build()
        self.assertEqual((is_new, library.sha256), (True, self.library.sha256))


class Used(Compiled):
    def test_an_encoder_takes_it_and_loads_two_modules_more(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            tiny.write_blocks(Path(name))
            code = (
                f"import sys, {PACKAGE.name}\n"
                f"encoder = {PACKAGE.name}.open_encoder({name!r}, 'int8_q0')\n"
                f"import numpy\n"
                f"print(encoder.encode(numpy.arange(300, dtype=numpy.uint8).reshape(10, 10, 3)).hex())\n"
                f"print(*sorted(m for m in sys.modules if m.startswith('{PACKAGE.name}.')))"
            )
            found = {}
            for coder in native.CODERS:
                done = subprocess.run(
                    [sys.executable, "-c", code],
                    capture_output=True,
                    text=True,
                    cwd=PACKAGE.parent,
                    env={**os.environ, native.VARIABLE: coder},
                    check=True,
                )
                found[coder] = done.stdout.splitlines()
        self.assertEqual(found["c"][0], found["numpy"][0])
        more = set(found["c"][1].split()) - set(found["numpy"][1].split())
        outputs = f"{PACKAGE.name}.outputs"
        self.assertEqual(more, {f"{outputs}.native.calls", f"{outputs}.context_codes.compiled"})

    def test_every_kind_of_code_has_the_same_bitstream(self) -> None:
        for write, variants in ((tiny.write, ("int8", "int16x8", "float32")), (tiny.write_blocks, ("int8_q0",))):
            with tempfile.TemporaryDirectory() as name:
                write(Path(name))
                for variant in variants:
                    streams: dict[str, list[bytes]] = {}
                    for coder in native.CODERS:
                        with using(coder):
                            encoder = open_encoder(name, variant)
                        streams[coder] = [encoder.encode(image) for image in self.images()]
                    self.assertEqual(streams["c"], streams["numpy"])

    def images(self) -> list[Array]:
        noise = np.random.default_rng(51).integers(0, 256, (8, 8, 3)).astype(np.uint8)
        return [*samples(), noise, np.zeros((8, 8, 3), np.uint8)]


class Digest(unittest.TestCase):
    def test_the_package_s_digest_covers_the_c_file(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            digests = []
            for text in ("1", "2"):
                (folder / "outputs").mkdir(exist_ok=True)
                (folder / "outputs" / "coder.c").write_text(text, encoding="ascii")
                digests.append(package_sha256(folder))
        self.assertNotEqual(*digests)


if __name__ == "__main__":
    unittest.main()
