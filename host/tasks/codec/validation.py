"""How far a codec is: whole validation photographs at every quality, beside JPEG and WebP. Rates here are estimates."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from host.curves.anchors import ANCHORS, anchor_curve, psnr
from host.progress import say
from host.tasks.codec.networks import Codec, padded

_MOST_IMAGES = 64
_ENDS = 1  # qualities at each end that the mean leaves out, where there are more than four


class Validation:
    """Runs a codec over whole photographs; the anchors' curves are made once.

    Args:
        codec: the networks that are looked at.
        images: uint8 (height, width, 3) each.
    """

    def __init__(self, codec: Codec, images: tuple[np.ndarray, ...]) -> None:
        self.codec, self.images = codec, images[:_MOST_IMAGES]
        images = self.images
        self.curves = {name: [anchor_curve(image, name) for image in images] for name in ANCHORS}
        self._run = _runner(codec)

    def row(self, label: str) -> dict[str, Any]:
        """What a training's history keeps: "validation_loss", "validation_psnr_db", "qualities" of `report`."""
        rows = self.report(label)
        return {
            "validation_loss": float(np.mean([row["loss"] for row in rows])),
            "validation_psnr_db": float(np.mean([row["psnr_db"] for row in rows])),
            "qualities": rows,
        }

    def report(self, label: str) -> list[dict[str, Any]]:
        """A line a quality on stderr, and a last one with the rate against each anchor's at equal PSNR.

        Returns:
            A row a quality: "quality", "estimated_bpp" (ideal code length under the factorized prior), "psnr_db",
            "loss", "saturated" of "latents", and "<anchor>_bpp", all means over the images.
        """
        rows = [self._quality(index) for index in range(len(self.codec.spec.qualities))]
        for row in rows:
            anchors = ", ".join(f"{name} {row[f'{name}_bpp']:.3f}" for name in ANCHORS)
            say(
                f"{_clock()} {label}: quality {row['quality']}: estimated {row['estimated_bpp']:.3f} bpp, "
                f"{row['psnr_db']:.2f} dB; for it {anchors}; saturated {row['saturated']} of {row['latents']}"
            )
        middle = rows[_ENDS:-_ENDS] if len(rows) > 4 else rows
        changes = ", ".join(
            f"{100 * np.expm1(np.mean([row[f'log_{name}'] for row in middle])):+.1f} % {name}" for name in ANCHORS
        )
        first, last = middle[0]["quality"], middle[-1]["quality"]
        say(f"{_clock()} {label}: estimated rate at equal PSNR, qualities {first} to {last}: {changes}")
        return [{key: value for key, value in row.items() if not key.startswith("log_")} for row in rows]

    def _quality(self, quality: int) -> dict[str, Any]:
        spec = self.codec.spec
        rates, psnrs, saturated, latents = [], [], 0, 0
        for image in self.images:
            restored, bits, over, count = self._run(image, quality)
            rates.append(bits / (image.shape[0] * image.shape[1]))
            psnrs.append(psnr(image, restored))
            saturated, latents = saturated + over, latents + count
        squared = np.mean([255**2 / 10 ** (value / 10) for value in psnrs])
        row: dict[str, Any] = {
            "quality": quality,
            "estimated_bpp": float(np.mean(rates)),
            "psnr_db": float(np.mean(psnrs)),
            "loss": float(spec.qualities[quality].lmbda * squared + np.mean(rates)),
            "saturated": saturated,
            "latents": latents,
        }
        for name, curves in self.curves.items():
            needed = [curve.bpp_at(value) for curve, value in zip(curves, psnrs, strict=True)]
            row[f"{name}_bpp"] = float(np.mean(needed))
            row[f"log_{name}"] = float(np.mean(np.log(np.array(rates) / needed)))
        return row


def _runner(codec: Codec) -> Callable[[np.ndarray, int], tuple[np.ndarray, float, int, int]]:
    @tf.function(reduce_retracing=True)
    def run(image: Any, quality: Any) -> Any:
        y = codec.encoder(tf.cast(image, tf.float32) / 255.0)
        codes = codec.quantizer.codes(y, quality)
        bits = tf.reduce_sum(codec.prior(codes, quality))
        return codec.decoder([codes, quality]), bits, codec.quantizer.saturated(y, quality), tf.size(codes)

    def restore(image: np.ndarray, quality: int) -> tuple[np.ndarray, float, int, int]:
        height, width, _ = image.shape
        outputs = run(tf.constant(padded(image, codec.spec)[None]), tf.constant([quality], tf.int32))
        pixels = np.clip(outputs[0].numpy()[0, :height, :width], 0, 1) * 255
        return np.rint(pixels).astype(np.uint8), float(outputs[1]), int(outputs[2]), int(outputs[3])

    return restore


def _clock() -> str:
    return time.strftime("%H:%M:%S")
