"""Inputs: how an image becomes tensors. Each module here is one kind.

A kind's module offers parse(value, where) -> Source: of the JSON in a bundle's "input".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Optional, Protocol

from ..quantization import Array, TensorInfo

if TYPE_CHECKING:
    from ..runtime import Network


class Source(Protocol):
    """What a bundle says about an input: a frozen dataclass that `records.as_json` writes.

    Attributes:
        kind: name of the module; a ClassVar, so that it is not among the fields.
        shape: (height, width, channels) where all images are of one size, else None.
        channels: of an image.
        wanted: which images it takes and what to do with others, in words.
        takes: whether it takes uint8 images of this shape.
        check: raises BundleError for an input tensor that does not fit.
        macs: multiply-accumulates of an image, from those of the file and the file's output tensor.
        open: makes everything ready; raises BundleError.
    """

    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> Optional[tuple[int, int, int]]: ...
    @property
    def channels(self) -> int: ...
    @property
    def wanted(self) -> str: ...
    def takes(self, shape: tuple[int, ...]) -> bool: ...
    def check(self, tensor: TensorInfo) -> None: ...
    def macs(self, macs: int, tensor: TensorInfo, height: int, width: int) -> int: ...
    def open(self, network: Network) -> Tensors: ...


class Tensors(Protocol):
    """An opened input; its buffers are shared: one thread at a time.

    Attributes:
        prepare: makes ready for images of another size and returns the shape of their whole output tensor; raises
            BundleError or ModelLoadError where the network does not take the size.
        quantize: stage 1: writes an image, uint8 (height, width, channels), into the input tensors.
        invoke: stage 2: runs the network on them.
        tensors: the output tensors, as `outputs.Output` takes them.
        run: all three, strip by strip where there are several.
    """

    def prepare(self, height: int, width: int) -> tuple[int, ...]: ...
    def quantize(self, image: Array) -> None: ...
    def invoke(self) -> None: ...
    def tensors(self) -> Iterable[Array]: ...
    def run(self, image: Array) -> Iterable[Array]: ...
