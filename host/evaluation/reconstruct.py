"""Sends images through an exported model and writes original and reconstruction side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device.errors import ImageError
from device.image_file import read_image
from host.errors import CollectError
from host.evaluation.decode import write_png
from host.evaluation.one_image import Reconstruction, difference, open_deployed
from host.metrics import Metric, words
from host.packaging.decoders import BUILD
from host.packaging.export import BUNDLES, export
from host.spec.model_folder import ModelFolder

if TYPE_CHECKING:
    from host.tasks.task import Task

GAIN = 4  # of the picture of the difference
OUTPUT = Path("reconstructions")


@dataclass(frozen=True)
class Picture:
    """One file.

    Attributes:
        file, target: the image, and the PNG that was written: original, reconstruction, GAIN times their difference.
        found: of the image as the model took it.
        metrics: what its values mean.
        fitted_from: (height, width) of an image that was resized and cut; None where it is as it was.
    """

    file: Path
    target: Path
    found: Reconstruction
    metrics: tuple[Metric, ...]
    fitted_from: tuple[int, int] | None

    def text(self) -> str:
        """All of it in one line."""
        height, width = self.found.original.shape[:2]
        fitted = f" fitted from {self.fitted_from[0]} x {self.fitted_from[1]}" if self.fitted_from else ""
        return (
            f"{self.file}: {height} x {width} pixels{fitted}; {words(self.metrics, self.found.metrics)}, "
            f"{self.found.bitstream_bytes} bytes, {self.found.bpp:.3f} bpp; {self.target}"
        )


def reconstruct(
    task: Task,
    model: ModelFolder,
    files: Sequence[Path],
    output: Path = OUTPUT,
    *,
    variant: str = "int8",
    quality: int | None = None,
    decoder: str = "own",
    bundles: Path = BUNDLES,
    build: Path = BUILD,
) -> Iterator[Picture]:
    """Encodes and decodes images, and writes a PNG of each; exports the model first where that is not up to date.

    Args:
        model: one for images of one size resizes and cuts others as training on a folder does.
        output: the folder of the PNG files, <image>.<model>.<variant>.png.
        quality: an operating point, from 0; None: the middle one, where there are several.
        decoder: "own" or "tuned".

    Yields:
        Each image as soon as its PNG is written; all files are read before the first.

    Raises:
        ImageError: a file that is no image.
        BundleError: no such variant or quality; lists those that there are.
        CollectError: no such decoder, the model makes no pictures, or the PNG cannot be written.
        ModelError, ExportError: the model cannot be exported.
    """
    images = [_read(file) for file in files]
    export(task, model, bundles, build)
    deployed = open_deployed(bundles / model.spec.name, {task.name: task}, variant, quality, build)
    deployed.receiver.check(decoder)
    label = f"{model.spec.name}.{deployed.pipeline.variant.name}" + (f".{decoder}" if decoder != "own" else "")
    targets = [output / f"{file.stem}.{label}.png" for file in files]
    for index, target in enumerate(targets):
        if target in targets[:index]:
            raise CollectError(f"{target}: two of the images would be written there; reconstruct them one by one")
    for file, target, image in zip(files, targets, images, strict=True):
        taken = _fit(image, deployed.pipeline.image_shape, model.spec.data.fit == "resize")
        found = deployed.reconstruct(taken, decoder)
        write_png(
            target, np.concatenate([found.original, found.image, difference(found.original, found.image, GAIN)], axis=1)
        )
        yield Picture(
            file, target, found, task.metrics, None if taken.shape[:2] == image.shape[:2] else image.shape[:2]
        )


def _read(file: Path) -> np.ndarray:
    image = read_image(file)
    if image.shape[2] not in (1, 3) or not image.size:
        raise ImageError(f"{file}: {image.shape}, expected (height, width, 1 or 3)")
    return image


def _fit(image: np.ndarray, shape: tuple[int, int, int] | None, resize: bool) -> np.ndarray:
    wanted = shape or (*image.shape[:2], 3)
    if image.shape == wanted:
        return image
    from host.data.fitting import fit_images
    from host.quiet import load_tensorflow

    load_tensorflow()
    return fit_images(image[None], wanted, resize=resize or shape is None)[0]
