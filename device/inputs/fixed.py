"""Images of one size: the whole image is one tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..errors import BundleError
from ..quantization import Array, TensorInfo, make_input_quantizer
from ..records import from_json

if TYPE_CHECKING:
    from ..runtime import Network


@dataclass(frozen=True)
class Fixed:
    """The size of every image, in pixels; see device/inputs."""

    kind: ClassVar[str] = "fixed"
    height: int
    width: int
    channels: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.height, self.width, self.channels

    @property
    def wanted(self) -> str:
        return f"uint8 {self.shape}; resize, crop or convert it first"

    def takes(self, shape: tuple[int, ...]) -> bool:
        return shape == self.shape

    def check(self, tensor: TensorInfo) -> None:
        if tensor.shape != (1, *self.shape):
            raise BundleError(f"input {tensor.name!r}: shape {tensor.shape}, expected {(1, *self.shape)} of the images")
        make_input_quantizer(tensor)

    def macs(self, macs: int, tensor: TensorInfo, height: int, width: int) -> int:
        return macs

    def open(self, network: Network) -> FixedTensors:
        return FixedTensors(network)


class FixedTensors:
    """One input tensor, one output tensor."""

    def __init__(self, network: Network) -> None:
        # Own buffers and set_tensor/get_tensor: as quick as views into the runtime's memory in both runtimes,
        # and nothing points into it while it runs.
        self._buffer: Array = np.zeros(network.input.shape, network.input.dtype)
        self._fill = make_input_quantizer(network.input)
        self._set, self._get, self.invoke = network.set, network.get, network.invoke
        self._shape = network.output.shape

    def prepare(self, height: int, width: int) -> tuple[int, ...]:
        """The shape of the output tensor: there is nothing to make ready."""
        return self._shape

    def run(self, image: Array) -> tuple[Array]:
        self._fill(image, self._buffer)
        self._set(self._buffer)
        self.invoke()
        return (self._get(),)

    def quantize(self, image: Array) -> None:
        self._fill(image, self._buffer)
        self._set(self._buffer)

    def tensors(self) -> tuple[Array]:
        """The output tensor, a copy."""
        return (self._get(),)


def parse(value: dict[str, Any], where: str) -> Fixed:
    """From a bundle's JSON; raises BundleError naming the place."""
    return from_json(Fixed, value, where, BundleError)
