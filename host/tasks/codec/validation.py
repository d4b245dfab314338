"""How far a codec is: whole validation photographs at every quality, beside JPEG and WebP. Rates here are estimates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from host.curves.anchors import ANCHORS, anchor_curve
from host.metrics import PSNR, Metric, psnr_db
from host.progress import say
from host.tasks.codec.networks import Codec, padded

ESTIMATED_BPP = Metric("estimated_bpp", "estimated rate", "bpp", 3, False)
METRICS = (PSNR, ESTIMATED_BPP)
_MOST_IMAGES = 64
_ENDS = 1  # qualities at each end that the mean leaves out, where there are more than four


def squared_error(image: np.ndarray, restored: np.ndarray) -> float:
    """Mean squared error of two uint8 images."""
    return float(np.mean((image.astype(np.float64) - restored.astype(np.float64)) ** 2))


def mean_psnr(values: Sequence[float | None]) -> dict[str, float]:
    """The mean PSNR of images under its key, without those that are perfect; {} where all are."""
    finite = [value for value in values if value is not None]
    return {PSNR.key: float(np.mean(finite))} if finite else {}


class Validation:
    """Runs a codec over whole photographs; the anchors' curves are made once.

    Args:
        codec: the networks that are looked at.
        images: uint8 (height, width, 3) each.
        label: before each line on stderr.
    """

    def __init__(self, codec: Codec, images: Sequence[np.ndarray], label: str) -> None:
        self.codec, self.label = codec, label
        self.images = [images[index] for index in range(min(len(images), _MOST_IMAGES))]
        self.curves = {name: [anchor_curve(image, name) for image in self.images] for name in ANCHORS}
        self._run = _runner(codec)

    def validate(self) -> dict[str, Any]:
        """A line a quality on stderr, and a last one with the rate against each anchor's at equal PSNR.

        Returns:
            "loss" and the metrics, means over the qualities; under "qualities" a row each: "quality", "estimated_bpp"
            (ideal code length under the factorized prior), "psnr_db", "loss", "saturated" of "latents", and
            "<anchor>_bpp", all means over the images.
        """
        rows = [self._quality(index) for index in range(len(self.codec.spec.options.qualities))]
        for row in rows:
            anchors = ", ".join(f"{name} {row[f'{name}_bpp']:.3f}" for name in ANCHORS if f"{name}_bpp" in row)
            psnr = PSNR.text(row[PSNR.key]) if PSNR.key in row else "no error"
            say(
                f"{self.label}: quality {row['quality']}: {ESTIMATED_BPP.text(row[ESTIMATED_BPP.key])}, {psnr}; "
                f"for it {anchors}; saturated {row['saturated']} of {row['latents']}"
            )
        middle = rows[_ENDS:-_ENDS] if len(rows) > 4 else rows
        changes = ", ".join(
            f"{100 * np.expm1(np.mean([row[f'log_{name}'] for row in middle])):+.1f} % {name}"
            for name in ANCHORS
            if all(f"log_{name}" in row for row in middle)
        )
        first, last = middle[0]["quality"], middle[-1]["quality"]
        say(f"{self.label}: estimated rate at equal PSNR, qualities {first} to {last}: {changes}")
        return {
            "loss": float(np.mean([row["loss"] for row in rows])),
            ESTIMATED_BPP.key: float(np.mean([row[ESTIMATED_BPP.key] for row in rows])),
            **mean_psnr([row.get(PSNR.key) for row in rows]),
            "qualities": [{key: value for key, value in row.items() if not key.startswith("log_")} for row in rows],
        }

    def _quality(self, quality: int) -> dict[str, Any]:
        rates, psnrs, errors, saturated, latents = [], [], [], 0, 0
        for image in self.images:
            restored, bits, over, count = self._run(image, quality)
            rates.append(bits / (image.shape[0] * image.shape[1]))
            psnrs.append(psnr_db(image, restored))
            errors.append(squared_error(image, restored))
            saturated, latents = saturated + over, latents + count
        row: dict[str, Any] = {
            "quality": quality,
            ESTIMATED_BPP.key: float(np.mean(rates)),
            **mean_psnr(psnrs),
            "loss": float(self.codec.spec.options.qualities[quality].lmbda * np.mean(errors) + np.mean(rates)),
            "saturated": saturated,
            "latents": latents,
        }
        lossy = [index for index, value in enumerate(psnrs) if value is not None]
        for name, curves in self.curves.items() if lossy else ():
            needed = [curves[index].bpp_at(psnrs[index] or 0.0) for index in lossy]
            row[f"{name}_bpp"] = float(np.mean(needed))
            row[f"log_{name}"] = float(np.mean(np.log(np.array(rates)[lossy] / needed)))
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
