"""Rate against quality of a photo codec, of real bitstreams, beside the codecs in Pillow and published curves.

    .venv/bin/python benchmarks/rate_distortion.py [--images FOLDER] [--json FILE] [--plot FILE.png] [--no-timing]

The codes are made by the int8 encoder in the device's runtime and decoded by the host from those very bitstreams, with
the tuned decoder ("splitlite") and with the one it replaces ("splitlite (untuned decoder)"). PSNR is of RGB, per
image, then the mean; MS-SSIM of RGB by channels. BD-rate: what splitlite needs against a codec at equal quality, of the
mean curves, negative where it needs less; "by image" is the mean over the images of each one's own.
Times are of one thread, codecs by turns in shuffled order, medians. Points of the codecs in Pillow are kept in
build/anchors; with weights or tables that changed, only splitlite is measured again.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from benchmarks.codec_points import (  # noqa: E402
    FLOAT32,
    FLOAT32_UNTUNED,
    NAME,
    UNTUNED,
    PhotoCodec,
    open_photo_codec,
    quality_rows,
)
from benchmarks.codec_times import codec_times  # noqa: E402
from benchmarks.rate_distortion_plot import rate_distortion_plot  # noqa: E402
from benchmarks.rate_distortion_table import rate_distortion_lines  # noqa: E402
from device.bench.progress import Progress  # noqa: E402
from device.environment import read_environment  # noqa: E402
from device.errors import SplitliteError  # noqa: E402
from device.files import write_bytes, write_json  # noqa: E402
from device.image_file import read_image  # noqa: E402
from host.curves.anchor_points import anchor_points, library_version  # noqa: E402
from host.curves.bd_rate import bd_rate_percent, bd_rates  # noqa: E402
from host.curves.image_codecs import IMAGE_CODECS  # noqa: E402
from host.curves.ms_ssim import check_sides  # noqa: E402
from host.curves.published import KODAK, published_curves  # noqa: E402
from host.data import data_folder  # noqa: E402
from host.errors import CurveError  # noqa: E402
from host.packaging.decoders import BUILD  # noqa: E402
from host.tasks import MODELS  # noqa: E402

PUBLISHED = ROOT / "benchmarks" / "published" / "kodak_rd.csv"
FORMAT_VERSION = 1
_ENVIRONMENT = ("cpu_model", "machine", "cores", "load_average", "python", "numpy", "runtime", "runtime_version")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, prints and writes; 0 done, 1 an error in one line."""
    options = _options(arguments)
    try:
        images = read_images(options.images)
        codec = open_photo_codec(options.bundle, options.build, options.models)
        result = measure(images, codec, options.build / "anchors", options.jobs)
        if not options.no_timing:
            with Progress(len(images)) as progress:
                result |= codec_times(
                    list(images.values()), codec, result["points"], options.repetitions, progress.step
                )
        if options.json:
            write_json(options.json, result)
        if options.plot:
            published = published_curves(PUBLISHED) if result["published"] else {}
            write_bytes(options.plot, rate_distortion_plot(result, published))
    except SplitliteError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(rate_distortion_lines(result)))
    return 0


def read_images(folder: Path | None) -> dict[str, np.ndarray]:
    """Images by file name, uint8 (height, width, 3), of any sizes that MS-SSIM takes.

    Raises:
        CurveError: no folder, no images, or one that is too small.
        ImageError: one that cannot be read.
    """
    if folder is None:
        data = data_folder(None)
        if data is None:
            raise CurveError("no images: give --images a folder, or SPLITLITE_DATA the one that holds kodak")
        folder = data / "kodak"
    files = sorted(path for path in folder.glob("[!.]*") if path.is_file())
    if not files:
        raise CurveError(f"{folder}: no images here")
    images = {path.name: read_image(path) for path in files}
    for name, image in images.items():
        try:
            check_sides(image.shape)
        except CurveError as reason:
            raise CurveError(f"{folder / name}: {reason}") from None
    return images


def measure(images: dict[str, np.ndarray], codec: PhotoCodec, kept: Path, jobs: int) -> dict[str, Any]:
    """Rates and qualities: all of the result but the times.

    Args:
        images: by name.
        codec: ours.
        kept: folder of the points of the codecs in Pillow.
        jobs: processes for those.
    """
    anchors = measure_anchors(list(images.values()), kept, jobs)
    measured = []
    with Progress(len(images)) as progress:
        for name, image in images.items():
            progress.step(f"{NAME}: {name}")
            measured.append([codec.measure(image, quality) for quality in range(len(codec.encoders))])
    curves = {
        name: np.array([[quality.points[name] for quality in image] for image in measured])
        for name in measured[0][0].points
    } | anchors
    published = published_curves(PUBLISHED, IMAGE_CODECS) if {Path(name).stem for name in images} == KODAK else {}
    others = {name: points for name, points in curves.items() if name not in (NAME, FLOAT32_UNTUNED)}
    bundle, environment = codec.encoders[0].bundle, read_environment(codec.encoders[0].runtime)
    return {
        "format_version": FORMAT_VERSION,
        "model": bundle.model,
        "model_sha256": bundle.model_sha256,
        "tags": [encoder.tag for encoder in codec.encoders],
        "environment": {key: environment[key] for key in _ENVIRONMENT if key in environment},
        "images": len(images),
        "image_names": list(images),
        "megapixels": sum(image.shape[0] * image.shape[1] for image in images.values()) / 1e6,
        "codecs": {name: each.words for name, each in IMAGE_CODECS.items()},
        "libraries": {name: library_version(each) for name, each in IMAGE_CODECS.items()},
        "points": {name: points.mean(0).tolist() for name, points in curves.items()},
        "published": sorted(published),
        "qualities": quality_rows(measured, [encoder.variant.output.grid.step for encoder in codec.encoders]),
        "int8_cost_percent": int8_cost(curves),
        **bd_rates(curves[NAME], others, published),
    }


def measure_anchors(images: Sequence[np.ndarray], folder: Path, jobs: int) -> dict[str, np.ndarray]:
    """By codec of Pillow: float (images, settings, 3), bits per pixel, PSNR in dB, MS-SSIM."""
    found = {}
    # Fresh processes: a fork of one with TensorFlow's threads may hang.
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool, Progress(len(IMAGE_CODECS) * len(images)) as progress:
        for name, codec in IMAGE_CODECS.items():
            points = []
            for made in (pool.map if jobs > 1 else map)(partial(anchor_points, codec=codec, folder=folder), images):
                progress.step(name)
                points.append(made)
            found[name] = np.array(points)
    return found


def int8_cost(curves: dict[str, np.ndarray]) -> dict[str, float]:
    """The rate of the int8 encoder against float32's at equal PSNR, in percent, by the curve of either decoder."""
    found = {}
    for int8, float32 in ((NAME, FLOAT32), (UNTUNED, FLOAT32_UNTUNED)):
        if int8 in curves:
            with contextlib.suppress(CurveError):  # then "bd_rate_missing" has the reason
                found[int8] = bd_rate_percent(curves[int8].mean(0)[:, :2], curves[float32].mean(0)[:, :2])
    return found


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bundle", default="photo")
    parser.add_argument("--images", type=Path, help="folder (default: kodak in SPLITLITE_DATA)")
    parser.add_argument("--json", type=Path, help="where the result is written")
    parser.add_argument("--plot", type=Path, help="where a PNG is written")
    parser.add_argument("--no-timing", action="store_true", help="rate and quality alone")
    parser.add_argument("--repetitions", type=int, default=3, help="of each image and codec, timed (default: 3)")
    parser.add_argument("--jobs", type=int, default=1, help="processes that encode with Pillow (default: 1)")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of models (default: models)")
    parser.add_argument("--build", type=Path, default=BUILD, help="folder of decoders (default: build)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    # Read once, when TensorFlow is imported, which `open_photo_codec` does.
    os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1")
    sys.exit(main())
