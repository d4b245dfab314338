"""A photo codec over photographs of any sizes: every quality and decoder, means of the values of each image."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from device.bench.progress import Progress
from device.bundle import read_bundle
from device.image_file import read_image
from host.errors import DataError
from host.evaluation.one_image import Codec, open_codec
from host.evaluation.rows import decode_streams, variant_rows
from host.metrics import WINDOW

Json = dict[str, Any]


def photo_rows(bundle: Path, files: Sequence[Path], build: Path) -> list[Json]:
    """Rows of the one result schema, without times.

    Args:
        bundle: the folder of a photo codec's.
        files: images that can be read.
        build: where export left the decoders.

    Raises:
        DataError: an image with a side that is too short for SSIM.
        BundleError, CollectError: encoder or decoders are missing or damaged.
    """
    variants, rows = read_bundle(bundle).variants, []
    with Progress(len(variants) * len(files)) as progress:
        for variant in variants:
            codec, by_image = open_codec(bundle, variant, build=build), []
            for file in files:
                progress.step(f"{variant}: {file.name}")
                by_image.append(_image_rows(file, codec))
            rows += [{**of_decoder[0], **_means(of_decoder)} for of_decoder in zip(*by_image, strict=True)]
    return rows


def _image_rows(file: Path, codec: Codec) -> list[Json]:
    image = read_image(file)
    if min(image.shape[:2]) < WINDOW:
        raise DataError(
            f"{file}: {image.shape[0]} x {image.shape[1]} pixels, SSIM needs sides of {WINDOW}; remove it from there"
        )
    streams = [codec.encode(image)]
    rows, _ = variant_rows(image[None], streams, decode_streams(streams, codec.decoders), codec.decoders, {})
    return rows


def _means(rows: Sequence[Json]) -> Json:
    """One decoder's rows of all images: means of what each has, ratios of the means; perfect ones are counted."""
    found: Json = {}
    for group in ("metrics", "sizes"):
        values = {key: [row[group][key] for row in rows if key in row[group]] for row in rows for key in row[group]}
        found[group] = {
            key: sum(each) if key == "perfect_images" else float(np.mean(each)) for key, each in values.items()
        }
    pixels = np.mean([row["compression_ratio"]["actual"] * row["sizes"]["bitstream_bytes"] for row in rows])
    of = {"nominal": "latent_bytes", "actual": "bitstream_bytes"}
    found["compression_ratio"] = {key: float(pixels / found["sizes"][size]) for key, size in of.items()}
    return found
