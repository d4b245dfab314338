from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from .. import files
from ..errors import BundleError, RunFileError


class Writing(unittest.TestCase):
    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def test_json_is_sorted_and_ends_with_a_newline(self) -> None:
        path = self.folder / "a.json"
        files.write_json(path, {"b": [1, 2.5], "a": "ä"})
        self.assertEqual(path.read_text(encoding="utf-8"), '{\n "a": "ä",\n "b": [\n  1,\n  2.5\n ]\n}\n')
        self.assertEqual(files.read_json(path), {"b": [1, 2.5], "a": "ä"})

    def test_nan_is_refused_and_leaves_the_old_file(self) -> None:
        path = self.folder / "a.json"
        files.write_json(path, 1)
        with self.assertRaises(ValueError):
            files.write_json(path, {"a": float("nan")})
        self.assertEqual(path.read_text(encoding="ascii"), "1\n")

    def test_the_folder_is_made(self) -> None:
        path = self.folder / "a" / "b" / "c.json"
        files.write_json(path, 1)
        self.assertEqual(path.read_text(encoding="ascii"), "1\n")

    def test_a_failed_write_leaves_nothing_behind(self) -> None:
        target = self.folder / "taken"
        target.mkdir()
        with self.assertRaises(OSError):
            files.write_bytes(target, b"x")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["taken"])

    def test_reading_names_the_file_and_raises_what_it_is_told(self) -> None:
        path = self.folder / "a.json"
        with self.assertRaisesRegex(RunFileError, "a.json: cannot be read"):
            files.read_json(path, RunFileError)
        for content in (b"{", b"\xff\xfe\x00"):
            path.write_bytes(content)
            with self.assertRaisesRegex(BundleError, "a.json: not valid JSON"):
                files.read_json(path, BundleError)

    def test_digests(self) -> None:
        # FIPS 180-2, appendix B.1.
        expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        self.assertEqual(files.sha256_bytes(b"abc"), expected)


class Versions(unittest.TestCase):
    def test_three_errors(self) -> None:
        self.assertEqual(files.check_version(1, 3, "run file", "x", RunFileError), 1)
        cases = ((4, "newer"), (0, "older"), (None, "no format version"), ("3", "no format version"), (True, "no form"))
        for found, words in cases:
            with self.assertRaisesRegex(RunFileError, words):
                files.check_version(found, 3, "run file", "x", RunFileError)


if __name__ == "__main__":
    unittest.main()
