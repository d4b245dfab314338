"""How an image becomes tensors. Each module here is one kind.

A kind's module offers parse(value, where) -> Source: of the JSON in a bundle's "input".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Optional, Protocol

from ..quantization import Array, TensorInfo

if TYPE_CHECKING:
    from ..runtime import Network


class Source(Protocol):
    """What a bundle says about an input: a frozen dataclass, whose `kind` is the module's name."""

    @property
    def kind(self) -> str:
        """Name of the module."""

    @property
    def shape(self) -> Optional[tuple[int, int, int]]:
        """(height, width, channels) where all images are of one size, else None."""

    @property
    def channels(self) -> int:
        """Of an image."""

    @property
    def wanted(self) -> str:
        """Which images it takes, and what to do with others, in words."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it, without "kind"."""

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether it takes uint8 images of this shape."""

    def check(self, tensor: TensorInfo) -> None:
        """Raises BundleError if this does not fit an input tensor."""

    def macs(self, macs: int, tensor: TensorInfo, height: int, width: int) -> int:
        """Multiply-accumulates of an image, from those of the file, whose output tensor is `tensor`."""

    def open(self, network: Network) -> Tensors:
        """Makes everything ready; raises BundleError."""


class Tensors(Protocol):
    """An opened input; its buffers are shared: one thread at a time.

    `run` does all the stages `quantize`, `invoke` and `tensors`, strip by strip where there are several.
    """

    def prepare(self, height: int, width: int) -> tuple[int, ...]:
        """Makes ready for images of another size and returns the shape of their whole output tensor.

        Raises:
            BundleError, ModelLoadError: the network does not take this size.
        """

    def run(self, image: Array) -> Iterable[Array]:
        """The output tensors of an image, uint8 (height, width, channels); see `outputs.Output`."""

    def quantize(self, image: Array) -> None:
        """Writes the input tensors."""

    def invoke(self) -> None:
        """Runs the network on them."""

    def tensors(self) -> Iterable[Array]:
        """What it made of them."""
