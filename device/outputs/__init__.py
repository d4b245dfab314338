"""What becomes of an output tensor: numbers, and the bytes that cross the wire. Each module here is one kind.

A kind's module offers

    CODER_ID   what a bitstream's header says of the payload, 0 to 15; never used again for something else
    parse      parse(value, where) -> Description: of the JSON in a variant's "output"
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ..errors import BundleError
from ..files import digest_tag
from ..quantization import Array, TensorInfo
from ..records import as_json

T = TypeVar("T")
ReadFile = Callable[[str, str], bytes]  # a travelling file's name and sha256 to its content; raises BundleError


class Description(Protocol):
    """What a bundle says about an output: a frozen dataclass that `records.as_json` writes; methods raise BundleError.

    Attributes:
        kind: name of the module; a ClassVar, so that it is not among the fields.
        files: the files that travel with it: name -> sha256.
        tag: of every bitstream that the network of this digest and this output make: 8 hexadecimal digits.
        check: refuses an output tensor, or an input (see device/inputs), that this does not fit.
        open: makes everything ready for such tensors.
    """

    @property
    def kind(self) -> str: ...
    def files(self) -> Mapping[str, str]: ...
    def tag(self, network_sha256: str) -> str: ...
    def check(self, tensor: TensorInfo, source: Any) -> None: ...
    def open(self, tensor: TensorInfo, read: ReadFile) -> Output: ...


class Output(Protocol):
    """An opened output; its buffers are shared: one thread at a time.

    `tensors` are an image's output tensors as the input made them: one, or strips of rows from the top.

    Attributes:
        prepare: makes ready for images of another size, whose whole output tensor has this shape; raises BundleError.
        numbers: what is sent, as numbers; the caller may keep the array.
        payload: the same as bytes.
        sizes: bytes of the numbers in other forms, such as "latent_bytes".
    """

    def prepare(self, height: int, width: int, tensor_shape: tuple[int, ...]) -> None: ...
    def numbers(self, tensors: Iterable[Array]) -> Array: ...
    def payload(self, tensors: Iterable[Array]) -> bytes: ...
    def sizes(self, numbers: Array) -> dict[str, int]: ...


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
