"""What reads a codec's bitstreams at home: a compiled entropy decoder, and a Keras network that all qualities share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from device.files import read_json
from device.outputs.context_codes.coder import ContextCoder
from device.outputs.context_codes.tables import ContextTables
from host.errors import CollectError
from host.packaging.decoders import DecoderFolder
from host.quiet import load_tensorflow
from host.results import KERAS
from host.spec.parsing import parse_spec
from host.tasks.codec.spec import SECTIONS
from host.tasks.pictures import PictureDecoders

WEIGHTS, SPEC = "weights.h5", "spec.json"


class CodecDecoders(PictureDecoders):
    """See `host.tasks.task.Decoders`."""

    runtime: str | None = KERAS

    def __init__(self, home: DecoderFolder) -> None:
        self.home, self.names = home, home.names

    @cached_property
    def tables(self) -> ContextTables:
        """What payloads are read with; raises CollectError where they are missing or damaged."""
        return self.home.output.read_tables(self.home.read_file)

    def numbers(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """The codes, int8 (rows, columns, channels); raises BitstreamError for a damaged payload."""
        from host.tasks.codec.context_decoder import decode  # numba takes its time

        return decode(payload, ContextCoder(self.tables, self.home.output.grid.shape(height, width)))

    def restore(self, name: str, numbers: Sequence[np.ndarray], sizes: Sequence[tuple[int, int]]) -> list[np.ndarray]:
        """The images, uint8 (height, width, 3)."""
        network, quality = self.network(name), self.home.quality or 0
        return [network.image(codes, quality, *size) for codes, size in zip(numbers, sizes, strict=True)]

    def whole(self) -> None:
        """None: there is no file of both halves."""

    def sizes(self, name: str) -> dict[str, int]:
        """Bytes of the decoder's weights, which serve all qualities."""
        return self.home.sizes(name)

    def network(self, name: str) -> CodecNetwork:
        """The network of a decoder; raises CollectError where it is missing or damaged."""
        for file in (SPEC, WEIGHTS):
            self.home.read(name, file)
        return _network(self.home.path(name))


class CodecNetwork:
    """A decoder in Keras, of all qualities of a codec."""

    def __init__(self, folder: Path) -> None:
        load_tensorflow()
        import tensorflow as tf

        from host.networks.weights import load_weights
        from host.tasks.codec.networks import build_codec

        file = folder / SPEC
        codec = build_codec(parse_spec(read_json(file, CollectError), file, SECTIONS))
        load_weights(folder / WEIGHTS, {"decoder": codec.decoder})
        self._tf, self._run = tf, tf.function(codec.decoder, reduce_retracing=True)

    def image(self, codes: np.ndarray, quality: int, height: int, width: int) -> np.ndarray:
        """Codes int8 (rows, columns, channels) to the image, uint8 (height, width, 3)."""
        tf = self._tf
        made = self._run([tf.constant(codes[None].astype(np.float32)), tf.constant([quality], tf.int32)])
        pixels = made.numpy()[0, :height, :width]
        return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


_network = lru_cache(maxsize=4)(CodecNetwork)  # all qualities share one, and it takes seconds to build
