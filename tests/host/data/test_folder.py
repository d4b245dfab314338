"""A folder of images: found, checked, split; the same pixels from memory and from a stream."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from host.data import load_images
from host.data.folder import find_files
from host.data.stream import ImageFiles
from host.errors import DataError
from host.spec.types import DataSpec

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was checked is kept; not in the user's own folder."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., np.ndarray]:
    """Writes a picture of noise below tmp_path and returns its pixels."""

    def make(name: str, shape: tuple[int, ...] = (16, 16, 3), **options: Any) -> np.ndarray:
        pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / name, **options)
        return pixels

    return make


def spec(path: Path, validation: int = 2, **other: Any) -> DataSpec:
    return DataSpec("folder", other.pop("size", 16), validation, False, path=str(path), **other)


def as_set(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_images_of_every_kind_are_found_at_every_depth_and_split(write: Any, tmp_path: Path) -> None:
    pixels = [write(f"{'deep/' * depth}{depth}.png") for depth in range(6)]
    pixels += [write("a.BMP"), write("b/c.webp", lossless=True)]
    (tmp_path / "notes.txt").write_text("no image")
    images = load_images(spec(tmp_path))
    assert [len(part) for part in (images.train, images.validation, images.test)] == [4, 2, 2]
    assert as_set(np.concatenate([images.train, images.validation, images.test])) == as_set(np.stack(pixels))
    again = load_images(spec(tmp_path))
    np.testing.assert_array_equal(again.train, images.train)
    assert again.digest == images.digest


def test_folders_named_after_splits_are_the_splits(write: Any, tmp_path: Path) -> None:
    wanted = {
        split: as_set(np.stack([write(f"{split}/x/{n}.png") for n in range(3)])) for split in ("train", "val", "test")
    }
    images = load_images(spec(tmp_path))
    assert as_set(images.train) == wanted["train"]
    assert (as_set(images.validation), as_set(images.test)) == (wanted["val"], wanted["test"])


def test_a_relative_path_is_below_the_data_folder(write: Any, tmp_path: Path) -> None:
    for number in range(6):
        write(f"mine/{number}.png")
    assert len(load_images(spec(Path("mine")), tmp_path).train) == 2


def test_few_damaged_files_are_named_and_left_out(
    write: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        write(f"{number:02d}.png")
    whole = (tmp_path / "03.png").read_bytes()
    (tmp_path / "03.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "04.jpg").write_bytes(b"no JPEG")
    for _ in range(2):  # the second time from what was kept
        files = find_files(tmp_path, 2)
        assert len(files.train) + len(files.validation) + len(files.test) == 19
        lines = capsys.readouterr().err.splitlines()
        assert [line.split(": left out: ")[0] for line in lines] == [str(tmp_path / n) for n in ("03.png", "04.jpg")]


def test_many_damaged_files_are_an_error_that_names_the_first(write: Any, tmp_path: Path) -> None:
    for number in range(8):
        write(f"{number}.png")
    (tmp_path / "5.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"1 of 8 images cannot be read, the first is 5\.png \("):
        find_files(tmp_path, 1)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "no images here; looked for .png, .jpg"), (4, "leave none to train on")]
)
def test_too_few_images_are_an_error(count: int, words: str, write: Any, tmp_path: Path) -> None:
    for number in range(count):
        write(f"{number}.png")
    with pytest.raises(DataError, match=words):
        find_files(tmp_path, 2)
    with pytest.raises(DataError, match="nowhere: no such folder"):
        find_files(tmp_path / "nowhere", 2)


def test_a_changed_file_changes_the_digest(write: Any, tmp_path: Path) -> None:
    for number in range(6):
        write(f"{number}.png")
    before = find_files(tmp_path, 1).digest
    write("3.png")
    assert find_files(tmp_path, 1).digest != before


@pytest.mark.parametrize("color", ["rgb", "grayscale"])
def test_a_stream_gives_the_images_that_memory_holds(color: str, write: Any, tmp_path: Path) -> None:
    for number in range(8):
        write(f"{number}.png", (20 + number, 30, 3) if number % 2 else (30, 20))
    write("8.jpg", (17, 40, 3))
    write("9.bmp", (16, 16, 3))
    memory = load_images(spec(tmp_path, color=color))
    stream = load_images(spec(tmp_path, color=color, stream=True))
    assert memory.source is None and isinstance(stream.source, ImageFiles)
    order = np.array([3, 0, 5, 1, 2])
    batches = list(stream.source.batches(order, 2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(batches), memory.train[order])


def test_resizing_keeps_proportions_and_cropping_keeps_pixels(write: Any, tmp_path: Path) -> None:
    pixels = write("0.png", (40, 64, 3))
    files = [tmp_path / "0.png"]
    middle = ImageFiles(files, (16, 16, 3), resize=False).load()[0]
    np.testing.assert_array_equal(middle, pixels[12:28, 24:40])
    resized = ImageFiles(files, (20, 20, 3), resize=True).load()[0]
    reference = np.asarray(Image.fromarray(pixels).resize((32, 20), Image.Resampling.BILINEAR))[:, 6:26]
    assert np.abs(resized.astype(int) - reference).mean() < 2
    np.testing.assert_array_equal(ImageFiles(files, (40, 64, 3), resize=True).load()[0], pixels)


def test_training_cuts_at_another_place_each_time_and_validation_never(write: Any, tmp_path: Path) -> None:
    pixels = write("0.png", (24, 24, 3))
    source = ImageFiles([tmp_path / "0.png"] * 12, (16, 16, 3), resize=False)
    order = np.arange(12)
    cuts = next(iter(source.batches(order, 12, np.random.default_rng(1))))
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (16, 16), (0, 1)).transpose(0, 1, 3, 4, 2)
    assert len(as_set(cuts)) > 6
    assert all((windows == cut).all((2, 3, 4)).any() for cut in cuts)
    np.testing.assert_array_equal(next(iter(source.batches(order, 12, np.random.default_rng(1)))), cuts)
    assert len(as_set(source.load())) == 1


def test_a_file_that_is_gone_is_a_data_error(write: Any, tmp_path: Path) -> None:
    write("0.png")
    source = ImageFiles([tmp_path / "0.png"], (16, 16, 3), resize=True)
    (tmp_path / "0.png").unlink()
    with pytest.raises(DataError, match="an image cannot be read any more"):
        source.load()
