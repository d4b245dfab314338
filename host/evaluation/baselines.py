"""What stands beside a model: its own Keras network, a PCA, JPEG and WebP with and without their headers."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from host.metrics import bits_per_pixel, quality
from host.spec.model_folder import ModelFolder

_SEARCHED = 500  # images on which a quality setting is chosen
# RIFF header and chunk header (20), VP8 frame tag, start code and dimensions (10): RFC 9649, RFC 6386 section 9.1.
WEBP_HEADER_BYTES = 30


def keras_row(
    model: ModelFolder, test: np.ndarray, timed: Callable[[Callable[[], object]], dict[str, Any]]
) -> dict[str, Any]:
    """The float network in Keras, its latent on the grid as everywhere; latency at batch 1, size of its .keras file."""
    import tensorflow as tf
    import tf_keras as keras

    from host.networks.grid import on_grid
    from host.tasks.compression.halves import load_halves

    halves = load_halves(model, "float")
    encode = tf.function(lambda image: on_grid(halves.encoder(image), halves.grid))
    decode = tf.function(halves.decoder)
    outputs = [
        decode(encode(tf.constant(batch / np.float32(255)))).numpy()
        for batch in np.array_split(test, max(len(test) // 250, 1))
    ]
    pixels = np.rint(np.clip(np.concatenate(outputs), 0, 1) * 255).astype(np.uint8)
    image = tf.constant(test[:1] / np.float32(255))
    latent = encode(image)
    source = keras.Input(halves.encoder.input_shape[1:])
    whole = keras.Model(source, halves.decoder(halves.encoder(source)))
    with tempfile.TemporaryDirectory() as folder:
        whole.save(Path(folder) / "model.keras")
        size = (Path(folder) / "model.keras").stat().st_size
    return {
        "row": "keras",
        "metrics": quality(test, pixels),
        "sizes": {"model_bytes": size},
        "latency": {
            "encoder": timed(lambda: encode(image)),
            "decoder": timed(lambda: decode(latent)),
            "full": timed(lambda: decode(encode(image))),
        },
    }


def pca_row(train: np.ndarray, test: np.ndarray, dimensions: int) -> dict[str, Any]:
    """A PCA of as many coefficients as the latent has codes, fitted on the training images, not quantized."""
    flat = train.reshape(len(train), -1)
    mean = flat.mean(0, dtype=np.float64)
    covariance = np.zeros((flat.shape[1], flat.shape[1]))
    for batch in np.array_split(flat, max(len(flat) // 5000, 1)):
        centred = batch - mean
        covariance += centred.T @ centred
    _, vectors = np.linalg.eigh(covariance)
    basis = vectors[:, -dimensions:]
    restored = []
    for batch in np.array_split(test.reshape(len(test), -1), max(len(test) // 1000, 1)):
        centred = batch - mean
        restored.append(np.rint(np.clip(centred @ basis @ basis.T + mean, 0, 255)).astype(np.uint8))
    return {"row": "pca", "metrics": quality(test, np.concatenate(restored).reshape(test.shape)), "sizes": {}}


def image_codec_rows(test: np.ndarray, budget_bytes: float) -> list[dict[str, Any]]:
    """JPEG and WebP at the quality whose mean bytes come nearest to the budget: whole files, then without headers.

    Header-free bytes are what a stream would take whose tables and sizes both sides know: of JPEG the entropy-coded
    scan with the standard Huffman tables, of WebP all but 30 bytes of container and frame header.
    """
    codecs: dict[str, tuple[str, dict[str, Any], Callable[[bytes], int]]] = {
        "jpeg": ("JPEG", {"optimize": True}, len),
        "webp": ("WEBP", {"method": 6}, len),
        "jpeg-headerless": ("JPEG", {}, jpeg_scan_bytes),
        "webp-headerless": ("WEBP", {"method": 6}, lambda data: len(data) - WEBP_HEADER_BYTES),
    }
    rows = []
    for name, (form, options, count) in codecs.items():
        setting = _nearest_quality(test[:_SEARCHED], form, options, count, budget_bytes)
        files = [_compress(image, form, {**options, "quality": setting}) for image in test]
        pictures = np.stack([_decompress(data, test.shape[3]) for data in files])
        size = float(np.mean([count(data) for data in files]))
        rows.append(
            {
                "row": name,
                "quality": setting,
                "metrics": {**quality(test, pictures), "bpp": bits_per_pixel(size, test.shape[1:])},
                "sizes": {"bitstream_bytes": size},
                "compression_ratio": {"actual": float(np.prod(test.shape[1:]) / size)},
            }
        )
    return rows


def jpeg_scan_bytes(data: bytes) -> int:
    """Bytes of a baseline JPEG's entropy-coded data: after the start-of-scan segment, before end of image."""
    start = data.index(b"\xff\xda")
    return len(data) - 2 - (start + 2 + int.from_bytes(data[start + 2 : start + 4], "big"))


def _nearest_quality(
    images: np.ndarray, form: str, options: dict[str, Any], count: Callable[[bytes], int], budget: float
) -> int:
    def size(setting: int) -> float:
        return float(np.mean([count(_compress(image, form, {**options, "quality": setting})) for image in images]))

    low, high = 1, 95
    while high - low > 1:  # sizes grow with the quality
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < budget else (low, middle)
    return min((low, high), key=lambda setting: abs(size(setting) - budget))


def _compress(image: np.ndarray, form: str, options: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(buffer, form, **options)
    return buffer.getvalue()


def _decompress(data: bytes, channels: int) -> np.ndarray:
    picture = Image.open(io.BytesIO(data)).convert("L" if channels == 1 else "RGB")
    return np.asarray(picture).reshape(picture.height, picture.width, channels)
