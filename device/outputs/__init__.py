"""What becomes of an output tensor: numbers, and the bytes that cross the wire. Each module here is one kind.

Two are shared by kinds: entropy.py, and native/, the coders in C.

A kind's module offers CODER_ID, what a bitstream's header says of the payload (0 to 15, never used again for something
else), and parse(value, where), which makes a *description* of the JSON in a variant's "output". That is a frozen
dataclass, as `records.as_json` writes it, with

    kind                     the module's name, a ClassVar
    files()                  the files that travel with it: name -> sha256
    tag(network_sha256)      of every bitstream that this network and this output make: 8 hexadecimal digits
    check(tensor, source)    raises BundleError for a `TensorInfo`, or an input (see device/inputs), that does not fit
    open(tensor, read)       the *output*, ready for such tensors; read(name, sha256) gives a travelling file's content

Where labels of images can judge the numbers, the description also offers

    check_labels(labels)     raises BundleError for labels, int64 (images,), that cannot be the truth
    figures(numbers, labels) of several images' numbers: {"<name>_<unit>": figure}, such as {"top1_percent": 90.0}

Where a network with an input of one channel reads luma (see device/colour.py), not grey, the description also offers

    of_luma                  True: pictures become luma before they are encoded

An output has buffers of its own (one thread at a time). `tensors` are an image's output tensors as the input made them:
one, or strips of rows from the top.

    prepare(height, width, tensor_shape)    makes ready for another size, whose whole output tensor has this shape
    numbers(tensors)                        what is sent, as an array that the caller may keep
    payload(tensors)                        the same as bytes
    sizes(numbers)                          their bytes in other forms, such as {"latent_bytes": 512}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ..errors import BundleError
from ..files import digest_tag
from ..quantization import TensorInfo, same_grid
from ..records import as_json

T = TypeVar("T")
ReadFile = Callable[[str, str], bytes]
_LIMITS = {"int8": 1 << 7, "int16": 1 << 15}


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

    def tag(self, coder_id: int, grid: Any, network_sha256: str) -> str:
        """The digest of what fixes the codes' meaning and coding, and of nothing else: no decoder is in it.

        Args:
            network_sha256: of the file as it lies in the bundle, whatever output scale is written into it.
        """
        digests = {"encoder_sha256": network_sha256, "tables_sha256": self.numbers_sha256}
        return digest_tag({"coder": coder_id, "latent": as_json(grid), **digests})

    def read(self, read: ReadFile, parse: Callable[[bytes, str], T], channels: int) -> T:
        """The tables as `parse` makes them; raises BundleError where they are damaged or not of so many channels."""
        tables: Any = parse(read(self.file, self.sha256), self.file)
        if tables.channels != channels:
            raise BundleError(f"{self.file}: tables of {tables.channels} channels, the latent has {channels}")
        if tables.sha256 != self.numbers_sha256:
            raise BundleError(f"{self.file}: other tables than the bundle says; export the bundle again")
        return tables  # type: ignore[no-any-return]


def check_real(what: str, dtype: str, scale: float, zero_point: int) -> None:
    """Raises BundleError for numbers, `what`, that stand for no real ones; those of float32 have scale 0, zero point 0.

    A number stands for scale * (number - zero_point), or in float32 for itself.
    """
    quantization = f"scale {scale!r}, zero point {zero_point}"
    if dtype == "float32":
        if (scale, zero_point) != (0, 0):
            raise BundleError(f"{what}: float32 with {quantization}; expected 0 and 0")
    elif dtype not in _LIMITS:
        raise BundleError(f"{what}: dtype {dtype!r:.80}; expected float32, int8 or int16")
    elif not 0 < scale < float("inf") or not -_LIMITS[dtype] <= zero_point < _LIMITS[dtype]:
        raise BundleError(f"{what}: {quantization} is no quantization of {dtype}; export the bundle again")


def check_same(what: str, tensor: TensorInfo, dtype: str, scale: float, zero_point: int) -> None:
    """Raises BundleError where the output tensor has another dtype or quantization than the numbers, `what`."""
    if tensor.dtype != dtype or not same_grid(tensor.scale, tensor.zero_point, scale, zero_point):
        raise BundleError(
            f"output {tensor.name!r}: {tensor}; the {what} are {dtype} scale {scale:.9g} zero point {zero_point};"
            " export the bundle again"
        )
