"""The decoders of a codec tag, whatever it is the tag of."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np

from host.packaging.decoders import find_decoders


class Decoders(Protocol):
    """What turns a tag's bitstreams into images: packaging's `DecoderFolder`, or the codec's `PhotoDecoders`.

    Attributes:
        value: decoders.json: "model", "variant", "codec_tag" and more.
    """

    value: dict[str, Any]

    names: list[str]

    def codes(self, payload: bytes, height: int, width: int) -> np.ndarray:
        """A payload to the codes of one image, int8 (h, w, c); raises BitstreamError."""
        ...

    def images(self, name: str, codes: np.ndarray, height: int, width: int) -> np.ndarray:
        """Codes int8 (count, h, w, c) to images uint8 (count, height, width, channels); raises CollectError."""
        ...

    def sizes(self, name: str) -> dict[str, int]:
        """ "encoder_bytes", "decoder_bytes", and "full_bytes" where there is such a file; raises CollectError."""
        ...


class _Adapted:
    """What a task offers, by the names that this room still uses."""

    def __init__(self, home: Any) -> None:
        from host.tasks import task_named

        self.made = task_named(home.task).decoders(home)
        self.value = {**vars(home), "codec_tag": home.tag, "encoder_bytes": home.network_bytes}
        self.names, self.grid, self.read = list(home.names), home.output.grid, home.read

    def codes(self, payload: bytes, height: int, width: int) -> np.ndarray:
        return self.made.numbers(payload, height, width)

    def images(self, name: str, codes: np.ndarray, height: int, width: int) -> np.ndarray:
        return np.stack(self.made.restore(name, list(codes), [(height, width)] * len(codes)))

    def sizes(self, name: str) -> dict[str, int]:
        return {"encoder_bytes": self.value["encoder_bytes"], **self.made.sizes(name)}


def find(build: Path, codec_tag: str) -> Decoders:
    """The decoders of a tag, of whichever model; raises CollectError where nothing exported here has it."""
    return _Adapted(find_decoders(build, codec_tag))


def read(build: Path, model: str, codec_tag: str) -> Decoders:
    """The decoders of a model's tag; raises CollectError where this workstation has none."""
    return _Adapted(find_decoders(build, codec_tag, model))
