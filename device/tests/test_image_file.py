from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np

from ..errors import ImageError
from ..image_file import parse_pnm, read_image


class ImageFile(unittest.TestCase):
    def test_ppm(self) -> None:
        image = parse_pnm(b"P6\n# a comment\n2 1\n255\n" + bytes(range(6)), "x.ppm")
        np.testing.assert_array_equal(image, np.arange(6, dtype=np.uint8).reshape(1, 2, 3))

    def test_pgm_whose_data_begin_with_white_space(self) -> None:
        image = parse_pnm(b"P5 2 2 255 " + b" \n12", "x.pgm")
        np.testing.assert_array_equal(image[..., 0], [[32, 10], [49, 50]])

    def test_wrong_files_are_refused_in_one_line(self) -> None:
        cases = (
            (b"P6 2 2 255 abc", "truncated, 3 of 12"),
            (b"P6 2 2 65535 " + bytes(24), "highest value 65535"),
            (b"P3 1 1 255 1 2 3", "not a binary PPM"),
            (b"", "not a binary PPM"),
        )
        for data, words in cases:
            with self.assertRaisesRegex(ImageError, words):
                parse_pnm(data, "x.ppm")

    def test_files(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            expected = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
            np.save(folder / "a.npy", expected)
            (folder / "a.ppm").write_bytes(b"P6 2 2 255\n" + expected.tobytes())
            for file in ("a.npy", "a.ppm"):
                np.testing.assert_array_equal(read_image(folder / file), expected)
            np.save(folder / "float.npy", expected / 255)
            np.save(folder / "pickled.npy", np.array([{}], object), allow_pickle=True)
            (folder / "a.png").write_bytes(b"\x89PNG")
            (folder / "empty.npy").write_bytes(b"")
            for file in ("float.npy", "pickled.npy", "a.png", "empty.npy", "none.npy", "none.ppm"):
                with self.assertRaisesRegex(ImageError, file):
                    read_image(folder / file)


if __name__ == "__main__":
    unittest.main()
