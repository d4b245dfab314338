"""The decoders of a codec tag, whatever it is the tag of."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from host.packaging.decoders import find_decoders, read_decoders
from host.tasks.codec.decoders import find_photo_decoders


class Decoders(Protocol):
    """What turns a tag's bitstreams into images: packaging's `DecoderFolder`, or the codec's `PhotoDecoders`.

    Attributes:
        value: decoders.json: "model", "variant", "codec_tag" and more.
    """

    value: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """The decoders that serve the tag: "own", then "tuned" where there is one."""
        ...

    def codes(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """A payload to the codes of one image, int8 (h, w, c); raises BitstreamError."""
        ...

    def images(self, name: str, codes: np.ndarray, height: int, width: int) -> np.ndarray:
        """Codes int8 (count, h, w, c) to images uint8 (count, height, width, channels); raises CollectError."""
        ...

    def sizes(self, name: str) -> dict[str, int]:
        """ "encoder_bytes", "decoder_bytes", and "full_bytes" where there is such a file; raises CollectError."""
        ...


def find(build: Path, codec_tag: str) -> Decoders:
    """The decoders of a tag, of whichever model; raises CollectError where nothing exported here has it."""
    return find_photo_decoders(build, codec_tag) or find_decoders(build, codec_tag)


def read(build: Path, model: str, codec_tag: str) -> Decoders:
    """The decoders of a model's tag; raises CollectError where this workstation has none."""
    return find_photo_decoders(build, codec_tag, model) or read_decoders(build, model, codec_tag)
