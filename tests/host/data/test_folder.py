"""A folder of images: found, checked, split; the same pixels from memory and from a stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import host.data
from device.image_file import read_image
from host.data import load
from host.data.batches import batches, draw_patches
from host.data.folder import FolderFiles, find_files, folder_labels, list_images
from host.data.split import Split
from host.data.stream import ImageFiles
from host.errors import DataError
from host.spec.types import DataSpec, FolderPath

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
    return DataSpec("folder", other.pop("size", 16), validation, (FolderPath(str(path)),), **other)


def find(folder: Path, validation: int) -> FolderFiles:
    return find_files([FolderPath(str(folder))], validation, "", None)


def as_set(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_images_of_every_kind_are_found_at_every_depth_and_split(write: Any, tmp_path: Path) -> None:
    pixels = [write(f"{'deep/' * depth}{depth}.png") for depth in range(6)]
    pixels += [write("a.BMP"), write("b/c.webp", lossless=True)]
    (tmp_path / "notes.txt").write_text("no image")
    images = load(spec(tmp_path))
    assert [len(part) for part in (images.train, images.validation, images.test)] == [4, 2, 2]
    assert as_set(np.concatenate([images.train.array, images.validation.array, images.test.array])) == as_set(
        np.stack(pixels)
    )
    again = load(spec(tmp_path))
    np.testing.assert_array_equal(again.train.array, images.train.array)
    assert again.digest == images.digest


def test_folders_named_after_splits_are_the_splits(write: Any, tmp_path: Path) -> None:
    wanted = {
        split: as_set(np.stack([write(f"{split}/x/{n}.png") for n in range(3)])) for split in ("train", "val", "test")
    }
    images = load(spec(tmp_path))
    assert as_set(images.train.array) == wanted["train"]
    assert (as_set(images.validation.array), as_set(images.test.array)) == (wanted["val"], wanted["test"])


def test_a_relative_path_is_below_the_data_folder(write: Any, tmp_path: Path) -> None:
    for number in range(6):
        write(f"mine/{number}.png")
    assert len(load(spec(Path("mine")), tmp_path).train) == 2


def test_few_damaged_files_are_named_and_left_out(
    write: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        write(f"{number:02d}.png")
    whole = (tmp_path / "03.png").read_bytes()
    (tmp_path / "03.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "04.jpg").write_bytes(b"no JPEG")
    for _ in range(2):  # the second time from what was kept
        files = find(tmp_path, 2)
        assert len(files.train) + len(files.validation) + len(files.test) == 19
        lines = capsys.readouterr().err.splitlines()
        assert [line.split(": left out: ")[0] for line in lines] == [str(tmp_path / n) for n in ("03.png", "04.jpg")]


def test_many_damaged_files_are_an_error_that_names_the_first(write: Any, tmp_path: Path) -> None:
    for number in range(8):
        write(f"{number}.png")
    (tmp_path / "5.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"1 of 8 images cannot be read, the first is 5\.png \("):
        find(tmp_path, 1)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "no images here; looked for .png, .jpg"), (4, "leave none to train on")]
)
def test_too_few_images_are_an_error(count: int, words: str, write: Any, tmp_path: Path) -> None:
    for number in range(count):
        write(f"{number}.png")
    with pytest.raises(DataError, match=words):
        find(tmp_path, 2)
    with pytest.raises(DataError, match="nowhere: no such folder"):
        find(tmp_path / "nowhere", 2)


def test_a_changed_file_changes_the_digest(write: Any, tmp_path: Path) -> None:
    for number in range(6):
        write(f"{number}.png")
    before = find(tmp_path, 1).digest
    write("3.png")
    assert find(tmp_path, 1).digest != before


@pytest.mark.parametrize("color", ["rgb", "grayscale"])
def test_a_stream_gives_the_images_that_memory_holds(color: str, write: Any, tmp_path: Path) -> None:
    for number in range(8):
        write(f"{number}.png", (20 + number, 30, 3) if number % 2 else (30, 20))
    write("8.jpg", (17, 40, 3))
    write("9.bmp", (16, 16, 3))
    memory = load(spec(tmp_path, color=color))
    stream = load(spec(tmp_path, color=color, stream=True))
    assert memory.train is memory.sample and isinstance(stream.train.images, ImageFiles)
    order = np.array([3, 0, 5, 1, 2])
    batches = list(stream.train.images.batches(order, 2))
    assert [len(batch) for batch in batches] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(batches), memory.train.array[order])


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


def test_folders_of_one_level_are_classes_in_every_split(write: Any, tmp_path: Path) -> None:
    dark = {split: write(f"{split}/cat/0.png") for split in ("train", "test", "val")}
    for split in ("train", "test", "val"):
        write(f"{split}/dog/deep/1.png")
    found = load(spec(tmp_path))
    assert found.classes == ("cat", "dog")
    for split, part in (("train", found.train), ("test", found.test), ("val", found.validation)):
        assert sorted(part.labels.tolist()) == [0, 1]
        np.testing.assert_array_equal(part.array[part.labels.tolist().index(0)], dark[split])


def test_labels_stay_with_their_images_when_folders_are_split_and_streamed(write: Any, tmp_path: Path) -> None:
    kinds = {}
    for number in range(24):
        kind = "abc"[number % 3]
        kinds[write(f"{kind}/{number}.png").tobytes()] = "abc".index(kind)
    found = load(spec(tmp_path, validation=5, stream=True))
    assert found.classes == ("a", "b", "c") and isinstance(found.train.images, ImageFiles)
    drawn = list(batches(found.train, spec(tmp_path), 4, 3, np.random.default_rng(0)))
    for images, labels in [
        *drawn,
        *((part.array, part.labels) for part in (found.sample, found.validation, found.test)),
    ]:
        assert [kinds[image.tobytes()] for image in images] == labels.tolist()


@pytest.mark.parametrize("fit", ["resize", "crop"])
def test_a_sample_of_a_large_folder_has_every_class(
    fit: str, write: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host.data, "SAMPLE", 16)
    kinds = {}
    for split, count in (("train", 12), ("val", 9), ("test", 9)):
        for kind in "abc":
            for number in range(count):
                kinds[write(f"{split}/{kind}/{number:02d}.png").tobytes()] = "abc".index(kind)
    found = load(spec(tmp_path, stream=True, fit=fit))
    assert len(found.train) == 36
    again = load(spec(tmp_path, stream=True, fit=fit))
    for part, other in zip(
        (found.sample, found.validation, found.test), (again.sample, again.validation, again.test), strict=True
    ):
        assert len(part) == 16 and set(part.labels[:8]) == {0, 1, 2}, "also of the first ones, which set ranges"
        assert [kinds[image.tobytes()] for image in part.array] == part.labels.tolist()
        assert len(as_set(part.array)) == 16
        np.testing.assert_array_equal(part.array, other.array)


def test_hidden_files_and_folders_are_no_images(write: Any, tmp_path: Path) -> None:
    names = ("train/a/1.png", "train/b/2.png", "test/a/3.png", "val/b/4.png")
    pixels = as_set(np.stack([write(name) for name in names]))
    for name in ("train/.ipynb_checkpoints/1-checkpoint.png", "test/.thumbnails/deep/3.png", ".trash/b/5.png"):
        write(name)
    for number in range(3):  # what macOS leaves beside each file
        (tmp_path / f"train/a/._{number}.png").write_bytes(b"resource fork")
    files = find(tmp_path, 1)
    assert files.classes == ("a", "b")
    found = load(spec(tmp_path))
    assert as_set(np.concatenate([part.array for part in (found.train, found.validation, found.test)])) == pixels
    read, _ = list_images(tmp_path / "test")
    assert folder_labels(tmp_path / "test", list(read), ("a", "b")) == [0]


def test_a_hidden_folder_can_hold_the_images(write: Any, tmp_path: Path) -> None:
    write(".cache/images/0.png")
    assert len(list_images(tmp_path / ".cache" / "images")[0]) == 1


@pytest.mark.parametrize("stray", ["train/0.png", "test/new/0.png"])
def test_images_beside_the_classes_leave_no_labels(stray: str, write: Any, tmp_path: Path) -> None:
    for name in ("train/a/1.png", "train/b/2.png", "test/a/3.png", "val/b/4.png"):
        write(name)
    assert load(spec(tmp_path)).classes == ("a", "b")
    write(stray)
    found = load(spec(tmp_path))
    assert (found.classes == () and found.train.labels is None) or stray == "0.png"


@pytest.fixture
def photographs(write: Any) -> DataSpec:
    """Whole pictures of two folders, the first at two scales, one of it to validate on."""
    for name in ("mine/a.png", "mine/b.png", "other/c.png", "test/d.png"):
        write(name, (48, 64, 3))
    paths = (FolderPath("mine", 1.0, 1.5), FolderPath("mine", 0.625), FolderPath("other"))
    return DataSpec("folder", 20, ("b.png",), paths, "test", fit="whole", flip=True, turn=True)


def test_what_validates_is_never_trained_on_at_any_scale(photographs: DataSpec, tmp_path: Path) -> None:
    found = load(photographs, tmp_path)
    assert [image.shape for image in found.train.images] == [(48, 64, 3), (30, 40, 3), (48, 64, 3)]
    assert [Path(file[0]).name for file in found.train.images.files] == ["a.png", "a.png", "c.png"]
    assert [Path(file[0]).name for file in found.validation.images.files] == ["b.png"]
    assert [Path(file[0]).name for file in found.test.images.files] == ["d.png"]
    assert found.train.weights.sum() == pytest.approx(1)
    assert found.train.weights[0] == pytest.approx(1.5 * found.train.weights[2])


def test_a_number_sets_whole_files_aside(photographs: DataSpec, tmp_path: Path) -> None:
    found = load(replace(photographs, validation=1, test="", flip=False), tmp_path)
    names = [{Path(path).name for path, _ in part.images.files} for part in (found.train, found.validation, found.test)]
    assert set.union(*names) == {"a.png", "b.png", "c.png"} and [len(some) for some in names] == [1, 1, 1]


def test_pictures_smaller_than_a_patch_are_left_out(photographs: DataSpec, tmp_path: Path) -> None:
    assert len(load(replace(photographs, size=40), tmp_path).train) == 2
    with pytest.raises(DataError, match="no image of at least 100 x 100 pixels"):
        load(replace(photographs, size=100), tmp_path)


def test_a_validation_picture_that_is_not_there_is_named(photographs: DataSpec, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"mine: data\.validation names x\.png, which is not there"):
        load(replace(photographs, validation=("x.png",)), tmp_path)


def test_patches_are_pieces_mirrored_and_transposed(photographs: DataSpec, tmp_path: Path) -> None:
    wanted = replace(photographs, size=40)
    found = load(wanted, tmp_path)
    patches, labels = draw_patches(found.train, wanted, 30, np.random.default_rng(0))
    assert patches.shape == (30, 40, 40, 3) and labels is None
    assert np.array_equal(patches, draw_patches(found.train, wanted, 30, np.random.default_rng(0))[0])
    windows = np.lib.stride_tricks.sliding_window_view(found.train.images[0], (40, 40), (0, 1)).transpose(0, 1, 3, 4, 2)
    seen = set()
    for patch in patches:
        for turn, turned in enumerate((patch, patch[::-1], patch[:, ::-1], patch.transpose(1, 0, 2))):
            if (windows == turned).all((2, 3, 4)).any():
                seen.add(turn)
    assert seen == {0, 1, 2, 3}


def test_patches_are_turned_only_where_the_spec_says_so(photographs: DataSpec, tmp_path: Path) -> None:
    wanted = replace(photographs, turn=False)
    found = load(wanted, tmp_path)
    Image.fromarray(np.repeat(np.arange(48, dtype=np.uint8)[:, None], 64, 1)).save(tmp_path / "other" / "c.png")
    ramp = Split(found.train.images, weights=np.array([0.0, 0.0, 1.0]))
    upright, _ = draw_patches(ramp, wanted, 20, np.random.default_rng(0))
    assert (np.diff(upright[..., 0].astype(int), axis=1) == 1).all()
    turned, _ = draw_patches(ramp, photographs, 20, np.random.default_rng(0))
    assert not (np.diff(turned[..., 0].astype(int), axis=1) == 1).all()


def test_a_stream_reads_what_is_not_plain_as_everything_else_does(tmp_path: Path) -> None:
    deep = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    ramp = np.repeat(np.arange(0, 160, 10, dtype=np.uint8)[:, None], 16, 1)
    clear = np.dstack([ramp, ramp, ramp, np.zeros_like(ramp)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    turned = Image.Exif()
    turned[0x0112] = 3  # upside down
    Image.fromarray(ramp).convert("RGB").save(tmp_path / "turned.jpg", exif=turned, quality=100, subsampling=0)
    files = [tmp_path / name for name in ("deep.png", "clear.png", "turned.jpg")]
    found = ImageFiles(files, (16, 16, 3), resize=True).load()
    np.testing.assert_array_equal(found, np.stack([read_image(file, 3) for file in files]))
    assert found[0, 0, 0, 0] == 0 and found[0, 15, 15, 0] == 255
    assert (found[1] == 255).all() and found[2, 0, 0, 0] > found[2, 15, 0, 0]
