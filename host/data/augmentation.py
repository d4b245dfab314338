"""Random changes of training images: cut, rotation, zoom. The training loop flips them."""

from __future__ import annotations

import numpy as np

from host.spec.types import DataSpec


def augment(images: np.ndarray, spec: DataSpec, rng: np.random.Generator) -> np.ndarray:
    """A batch as the spec wants it, uint8 (batch, *spec.image_shape).

    Args:
        images: uint8 (batch, height, width, channels), at least as large; larger ones are cut at a random place.
    """
    height, width = spec.image_shape[:2]
    if images.shape[1:3] != (height, width):
        spare = np.subtract(images.shape[1:3], (height, width))
        cuts = rng.integers(0, spare + 1, (len(images), 2))
        images = np.stack(
            [image[top : top + height, left : left + width] for image, (top, left) in zip(images, cuts, strict=True)]
        )
    if not spec.rotation and not spec.zoom:
        return images
    angles = np.deg2rad(rng.uniform(-spec.rotation, spec.rotation, len(images)))
    factors = np.exp(rng.uniform(-1, 1, len(images)) * np.log1p(spec.zoom))
    return _transformed(images, angles, factors)


def _transformed(images: np.ndarray, angles: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Rotated about the middle by angles in radians and enlarged by factors; the border is mirrored."""
    import tensorflow as tf

    y, x = (np.array(images.shape[1:3]) - 1) / 2
    cosines, sines = np.cos(angles) / factors, np.sin(angles) / factors
    # Rows of a projective transform that maps a place of the output to one of the input.
    transforms = np.zeros((len(images), 8), np.float32)
    transforms[:, 0], transforms[:, 1] = cosines, -sines
    transforms[:, 2] = x - cosines * x + sines * y
    transforms[:, 3], transforms[:, 4] = sines, cosines
    transforms[:, 5] = y - sines * x - cosines * y
    turned = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.constant(images, tf.float32),
        transforms=transforms,
        output_shape=images.shape[1:3],
        interpolation="BILINEAR",
        fill_mode="REFLECT",
        fill_value=0.0,
    )
    return np.rint(np.clip(turned.numpy(), 0, 255)).astype(np.uint8)
