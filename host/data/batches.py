"""What a training step sees: batches in a random order, augmented, or patches of whole pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from host.data.split import Split
from host.data.stream import ImageFiles
from host.spec.types import WHOLE, DataSpec

Batch = tuple[np.ndarray, np.ndarray | None]


def batches(split: Split, spec: DataSpec, batch_size: int, count: int, rng: np.random.Generator) -> Iterator[Batch]:
    """So many batches, in an order and with changes that `rng` decides: images uint8 (batch, *shape), and labels.

    Only images are changed. What should become of an image, where that is not the image itself, is not.
    """
    if spec.fit == WHOLE:
        for _ in range(count):
            yield draw_patches(split, spec, batch_size, rng)
        return
    order = rng.permutation(len(split))[: count * batch_size]
    while count > 1 and len(order) < count * batch_size:  # more steps an epoch than there are images
        order = np.concatenate([order, rng.permutation(len(split))])[: count * batch_size]
    places = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    if isinstance(split.images, ImageFiles):
        drawn = split.images.batches(order, batch_size, rng)
    else:
        array = split.array
        drawn = (array[chosen] for chosen in places)
    for chosen, images in zip(places, drawn, strict=True):
        if spec.flip:
            mirrored = rng.random(len(images)) < 0.5
            images = np.where(mirrored[:, None, None, None], images[:, :, ::-1], images)
        if spec.augments:
            images = augment(images, spec, rng)
        yield images, None if split.labels is None else split.labels[chosen]


def draw_patches(split: Split, spec: DataSpec, count: int, rng: np.random.Generator) -> Batch:
    """Patches of random pictures at random places, mirrored and turned as the spec says, and the pictures' labels."""
    height, width, channels = spec.image_shape
    patches = np.empty((count, height, width, channels), np.uint8)
    weights = np.full(len(split), 1 / len(split)) if split.weights is None else split.weights
    assert not isinstance(split.images, ImageFiles)
    pictures = split.images
    drawn = rng.choice(len(split), count, p=weights)
    for index, chosen in enumerate(drawn):
        image = pictures[chosen]
        top = rng.integers(image.shape[0] - height + 1)
        left = rng.integers(image.shape[1] - width + 1)
        patch = image[top : top + height, left : left + width]
        flips = (rng.random(3) < 0.5) & (spec.turn, spec.flip or spec.turn, spec.turn)
        patch = patch[:: -1 if flips[0] else 1, :: -1 if flips[1] else 1]
        patches[index] = patch.transpose(1, 0, 2) if flips[2] else patch
    return patches, None if split.labels is None else split.labels[drawn]


def augment(images: np.ndarray, spec: DataSpec, rng: np.random.Generator) -> np.ndarray:
    """A batch as the spec wants it, uint8 (batch, *spec.image_shape).

    Args:
        images: uint8 (batch, height, width, channels), at least as large; larger ones are cut at a random place.
    """
    height, width = spec.image_shape[:2]
    if spec.shift:
        sides = spec.shift, spec.shift
        images = np.pad(images, ((0, 0), sides, sides, (0, 0)), mode="reflect")
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
