from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np

from ..colour import luma
from ..errors import ImageError
from ..image_file import parse_pnm, read_folder, read_image, write_image


class ImageFile(unittest.TestCase):
    def test_ppm(self) -> None:
        image = parse_pnm(b"P6\n# a comment\n2 1\n255\n" + bytes(range(6)), "x.ppm")
        np.testing.assert_array_equal(image, np.arange(6, dtype=np.uint8).reshape(1, 2, 3))

    def test_pgm_whose_data_begin_with_white_space(self) -> None:
        image = parse_pnm(b"P5 2 2 255 " + b" \n12", "x.pgm")
        np.testing.assert_array_equal(image[..., 0], [[32, 10], [49, 50]])

    def test_samples_of_other_ranges_are_scaled(self) -> None:
        values = np.array([0, 128, 129, 256, 32768, 65406, 65407, 65535], ">u2")
        image = parse_pnm(b"P5 8 1 65535\n" + values.tobytes(), "x.pgm")
        self.assertEqual(image.ravel().tolist(), [0, 0, 1, 1, 128, 254, 255, 255])
        self.assertEqual(parse_pnm(b"P5 3 1 15 \x00\x07\x0f", "x.pgm").ravel().tolist(), [0, 119, 255])

    def test_wrong_files_are_refused_in_one_line(self) -> None:
        cases = (
            (b"P6 2 2 255 abc", "truncated, 3 of 12"),
            (b"P6 2 2 65535 " + bytes(23), "truncated, 23 of 24"),
            (b"P6 2 2 65536 " + bytes(24), "highest value 65536"),
            (b"P6 2 2 0 " + bytes(24), "highest value 0"),
            (b"P3 1 1 255 1 2 3", "not a binary PPM"),
            (b"", "not a binary PPM"),
        )
        for data, words in cases:
            with self.assertRaisesRegex(ImageError, words):
                parse_pnm(data, "x.ppm")

    def test_rgb_where_one_channel_is_asked_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            file = Path(name) / "a.npy"
            np.save(file, np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8))
            with self.assertRaises(ImageError) as caught:
                read_image(file, 1)
            cure = "convert it first, or choose another bundle"
            self.assertEqual(str(caught.exception), f"{file}: RGB (3 channels), expected grey (1 channel); {cure}")
            with self.assertRaisesRegex(ImageError, "a.npy: RGB"):
                read_folder(Path(name), 1)
            np.save(file, np.array([[[3], [4]]], np.uint8))
            self.assertEqual(read_image(file, 1).tolist(), [[[3], [4]]])
            np.save(file, np.zeros((2, 2, 4), np.uint8))
            with self.assertRaisesRegex(ImageError, r"a.npy: 4 channels, expected RGB \(3 channels\)"):
                read_image(file, 3)

    def test_luma_of_rgb_and_of_grey_and_a_line_says_so(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            said: list[str] = []
            file = Path(name) / "a.npy"
            for image in ([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [7, 7, 7]]], [[[0], [255], [7]]]):
                np.save(file, np.array(image, np.uint8))
                expected = luma(np.array(image, np.uint8))
                np.testing.assert_array_equal(read_image(file, 1, said.append, as_luma=True), expected)
                np.testing.assert_array_equal(read_folder(Path(name), 1, said.append, as_luma=True)["a.npy"], expected)
            self.assertEqual(expected.ravel().tolist(), [16, 235, 22])
            words = f"{file}: the network takes its luma alone (BT.601, 16 to 235)"
            whole = f"{name}: the network takes the luma of these pictures alone (BT.601, 16 to 235)"
            self.assertEqual(said, [words, whole] * 2)
            (Path(name) / "b.ppm").write_bytes(b"P6 1 1 255\n\x01\x02\x03")
            read_folder(Path(name), 1, said.append, as_luma=True)
            self.assertEqual(len(said), 5)
            np.save(file, np.zeros((2, 2, 4), np.uint8))
            with self.assertRaisesRegex(ImageError, "a.npy: 4 channels, expected RGB or grey"):
                read_image(file, 1, said.append, as_luma=True)

    def test_what_is_written_is_read_again(self) -> None:
        colours = np.random.default_rng(0).integers(0, 256, (3, 5, 3), dtype=np.uint8)
        with tempfile.TemporaryDirectory() as name:
            for image, suffixes in ((colours, (".ppm", ".npy")), (colours[..., :1], (".pgm", ".npy"))):
                for suffix in suffixes:
                    write_image(Path(name) / f"a{suffix}", image)
                    np.testing.assert_array_equal(read_image(Path(name) / f"a{suffix}"), image)
            for image, file, words in (
                (colours, "b.pgm", "3 channels; name the file b.ppm"),
                (colours[..., :1], "b.ppm", "1 channels; name the file b.pgm"),
                (colours, "a.ppm/b.ppm", "cannot be written"),
                (colours, "b.what", r"no kind of picture file ends so|needs Pillow"),
            ):
                with self.assertRaisesRegex(ImageError, words):
                    write_image(Path(name) / file, image)
                self.assertFalse((Path(name) / file).exists())

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
            np.savez(folder / "several.npz", expected)
            (folder / "several.npz").rename(folder / "several.npy")
            header = (folder / "a.npy").read_bytes().replace(b"(2, 2, 3)", b"(2, 2, 9999999999)")
            (folder / "huge.npy").write_bytes(header)
            np.save(folder / "nothing.npy", np.zeros((0, 8, 3), np.uint8))
            (folder / "nothing.ppm").write_bytes(b"P6 0 0 255\n")
            for file in ("several.npy", "huge.npy", "nothing.npy", "nothing.ppm"):
                with self.assertRaisesRegex(ImageError, file):
                    read_image(folder / file)
            for file in ("float.npy", "pickled.npy", "a.png", "empty.npy", "none.npy", "none.ppm"):
                with self.assertRaisesRegex(ImageError, file):
                    read_image(folder / file)


class Channels(unittest.TestCase):
    def test_grey_becomes_rgb_where_that_is_wanted(self) -> None:
        with tempfile.TemporaryDirectory() as name:
            (Path(name) / "b.pgm").write_bytes(b"P5 2 1 255\n\x05\x09")
            (Path(name) / "a.ppm").write_bytes(b"P6 1 1 255\n\x01\x02\x03")
            self.assertEqual(read_image(Path(name) / "b.pgm").shape, (1, 2, 1))
            found = read_folder(Path(name), 3)
        self.assertEqual(list(found), ["a.ppm", "b.pgm"])
        self.assertEqual(found["b.pgm"].tolist(), [[[5, 5, 5], [9, 9, 9]]])
        self.assertEqual(found["a.ppm"].tolist(), [[[1, 2, 3]]])


if __name__ == "__main__":
    unittest.main()
