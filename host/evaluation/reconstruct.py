"""Any images through an exported model: what each becomes, side by side with what it was."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from device.errors import ImageError, one_line
from device.files import write_bytes
from device.image_file import read_image
from host.errors import CollectError
from host.evaluation.one_image import Codec, Reconstruction, difference, open_codec, reconstruct_one
from host.packaging.decoders import BUILD
from host.packaging.export import BUNDLES, export
from host.spec.model_folder import ModelFolder
from host.spec.models import MODELS
from host.tasks import open_spec

GAIN = 4  # of the picture of the difference
OUTPUT = Path("reconstructions")


@dataclass(frozen=True)
class Picture:
    """One file.

    Attributes:
        file, target: the image, and the PNG that was written: original, reconstruction, GAIN times their difference.
        found: of the image as the model took it.
        fitted_from: (height, width) of an image that was resized and cut; None where it is as it was.
    """

    file: Path
    target: Path
    found: Reconstruction
    fitted_from: tuple[int, int] | None

    def text(self) -> str:
        """All of it in one line."""
        height, width = self.found.original.shape[:2]
        fitted = f" fitted from {self.fitted_from[0]} x {self.fitted_from[1]}" if self.fitted_from else ""
        psnr, ssim = self.found.psnr_db, self.found.ssim
        return (
            f"{self.file}: {height} x {width} pixels{fitted}; "
            f"{'no difference' if psnr is None else f'PSNR {psnr:.2f} dB'}, "
            f"{'too small for SSIM' if ssim is None else f'SSIM {ssim:.4f}'}, "
            f"{self.found.bitstream_bytes} bytes, {self.found.bpp:.3f} bpp; {self.target}"
        )


def reconstruct(
    name: str,
    files: Sequence[Path],
    output: Path = OUTPUT,
    *,
    variant: str = "int8",
    quality: int | None = None,
    decoder: str = "own",
    models: Path = MODELS,
    bundles: Path = BUNDLES,
    build: Path = BUILD,
) -> Iterator[Picture]:
    """Encodes and decodes images, and writes a PNG of each; exports the model first where that is not up to date.

    Args:
        name: the model; one for images of one size resizes and cuts others as training on a folder does.
        output: the folder of the PNG files, <image>.<model>.<variant>.png.
        quality: of a photo codec, from 0; None: its middle one.
        decoder: "own" or "tuned".

    Yields:
        Each image as soon as its PNG is written; all files are read before the first.

    Raises:
        ImageError: a file that is no image.
        BundleError: no such variant or quality; lists those that there are.
        CollectError: no such decoder, or the PNG cannot be written.
        ModelError, SpecError, ExportError: the model cannot be exported.
    """
    images = [_read(file) for file in files]
    task, spec = open_spec(name, models)
    export(task, ModelFolder(spec), bundles, build)
    codec = open_codec(bundles / name, variant, quality, build)
    resize = codec.shape is None or open_spec(name, models)[1].data.fit == "resize"
    label = f"{name}.{codec.encoder.variant.name}" + (f".{decoder}" if decoder != "own" else "")
    targets = [output / f"{file.stem}.{label}.png" for file in files]
    for index, target in enumerate(targets):
        if target in targets[:index]:
            raise CollectError(f"{target}: two of the images would be written there; reconstruct them one by one")
    for file, target, image in zip(files, targets, images, strict=True):
        taken = _fit(image, codec, resize)
        found = reconstruct_one(taken, codec, decoder)
        _write(target, found)
        yield Picture(file, target, found, None if taken.shape[:2] == image.shape[:2] else image.shape[:2])


def _read(file: Path) -> np.ndarray:
    try:
        image = read_image(file)
    except (SyntaxError, Image.DecompressionBombError) as error:  # Pillow's, of damaged and of enormous files
        raise ImageError(f"{file}: cannot be read ({one_line(error)})") from None
    if image.shape[2] not in (1, 3) or not image.size:
        raise ImageError(f"{file}: {image.shape}, expected (height, width, 1 or 3)")
    return image


def _fit(image: np.ndarray, codec: Codec, resize: bool) -> np.ndarray:
    shape = codec.shape or (*image.shape[:2], 3)
    if image.shape == shape:
        return image
    from host.data.fitting import fit_images
    from host.quiet import load_tensorflow

    load_tensorflow()
    return fit_images(image[None], shape, resize=resize)[0]


def _write(target: Path, found: Reconstruction) -> None:
    beside = np.concatenate([found.original, found.image, difference(found.original, found.image, GAIN)], axis=1)
    buffer = io.BytesIO()
    Image.fromarray(beside[..., 0] if beside.shape[2] == 1 else beside).save(buffer, format="png")
    try:
        write_bytes(target, buffer.getvalue())
    except OSError as reason:
        raise CollectError(f"{target}: cannot be written ({reason.strerror})") from None
