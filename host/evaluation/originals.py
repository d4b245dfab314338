"""The images that a device encoded: the sample images of its bundle, or the user's own, found again by their pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from device.errors import ImageError
from device.files import sha256_bytes
from device.image_file import read_image
from host.errors import CollectError


def own_images(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files that `--images` named on the device ("name", "sha256", "shape"); none where it was the samples."""
    images = run.get("images", {})  # a run of version 1 knows only the samples
    return list(images.get("files", ())) if images.get("source") == "folder" else []


def find_images(files: Sequence[Mapping[str, Any]], folder: Path) -> np.ndarray:
    """The images of a folder whose pixels have the digests that a run names; the files may have other names now.

    Args:
        files: "name", "sha256" of the uint8 pixels in C order, and "shape", all of one shape.
        folder: with .ppm, .pgm or .npy files, or any that Pillow reads.

    Returns:
        uint8 (count, height, width, channels), in the order of `files`.

    Raises:
        CollectError: no such folder, or an image that is missing or has other pixels; names the first.
    """
    if not folder.is_dir():
        raise CollectError(f"{folder}: no such folder; give the one with the images that the device encoded")
    found: dict[str, np.ndarray] = {}
    for file in files:
        _add(found, folder / Path(file["name"]).name)
    if not all(file["sha256"] in found for file in files):
        for path in sorted(folder.iterdir()):
            _add(found, path)
    for file in files:
        path, image = folder / Path(file["name"]).name, found.get(file["sha256"])
        if image is None and path.is_file():
            raise CollectError(
                f"{path}: not the image that the device encoded: its pixels differ (a JPEG may decode otherwise by "
                "another library: keep a PNG or PPM of it)"
            )
        if image is None:
            raise CollectError(f"{path}: missing, and no other file in {folder} has its pixels")
        if list(image.shape) != list(file["shape"]):
            raise CollectError(f"{path}: {image.shape}, the device encoded {tuple(file['shape'])}")
    return np.stack([found[file["sha256"]] for file in files])


def _add(found: dict[str, np.ndarray], path: Path) -> None:
    # What is no image here may lie beside the images; what is missing is said by its name in the run.
    if path.is_file() and not path.name.startswith("."):
        try:
            image = read_image(path)
        except ImageError:
            return
        found[sha256_bytes(image.tobytes())] = image
