"""Rows of the one result schema, from streams and their reconstructions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from device.bitstream import HEADER_BYTES, unpack
from device.errors import BitstreamError
from device.statistics import mean, percentile
from host.evaluation.metrics import bits_per_pixel, quality
from host.execution import TfliteDecoder
from host.packaging.decoders import DecoderFolder

# 2: "threads" is a list, a collected row has "threads" and "codes", its latency says of how many processes it is.
FORMAT_VERSION = 2


def set_tag(codec_tags: Mapping[str, str]) -> str:
    """One tag for a model's whole set of variants: 8 hexadecimal digits over every variant's own tag."""
    text = "\n".join(f"{variant} {tag}" for variant, tag in sorted(codec_tags.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def decode_streams(streams: Sequence[bytes], decoders: DecoderFolder) -> np.ndarray:
    """Bitstreams to codes.

    Returns:
        int8 (count, h, w, c).

    Raises:
        BitstreamError: a damaged stream, or one with another codec tag; says which image.
    """
    tables = decoders.tables()
    coder = tables.coder(decoders.grid.shape)
    codes = np.empty((len(streams), *decoders.grid.shape), np.int8)
    for index, stream in enumerate(streams):
        try:
            _, payload = unpack(stream, expect_tag=decoders.value["codec_tag"])
            codes[index] = coder.decode(payload)
        except BitstreamError as error:
            raise BitstreamError(f"image {index}: {error}") from None
    return codes


def variant_rows(
    originals: np.ndarray | None,
    streams: Sequence[bytes],
    codes: np.ndarray,
    decoders: DecoderFolder,
    latency: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """A variant's rows, one for each decoder that serves its codec tag, and the reconstructions by row.

    Args:
        originals: uint8 (count, height, width, channels); None where they are not at hand: then without quality.
        streams: their bitstreams.
        codes: what these decode to, int8 (count, h, w, c).
        latency: by part ("encoder", "decoder", "full").
    """
    variant = decoders.value["variant"]
    rows, pictures = [], {}
    # Without the originals decoders are not told apart: rate and times are the encoder's.
    for name in decoders.names if originals is not None else ["own"]:
        label = variant if name == "own" else f"{variant}+{name}"
        files = decoders.value["files"]
        sizes: dict[str, Any] = {
            "encoder_bytes": decoders.value["encoder_bytes"],
            "decoder_bytes": files[name]["bytes"],
        }
        if name == "own":
            sizes["full_bytes"] = files["full"]["bytes"]
        rows.append(
            {
                "row": label,
                "variant": variant,
                "decoder": name,
                "codec_tag": decoders.value["codec_tag"],
                **rate(streams, decoders, sizes),
                "latency": {key: value for key, value in latency.items() if name == "own" or key == "encoder"},
            }
        )
        if originals is not None:
            pictures[label] = TfliteDecoder(decoders.read(name), decoders.grid).images(codes)
            rows[-1]["metrics"].update(quality(originals, pictures[label]))
    return rows, pictures


def rate(streams: Sequence[bytes], decoders: DecoderFolder, sizes: dict[str, Any]) -> dict[str, Any]:
    """Sizes, bits per pixel and compression ratios of a variant's bitstreams; the original is 8 bits a sample."""
    image = decoders.value["image"]
    original = image["height"] * image["width"] * image["channels"]
    latent = decoders.grid.count
    stream_bytes = mean([len(stream) for stream in streams])
    sizes = {
        **sizes,
        "latent_bytes": latent,
        "payload_bytes": stream_bytes - HEADER_BYTES,
        "bitstream_bytes": stream_bytes,
    }
    if decoders.value["output_dtype"] == "float32":
        sizes["uncoded_latent_bytes"] = 4 * latent
    return {
        "sizes": sizes,
        "metrics": {"bpp": bits_per_pixel(stream_bytes, (image["height"], image["width"]))},
        "compression_ratio": {"nominal": original / latent, "actual": original / stream_bytes},
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
