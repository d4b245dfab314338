"""Whole photographs of many sizes: training pictures by patches, validation pictures as they are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from host.errors import DataError

FOLDERS = ("photos/wikipedia", "photos/bsds_half", "sr/T91")
_REDUCED = 5 / 8  # of the first folder's pictures, which are much larger than the others', a second copy of this size
_FAVOUR = 1.5  # how much more often a pixel of the first folder at full size is drawn


@dataclass(frozen=True)
class Photographs:
    """uint8 images (height, width, 3), 0..255.

    Attributes:
        train: to draw patches from; `shares`: float (len(train),), how often each is drawn, sum 1.
        validation: named in the spec, none of them in `train`.
        digest: sha256 over names and pixels.
        turned: whether patches are turned upside down and on their side too, not only mirrored.
    """

    train: tuple[np.ndarray, ...]
    shares: np.ndarray
    validation: tuple[np.ndarray, ...]
    digest: str
    turned: bool = True


def load_photographs(folder: Path | None, validation: tuple[str, ...], smallest: int) -> Photographs:
    """The photographs below a folder of data sets.

    Args:
        folder: holds `FOLDERS`; the first must be there, the others are taken where they are.
        validation: file names in the first folder that are set aside.
        smallest: pictures with a shorter side are left out.

    Raises:
        DataError: no folder, no pictures, a validation picture that is not there, a damaged file.
    """
    if folder is None or not (folder / FOLDERS[0]).is_dir():
        raise DataError(
            f"{folder or 'no data folder'}: no {FOLDERS[0]} here; "
            "give --data-dir or SPLITLITE_DATA the folder that holds it"
        )
    files = [sorted((folder / name).glob("*.png")) for name in FOLDERS]
    missing = sorted(set(validation) - {path.name for path in files[0]})
    if missing:
        raise DataError(f"{folder / FOLDERS[0]}: data.validation names {missing[0]}, which is not there")
    digest = hashlib.sha256()
    aside, first, others = [], [], []
    for group, paths in enumerate(files):
        for path in paths:
            image = _read(path)
            digest.update(f"{FOLDERS[group]}/{path.name} {image.shape}".encode() + image.tobytes())
            if group == 0 and path.name in validation:
                aside.append(image)
            elif min(image.shape[:2]) >= smallest:
                (others if group else first).append(image)
    train = first + [_reduced(image) for image in first] + others
    train = [image for image in train if min(image.shape[:2]) >= smallest]
    if not train:
        raise DataError(f"{folder / FOLDERS[0]}: no photograph of at least {smallest} pixels a side to train on")
    weights = np.array([image.shape[0] * image.shape[1] for image in train], float)
    weights[: len(first)] *= _FAVOUR
    return Photographs(tuple(train), weights / weights.sum(), tuple(aside), digest.hexdigest())


def draw_patches(photographs: Photographs, count: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """Random patches, mirrored and transposed at random: uint8 (count, side, side, 3)."""
    patches = np.empty((count, side, side, 3), np.uint8)
    for index, chosen in enumerate(rng.choice(len(photographs.train), count, p=photographs.shares)):
        image = photographs.train[chosen]
        top, left = (rng.integers(length - side + 1) for length in image.shape[:2])
        patch = image[top : top + side, left : left + side]
        flips = (rng.random(3) < 0.5) & (photographs.turned, True, photographs.turned)
        patch = patch[:: -1 if flips[0] else 1, :: -1 if flips[1] else 1]
        patches[index] = patch.transpose(1, 0, 2) if flips[2] else patch
    return patches


def _read(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"{path}: not a readable image ({error}); fetch it again") from error


def _reduced(image: np.ndarray) -> np.ndarray:
    height, width = (round(side * _REDUCED) for side in image.shape[:2])
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))
