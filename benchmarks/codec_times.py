"""Encode and decode times of a photo codec and of the codecs in Pillow, each at its setting nearest one rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.codec_points import NAME, PhotoCodec
from host.curves.image_codecs import IMAGE_CODECS, decode_image
from host.timing import interleaved_ns

RATE_BPP = 0.5
STAGES = ("quantize", "invoke", "code")
_SEED = 5  # of the order of the calls


def codec_times(
    images: Sequence[np.ndarray],
    codec: PhotoCodec,
    points: Mapping[str, Sequence[Sequence[float]]],
    repetitions: int,
    step: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Times of whole calls in memory: of ours from pixels to bitstream and back, of the others from picture to file.

    Args:
        images: uint8 (height, width, 3) each.
        codec: ours.
        points: by codec, a point a setting, bits per pixel first: the one nearest `RATE_BPP` is timed.
        repetitions: of each image and codec, after one to warm up.
        step: is told what comes next.

    Returns:
        "encode_ms_per_megapixel" and "decode_ms_per_megapixel": medians by codec; "timing": how they were taken,
        their quartiles, the medians of our encoder's stages, and "encode_ratio": of our time to each codec's in the
        same round, the median, which a machine that is slow for a while does not change.
    """
    generator = np.random.default_rng(_SEED)
    places = {
        name: int(np.argmin([abs(point[0] - RATE_BPP) for point in points[name]])) for name in (NAME, *IMAGE_CODECS)
    }
    settings = {name: each.settings[places[name]] for name, each in IMAGE_CODECS.items()}
    times: dict[str, dict[str, list[float]]] = {"encode": {}, "decode": {}, "stages": {}}
    for number, image in enumerate(images):
        step(f"times: image {number + 1}")
        megapixels = image.shape[0] * image.shape[1] / 1e6
        calls = _calls(image, codec, places[NAME], settings)
        for kind, timed in calls.items():
            for name, samples in interleaved_ns(timed, repetitions, generator).items():
                times[kind].setdefault(name, []).extend(each / 1e6 / megapixels for each in samples)
        for _ in range(repetitions):
            for name, each in zip(STAGES, _stages_ns(image, codec, places[NAME]), strict=True):
                times["stages"].setdefault(name, []).append(each / 1e6 / megapixels)
    medians = {kind: {name: float(np.median(each)) for name, each in found.items()} for kind, found in times.items()}
    return {
        "encode_ms_per_megapixel": medians["encode"],
        "decode_ms_per_megapixel": medians["decode"],
        "timing": {
            "threads": 1,
            "repetitions": repetitions,
            "nearest_bpp": RATE_BPP,
            "settings": {NAME: places[NAME], **settings},
            "bpp": {name: points[name][place][0] for name, place in places.items()},
            "encode_quartiles_ms_per_megapixel": _quartiles(times["encode"]),
            "decode_quartiles_ms_per_megapixel": _quartiles(times["decode"]),
            "encode_stages_ms_per_megapixel": medians["stages"],
            "encode_ratio": {
                name: float(np.median(np.divide(times["encode"][NAME], times["encode"][name]))) for name in settings
            },
        },
    }


def _calls(
    image: np.ndarray, codec: PhotoCodec, quality: int, settings: Mapping[str, int]
) -> dict[str, dict[str, Callable[[], object]]]:
    encoder, picture = codec.encoders[quality], Image.fromarray(image)
    encode: dict[str, Callable[[], Any]] = {NAME: lambda: encoder.encode(image)}
    for name, setting in settings.items():
        encode[name] = partial(IMAGE_CODECS[name].encode, picture, setting)
    stream = encode[NAME]()
    decode: dict[str, Callable[[], Any]] = {NAME: lambda: codec.decode(stream, quality)}
    for name in settings:
        decode[name] = partial(decode_image, encode[name]())
    return {"encode": encode, "decode": decode}


def _stages_ns(image: np.ndarray, codec: PhotoCodec, quality: int) -> list[int]:
    """Of one encode. Always all three in their order: `code` changes what `invoke` made."""
    encoder = codec.encoders[quality]
    marks = [time.perf_counter_ns()]
    for stage in (lambda: encoder.quantize(image), encoder.invoke, encoder.code):
        stage()
        marks.append(time.perf_counter_ns())
    return np.diff(marks).tolist()


def _quartiles(times: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    return {name: np.percentile(each, (25, 75)).tolist() for name, each in times.items()}
