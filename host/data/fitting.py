"""Brings pictures to one size and colour. Proportions are kept; the rest is cut off."""

from __future__ import annotations

from typing import Any

import numpy as np

Shape = tuple[int, int, int]


def fit_images(images: np.ndarray, shape: Shape, *, resize: bool) -> np.ndarray:
    """uint8 (count, any height, any width, 1 or 3) -> uint8 (count, *shape).

    Args:
        shape: (height, width, channels).
        resize: shrink or enlarge until both sides cover the shape, then cut; else cut the middle out of it as it is.
            Pictures smaller than the shape are enlarged in either case.
    """
    if images.shape[1:] == shape:
        return images
    return np.stack([fit(image, shape, resize=resize).numpy() for image in images])


def fit(image: Any, shape: Shape, *, resize: bool, seed: Any = None) -> Any:
    """One picture as a TensorFlow tensor, also inside a graph; see `fit_images`.

    Args:
        image: uint8 (height, width, 1 or 3).
        seed: int32 (2,); the cut is at a random place that it decides. None: in the middle.
    """
    import tensorflow as tf

    height, width, channels = shape
    image = tf.convert_to_tensor(image)
    if channels != image.shape[-1]:
        image = tf.image.rgb_to_grayscale(image) if channels == 1 else tf.image.grayscale_to_rgb(image)
    if tuple(image.shape) == shape:
        return image

    def made() -> Any:
        sides = tf.cast(tf.shape(image)[:2], tf.float32)
        ratio = tf.reduce_max(tf.constant([height, width], tf.float32) / sides)
        ratio = ratio if resize else tf.maximum(ratio, 1.0)
        covering = tf.maximum(tf.cast(tf.round(sides * ratio), tf.int32), [height, width])
        resized = tf.cond(
            tf.reduce_all(covering == tf.shape(image)[:2]),
            lambda: image,
            lambda: tf.cast(
                tf.round(tf.clip_by_value(tf.image.resize(image, covering, antialias=True), 0, 255)), tf.uint8
            ),
        )
        spare = covering - [height, width]
        if seed is None:
            top = spare // 2
        else:
            drawn = tf.random.stateless_uniform((2,), seed)
            top = tf.minimum(tf.cast(drawn * tf.cast(spare + 1, tf.float32), tf.int32), spare)
        return tf.slice(resized, [top[0], top[1], 0], shape)

    result = tf.cond(tf.reduce_all(tf.shape(image)[:2] == [height, width]), lambda: image, made)
    result.set_shape(shape)
    return result
