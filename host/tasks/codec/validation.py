"""How far a codec is: whole validation images at every quality. Rates here are estimates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from host.metrics import PSNR, Metric, means, psnr_db
from host.tasks.codec.networks import Codec, padded

ESTIMATED_BPP = Metric("estimated_bpp", "estimated rate", "bpp", 3, False)
MOST_IMAGES = 64


def validation(
    images: Sequence[np.ndarray], factors: Sequence[float], run: Callable[[int, int], tuple[Any, dict[str, Any]]]
) -> dict[str, Any]:
    """The loss and the metrics, means over the qualities; under "qualities" a row each, of all images.

    Args:
        factors: of each quality: what a squared error of 1 (of 255**2) counts in its loss.
        run: (index of the image, quality) -> the restored image, float32 about 0..1, of the image's size or larger,
            and what else is known: "estimated_bpp", which is averaged and counts in the loss, and whole numbers, which
            are summed.
    """
    rows: list[dict[str, Any]] = []
    for quality, factor in enumerate(factors):
        psnrs, known = [], []
        for index, image in enumerate(images):
            made, others = run(index, quality)
            pixels = np.clip(made[: image.shape[0], : image.shape[1]], 0, 1) * 255
            psnrs.append(psnr_db(image, np.rint(pixels).astype(np.uint8)))
            known.append(others)
        squared = np.mean([0.0 if psnr is None else 255**2 / 10 ** (psnr / 10) for psnr in psnrs])
        rate = ESTIMATED_BPP.key
        row, _ = means([{PSNR.key: psnr, rate: each.get(rate)} for psnr, each in zip(psnrs, known, strict=True)])
        sums = {key: sum(each[key] for each in known) for key, value in known[0].items() if isinstance(value, int)}
        rows.append({"quality": quality, "loss": float(factor * squared + row.get(rate, 0.0)), **row, **sums})
    over_qualities, _ = means([{key: row.get(key) for key in ("loss", PSNR.key, ESTIMATED_BPP.key)} for row in rows])
    return {**over_qualities, "qualities": rows}


def codec_validation(codec: Codec, images: Sequence[np.ndarray]) -> Callable[[], dict[str, Any]]:
    """Returns what validates a codec with its float encoder: the rate is the ideal code length under its prior."""
    images = [images[index] for index in range(min(len(images), MOST_IMAGES))]
    factors = [quality.lmbda for quality in codec.spec.options.qualities]

    @tf.function(reduce_retracing=True)
    def restored(image: Any, quality: Any) -> Any:
        y = codec.encoder(tf.cast(image, tf.float32) / 255.0)
        codes = codec.quantizer.codes(y, quality)
        bits = tf.reduce_sum(codec.prior(codes, quality))
        return codec.decoder([codes, quality]), bits, codec.quantizer.saturated(y, quality), tf.size(codes)

    def run(index: int, quality: int) -> tuple[Any, dict[str, Any]]:
        image = images[index]
        made, bits, over, count = restored(tf.constant(padded(image, codec.spec)[None]), tf.constant([quality]))
        rate = float(bits) / (image.shape[0] * image.shape[1])
        return made.numpy()[0], {ESTIMATED_BPP.key: rate, "saturated": int(over), "latents": int(count)}

    return lambda: validation(images, factors, run)
