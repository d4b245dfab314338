"""The user's own images are found again by their pixels, whatever their files are called now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from device.colour import luma
from device.files import sha256_bytes
from device.run_file import RunImage
from host.errors import CollectError
from host.evaluation.originals import find_images

IMAGES = np.random.default_rng(7).integers(0, 256, (3, 4, 6, 3), np.uint8)
NAMES = ("a.ppm", "b.png", "c.npy")


def entries() -> list[RunImage]:
    return [RunImage(name, sha256_bytes(image.tobytes()), (4, 6, 3)) for name, image in zip(NAMES, IMAGES, strict=True)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, image in zip(NAMES, IMAGES, strict=True):
        if name.endswith(".npy"):
            np.save(tmp_path / name, image)
        else:
            Image.fromarray(image).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "sub").mkdir()
    return tmp_path


def refusal(files: list[RunImage], folder: Path) -> str:
    with pytest.raises(CollectError) as caught:
        find_images(files, folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_images_come_in_the_order_of_the_run(folder: Path) -> None:
    np.testing.assert_array_equal(list(find_images(entries()[::-1], folder)), IMAGES[::-1])


def test_a_renamed_or_converted_file_is_found_by_its_pixels(folder: Path) -> None:
    (folder / "a.ppm").rename(folder / "z.ppm")
    np.save(folder / "other.npy", IMAGES[1])
    (folder / "b.png").unlink()
    np.testing.assert_array_equal(list(find_images(entries(), folder)), IMAGES)


def test_a_missing_image_is_named(folder: Path) -> None:
    (folder / "b.png").unlink()
    assert refusal(entries(), folder).startswith(f"{folder / 'b.png'}: missing")


def test_a_changed_image_is_named(folder: Path) -> None:
    image = IMAGES[1].copy()
    image[0, 0, 0] ^= 1
    Image.fromarray(image).save(folder / "b.png")
    assert refusal(entries(), folder).startswith(f"{folder / 'b.png'}: not the image that the device encoded")


def test_equal_bytes_of_another_shape_are_another_image(folder: Path) -> None:
    files = entries()
    files[2] = replace(files[2], shape=(6, 4, 3))
    assert "c.npy: not the image that the device encoded: its pixels or its shape differ" in refusal(files, folder)


def test_a_run_names_no_file_outside_the_folder(folder: Path) -> None:
    inside = folder / "sub"
    files = [replace(entries()[0], name="../a.ppm")]
    assert refusal(files, inside).startswith(f"{inside / 'a.ppm'}: missing")


def test_no_such_folder(tmp_path: Path) -> None:
    assert "no such folder" in refusal(entries(), tmp_path / "nowhere")


def test_images_of_several_sizes_are_found_too(folder: Path) -> None:
    small = IMAGES[0, :2, :3]
    np.save(folder / "small.npy", small)
    files = [entries()[1], RunImage("small.npy", sha256_bytes(small.tobytes()), (2, 3, 3))]
    assert [image.shape for image in find_images(files, folder)] == [(4, 6, 3), (2, 3, 3)]


def test_pictures_whose_luma_was_encoded_are_found_by_it(folder: Path) -> None:
    Image.fromarray(IMAGES[1, ..., 0]).save(folder / "grey.png")
    names, pictures = (*NAMES, "grey.png"), [*IMAGES, IMAGES[1, ..., :1]]
    encoded = [luma(image) for image in pictures]
    # Luma that was kept as it was encoded is no picture to make luma of.
    np.save(folder / "c.npy", encoded[2])
    files = [RunImage(name, sha256_bytes(y.tobytes()), (4, 6, 1)) for name, y in zip(names, encoded, strict=True)]
    found = find_images(files, folder)
    np.testing.assert_array_equal(list(found), encoded)
    np.testing.assert_array_equal(list(found.part(1, 3)), encoded[1:3])


def test_rgb_is_no_grey_image(folder: Path) -> None:
    grey = np.asarray(Image.fromarray(IMAGES[0]).convert("L"))[..., None]
    files = [RunImage("a.ppm", sha256_bytes(grey.tobytes()), (4, 6, 1))]
    assert refusal(files, folder).startswith(f"{folder / 'a.ppm'}: not the image that the device encoded")
    Image.fromarray(grey[..., 0]).save(folder / "a.png")
    np.testing.assert_array_equal(list(find_images(files, folder)), [grey])
