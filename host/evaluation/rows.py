"""Rows of the one result schema, from streams and their reconstructions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from device.bench.statistics import mean, percentile
from device.errors import BitstreamError
from device.stream import HEADER_BYTES, unpack
from host.evaluation.decoders import Decoders
from host.metrics import bits_per_pixel, quality

# 2: "threads" is a list, a collected row has "threads" and "codes", its latency says of how many processes it is.
FORMAT_VERSION = 2


def set_tag(codec_tags: Mapping[str, str]) -> str:
    """One tag for a model's whole set of variants: 8 hexadecimal digits over every variant's own tag."""
    text = "\n".join(f"{variant} {tag}" for variant, tag in sorted(codec_tags.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def decode_streams(streams: Sequence[bytes], decoders: Decoders) -> np.ndarray:
    """Bitstreams to codes.

    Returns:
        int8 (count, h, w, c).

    Raises:
        BitstreamError: a damaged stream, or one with another codec tag or image size; says which image.
    """
    codes: list[np.ndarray] = []
    size = None
    for index, stream in enumerate(streams):
        try:
            header, payload = unpack(stream, expect_tag=decoders.value["codec_tag"])
            size = size or (header.height, header.width)
            if (header.height, header.width) != size:
                raise BitstreamError(
                    f"of {header.height} x {header.width} pixels, the first is of {size[0]} x {size[1]}"
                )
            codes.append(decoders.codes(payload, header.height, header.width))
        except BitstreamError as error:
            raise BitstreamError(f"image {index}: {error}") from None
    return np.stack(codes)


def variant_rows(
    originals: np.ndarray | None,
    streams: Sequence[bytes],
    codes: np.ndarray,
    decoders: Decoders,
    latency: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """A variant's rows, one for each decoder that serves its codec tag, and the reconstructions by row.

    Args:
        originals: uint8 (count, height, width, channels); None where they are not at hand: then without quality.
        streams: their bitstreams.
        codes: what these decode to, int8 (count, h, w, c).
        latency: by part ("encoder", "decoder", "full").
    """
    value, variant = decoders.value, decoders.value["variant"]
    header, _ = unpack(streams[0])
    shape = header.height, header.width, value["image"]["channels"]
    sent = rate(streams, shape, codes[0].size, value["output_dtype"])
    rows, pictures = [], {}
    # Without the originals decoders are not told apart: rate and times are the encoder's.
    for name in decoders.names if originals is not None else ["own"]:
        label = variant if name == "own" else f"{variant}+{name}"
        rows.append(
            {
                "row": label,
                "variant": variant,
                "decoder": name,
                "codec_tag": value["codec_tag"],
                **sent,
                "sizes": {**decoders.sizes(name), **sent["sizes"]},
                "metrics": dict(sent["metrics"]),
                "latency": {key: value for key, value in latency.items() if name == "own" or key == "encoder"},
            }
        )
        if originals is not None:
            pictures[label] = decoders.images(name, codes, *shape[:2])
            rows[-1]["metrics"].update(quality(originals, pictures[label]))
    return rows, pictures


def rate(
    streams: Sequence[bytes], shape: tuple[int, int, int], latent_bytes: int, output_dtype: str = "int8"
) -> dict[str, Any]:
    """Sizes, bits per pixel and compression ratios of bitstreams; the original is 8 bits a sample.

    Args:
        shape: (height, width, channels) of every image.
        latent_bytes: of one image's codes.
        output_dtype: of the encoder; a float one's latent would take 32 bits a code uncoded.
    """
    height, width, channels = shape
    stream_bytes = mean([len(stream) for stream in streams])
    sizes = {
        "latent_bytes": latent_bytes,
        "payload_bytes": stream_bytes - HEADER_BYTES,
        "bitstream_bytes": stream_bytes,
    }
    if output_dtype == "float32":
        sizes["uncoded_latent_bytes"] = 4 * latent_bytes
    original = height * width * channels
    return {
        "sizes": sizes,
        "metrics": {"bpp": bits_per_pixel(stream_bytes, shape)},
        "compression_ratio": {"nominal": original / latent_bytes, "actual": original / stream_bytes},
    }


def latency(samples_ns: Sequence[int], device: str, runtime: str) -> dict[str, Any]:
    """Raw times of one part, measured in one process, as the schema wants them."""
    return {
        "device": device,
        "runtime": runtime,
        "n": len(samples_ns),
        "median_ns": percentile(samples_ns, 50),
        "mean_ns": mean(samples_ns),
        "p90_ns": percentile(samples_ns, 90),
    }
