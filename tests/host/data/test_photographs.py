"""Photographs: what is set aside stays aside, patches are pieces of the training pictures, damage is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from host.data.photographs import draw_patches, load_photographs
from host.errors import DataError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for value, name in enumerate(("photos/wikipedia/a.png", "photos/wikipedia/b.png", "photos/bsds_half/c.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        image = rng.integers(80 * value, 80 * value + 80, (48, 64, 3)).astype(np.uint8)
        Image.fromarray(image).save(tmp_path / name)
    return tmp_path


def test_what_validates_is_never_trained_on(folder: Path) -> None:
    photographs = load_photographs(folder, ("b.png",), 20)
    assert [image.shape for image in photographs.train] == [(48, 64, 3), (30, 40, 3), (48, 64, 3)]
    assert len(photographs.validation) == 1 and photographs.validation[0].min() >= 80
    assert all(image.max() < 80 or image.min() >= 160 for image in photographs.train)
    assert photographs.shares.sum() == pytest.approx(1)
    assert photographs.shares[0] == pytest.approx(1.5 * photographs.shares[2])


def test_pictures_smaller_than_a_patch_are_left_out(folder: Path) -> None:
    assert len(load_photographs(folder, ("b.png",), 40).train) == 2


def test_patches_are_pieces_mirrored_and_transposed(folder: Path) -> None:
    photographs = load_photographs(folder, ("b.png",), 40)
    patches = draw_patches(photographs, 30, 40, np.random.default_rng(0))
    assert patches.shape == (30, 40, 40, 3)
    assert np.array_equal(patches, draw_patches(photographs, 30, 40, np.random.default_rng(0)))
    image = photographs.train[0]
    windows = np.lib.stride_tricks.sliding_window_view(image, (40, 40), (0, 1)).transpose(0, 1, 3, 4, 2)
    seen = set()
    for patch in patches:
        for turn, turned in enumerate((patch, patch[::-1], patch[:, ::-1], patch.transpose(1, 0, 2))):
            if (windows == turned).all((2, 3, 4)).any():
                seen.add(turn)
    assert seen == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("names", "smallest", "words"),
    [(("x.png",), 20, "names x.png, which is not there"), (("a.png",), 100, "no photograph of at least 100 pixels")],
)
def test_what_is_missing_is_named(folder: Path, names: tuple[str, ...], smallest: int, words: str) -> None:
    with pytest.raises(DataError, match=words):
        load_photographs(folder, names, smallest)


def test_no_folder_and_a_damaged_file_are_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="SPLITLITE_DATA"):
        load_photographs(None, (), 20)
    damaged = tmp_path / "photos/wikipedia/a.png"
    damaged.write_bytes(damaged.read_bytes()[:100])
    with pytest.raises(DataError, match=r"a\.png: not a readable image"):
        load_photographs(folder, (), 20)
