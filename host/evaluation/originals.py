"""Finds the images that a device encoded: the samples of its bundle, or the user's own by their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from device.errors import ImageError
from device.files import sha256_bytes
from device.image_file import read_image
from device.run_file import RunImage
from host.data.pictures import Pictures
from host.errors import CollectError

Key = tuple[str, tuple[int, ...]]  # digest of the pixels, and shape
Found = tuple[Path, bool]  # whether the pixels are those of its luma


def find_images(files: Sequence[RunImage], folder: Path) -> Pictures:
    """The images of a folder whose pixels have the digests that a run names; the files may have other names now.

    Args:
        files: of the run: with the luma's pixels where that is what the device encoded.
        folder: with images of any kind that `read_image` reads.

    Returns:
        The images in the order of `files`.

    Raises:
        CollectError: no such folder, or an image that is missing or has other pixels; names the first.
    """
    if not folder.is_dir():
        raise CollectError(f"{folder}: no such folder; give the one with the images that the device encoded")
    found: dict[Key, Found] = {}
    named = [folder / Path(file.name).name for file in files]
    keys = [(file.sha256, file.shape) for file in files]
    for path in [*named, *sorted(folder.iterdir())]:
        if not found.keys() >= set(keys):
            _add(found, path, files[0].shape[2])
    for key, path in zip(keys, named, strict=True):
        if key not in found and path.is_file():
            raise CollectError(
                f"{path}: not the image that the device encoded: its pixels or its shape differ (a JPEG may decode "
                "otherwise by another library: keep a PNG or PPM of it)"
            )
        if key not in found:
            raise CollectError(f"{path}: missing, and no other file in {folder} has its pixels")
    as_luma = {path for path, is_luma in (found[key] for key in keys) if is_luma}
    return Pictures([(found[key][0], 1.0) for key in keys], files[0].shape[2], keep=False, as_luma=as_luma)


def _add(found: dict[Key, Found], path: Path, channels: int) -> None:
    # What is no image here may lie beside the images; what is missing is said by its name in the run.
    if not path.is_file() or path.name.startswith("."):
        return
    for as_luma in (False, True) if channels == 1 else (False,):
        try:
            image = read_image(path, channels, say=lambda line: None, as_luma=as_luma)
        except ImageError:
            continue
        found[sha256_bytes(image.tobytes()), image.shape] = path, as_luma
