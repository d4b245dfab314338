"""Reads an autoencoder's bitstreams at home, with the tables and the .tflite decoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np

from device.errors import BitstreamError
from host.packaging.decoders import DecoderFolder
from host.quantization.execution import TfliteDecoder, open_full
from host.tasks.pictures import PictureDecoders


class CompressionDecoders(PictureDecoders):
    """See `host.tasks.task.Decoders`."""

    runtime: str | None = None

    def __init__(self, home: DecoderFolder) -> None:
        self.home, self.names = home, home.names
        self._network = cache(lambda name: TfliteDecoder(home.read(name), home.output.grid))

    @cached_property
    def _coder(self) -> Any:
        return self.home.output.read_tables(self.home.read_file).coder(self.home.output.grid.shape)

    def numbers(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """The codes, int8 (h, w, c); raises BitstreamError for a damaged payload, or one of another image size."""
        made = self.home.input
        if (height, width) != (made.height, made.width):
            raise BitstreamError(
                f"of an image of {height} x {width} pixels, its decoder makes {made.height} x {made.width}"
            )
        return self._coder.decode(payload)

    def restore(self, name: str, numbers: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        """The images, uint8 (height, width, channels)."""
        return list(self._network(name).images(np.stack(numbers)))

    def whole(self) -> Callable[[np.ndarray], np.ndarray]:
        """Encoder and decoder in one file: image uint8 (height, width, channels) to the same."""
        return open_full(self.home.read("full"))

    def sizes(self, name: str) -> dict[str, int]:
        """Bytes of the decoder, and beside the encoder's own of both in one file."""
        return self.home.sizes(name)
