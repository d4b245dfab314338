"""What becomes of an output tensor: numbers and the bytes that cross the wire. Each module here is one kind.

A kind's module offers

    CODER_ID   what a bitstream's header says of the payload; never used again for something else
    parse      parse(value, where) -> Description: of the JSON in a variant's "output"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..quantization import Array, TensorInfo

ReadFile = Callable[[str, str], bytes]  # a travelling file's name and sha256 to its content; raises BundleError


class Description(Protocol):
    """What a bundle says about an output: a frozen dataclass, whose `kind` is the module's name."""

    @property
    def kind(self) -> str:
        """Name of the module."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it, without "kind"."""

    def files(self) -> Mapping[str, str]:
        """The files that travel with it: name -> sha256."""

    def tag(self, network_sha256: str) -> str:
        """The tag of every bitstream that the network of this digest and this output make: 8 hexadecimal digits."""

    def check(self, tensor: TensorInfo, source: Any) -> None:
        """Raises BundleError if this does not fit an output tensor, or `source`, the parsed "input"."""

    def open(self, tensor: TensorInfo, read: ReadFile) -> Output:
        """Makes everything ready for such tensors; raises BundleError for a file that does not fit."""

    def reader(self, read: ReadFile) -> Reader:
        """The plain reference decoder; raises BundleError for a file that does not fit."""


class Output(Protocol):
    """An opened output; its buffers are shared: one thread at a time.

    `tensors` are an image's output tensors as the network's input made them: one, or strips of rows from the top.
    """

    def prepare(self, height: int, width: int, tensor_shape: tuple[int, ...]) -> None:
        """Makes ready for images of another size, whose whole output tensor has this shape; raises BundleError."""

    def numbers(self, tensors: Iterable[Array]) -> Array:
        """What is sent, as numbers; the caller may keep the array."""

    def payload(self, tensors: Iterable[Array]) -> bytes:
        """What is sent, as bytes."""

    def sizes(self, numbers: Array) -> dict[str, int]:
        """Other sizes of the same, in bytes, such as "latent_bytes"."""


class Reader(Protocol):
    """Decodes payloads at home."""

    def numbers(self, payload: bytes, height: int, width: int) -> Array:
        """What `Output.numbers` gave for an image of this size; raises BitstreamError."""


@dataclass(frozen=True)
class TablesFile:
    """Entropy tables that travel beside a network.

    Attributes:
        file, sha256: the file and its digest.
        numbers_sha256: digest of the numbers alone, whatever file they came from; the tag is made of this one.
    """

    file: str
    sha256: str
    numbers_sha256: str
