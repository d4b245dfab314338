"""Sends images through an exported model, really encoded and decoded, and writes both side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device import open_encoder
from device.errors import ImageError
from device.image_file import read_image
from device.pipeline import Pipeline
from host.drawing import difference
from host.errors import CollectError
from host.evaluation.decode import write_png
from host.evaluation.receiver import Receiver, find_receiver
from host.metrics import BPP, Metric, bits_per_pixel, words
from host.packaging.decoders import BUILD
from host.packaging.export import BUNDLES, export
from host.spec.model_folder import ModelFolder

if TYPE_CHECKING:
    from host.tasks.task import Task

GAIN = 4  # of the picture of the difference
OUTPUT = Path("reconstructions")


@dataclass(frozen=True)
class Deployed:
    """Both ends of a variant: what runs on the device, and what decodes its streams."""

    pipeline: Pipeline
    receiver: Receiver

    def reconstruct(self, image: np.ndarray, decoder: str = "own") -> Reconstruction:
        """Encodes what the device is given of an image, uint8 (height, width, channels), and decodes it.

        Args:
            decoder: "own" or "tuned".

        Raises:
            ImageError: a shape that the encoder does not take, or of which nothing can be made.
            CollectError: no such decoder, or what it makes is no picture.
        """
        self.receiver.check(decoder)
        given, truth = self.receiver.given_and_truth(image)
        stream = self.pipeline.encode(given)
        made = self.receiver.picture(stream, decoder)
        return Reconstruction(truth, made, len(stream), self.receiver.decoders.judge(truth, made))


@dataclass(frozen=True)
class Reconstruction:
    """What should come back of an image, what came back, and the bytes between.

    Attributes:
        original, image: uint8 (height, width, channels), 0..255.
        bitstream_bytes: header included.
        metrics: by key; None where nothing differs, absent where a metric does not apply.
    """

    original: np.ndarray
    image: np.ndarray
    bitstream_bytes: int
    metrics: Mapping[str, float | None]

    @property
    def bpp(self) -> float:
        return bits_per_pixel(self.bitstream_bytes, self.original.shape)

    @property
    def ratio(self) -> float:
        """Bytes of the pixels over bytes of the bitstream."""
        return self.original.size / self.bitstream_bytes


@dataclass(frozen=True)
class Picture:
    """One file.

    Attributes:
        file, target: the image, and the PNG that was written: original, reconstruction, GAIN times their difference.
        found: of the image as the model took it.
        metrics: what its values mean.
        fitted_from: (height, width) of an image that was resized or cut; None where it is as it was.
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
        rate = f", {self.found.bpp:.3f} bpp" if BPP in self.metrics else ""
        return (
            f"{self.file}: {height} x {width} pixels{fitted}; {words(self.metrics, self.found.metrics)}, "
            f"{self.found.bitstream_bytes} bytes{rate}; {self.target}"
        )


def open_deployed(
    bundle: str | Path,
    tasks: Mapping[str, Task],
    variant: str = "int8",
    quality: int | None = None,
    build: Path = BUILD,
) -> Deployed:
    """Loads an encoder and finds its decoders.

    Args:
        bundle: a folder, or a name in device/bundles.
        quality: an operating point; None: the middle one, where there are several.
        build: where export left the decoders.

    Raises:
        BundleError: no such bundle, variant or quality; lists those that there are.
        ModelLoadError, RuntimeUnavailableError: the encoder cannot be loaded.
        CollectError: no decoders for it here.
    """
    pipeline = open_encoder(bundle, variant, quality=quality)
    return Deployed(pipeline, find_receiver(build, pipeline.tag, tasks, pipeline.bundle.model))


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

    The arguments are those of `host.api.reconstruct`. The files become <image>.<model>.<variant>.png.

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
        size = image.shape[:2]
        yield Picture(file, target, found, task.metrics, None if found.original.shape[:2] == size else size)


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
