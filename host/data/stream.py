"""Image files that are read during training, so that a folder may be larger than memory."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from device.errors import one_line
from device.image_file import from_pillow
from host.data.fitting import Shape, fit
from host.data.pictures import in_channels
from host.errors import DataError


class ImageFiles:
    """What a training draws batches from, in place of an array.

    Attributes:
        paths: the files.
        shape: (height, width, channels) of the images that they become.
        resize: see `fit_images`; where it is False, training cuts at a random place, anew each epoch.
    """

    def __init__(self, paths: Sequence[Path], shape: Shape, *, resize: bool) -> None:
        self.paths, self.shape, self.resize = tuple(paths), shape, resize

    def __len__(self) -> int:
        return len(self.paths)

    def batches(
        self, order: np.ndarray, batch_size: int, rng: np.random.Generator | None = None
    ) -> Iterator[np.ndarray]:
        """uint8 (batch, height, width, channels), decoded in parallel and ahead of their use.

        Args:
            order: int (n,), which files and in which order.
            rng: decides the random cuts; None: from the middle.

        Raises:
            DataError: a file that cannot be read any more.
        """
        import tensorflow as tf

        names = np.array([str(path) for path in self.paths])[order]
        seeds = np.zeros((len(order), 2), np.int32)
        cuts = None if self.resize else rng
        if cuts is not None:
            seeds = cuts.integers(0, 2**31, seeds.shape).astype(np.int32)

        def read(file: Any) -> Any:
            name, seed = file
            return fit(self._decode(name), self.shape, resize=self.resize, seed=None if cuts is None else seed)

        # A batch a call: one call for each small image would take as long as to decode it.
        files = tf.data.Dataset.from_tensor_slices((names, seeds)).batch(batch_size)
        images = files.map(
            lambda *batch: tf.map_fn(read, batch, fn_output_signature=tf.TensorSpec(self.shape, tf.uint8)),
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        try:
            yield from images.prefetch(tf.data.AUTOTUNE).as_numpy_iterator()
        except tf.errors.OpError as error:
            raise DataError(f"{self.paths[0].parent}: an image cannot be read any more ({one_line(error)})") from None

    def load(self) -> np.ndarray:
        """All of them, uint8 (count, height, width, channels), cut from the middle."""
        found = list(self.batches(np.arange(len(self)), 256))
        return np.concatenate(found) if found else np.empty((0, *self.shape), np.uint8)

    def _decode(self, name: Any) -> Any:
        import tensorflow as tf

        def plain() -> Any:
            image = tf.image.decode_png(content, 3)
            return image if self.shape[2] == 3 else tf.image.rgb_to_grayscale(image)

        content = tf.io.read_file(name)
        image = tf.cond(
            tf.numpy_function(_is_plain, [tf.strings.substr(content, 0, 64)], tf.bool),
            plain,
            lambda: tf.numpy_function(_by_pillow, [content, self.shape[2]], tf.uint8),
        )
        image.set_shape((None, None, self.shape[2]))
        return image


def _is_plain(start: bytes) -> bool:
    """Whether TensorFlow's decoders, which are faster and leave Python alone, see what device/image_file.py sees.

    They drop alpha, cut 16 bits to 8, and do not turn pictures as EXIF says.
    """
    if start.startswith(b"\x89PNG"):
        return start[24:26] in (b"\x08\x00", b"\x08\x02")  # 8 bits, grey or RGB
    return start.startswith(b"\xff\xd8\xff") and b"Exif" not in start


def _by_pillow(content: bytes, channels: int) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        return in_channels(from_pillow(image, "image", lambda line: None), channels)
