"""Image to bitstream, in named stages.

image --quantize--> input tensors --invoke--> output tensors --code--> bitstream
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from . import bundle as bundles
from . import outputs
from .errors import BundleError, ImageError
from .quantization import Array, same_grid
from .runtime import Network, Runtime, delegate_of, load_runtime, make_interpreter
from .stream import header_start, seal

DEFAULT_BUNDLES = Path(__file__).resolve().parent / "bundles"
_UINT8 = np.dtype(np.uint8)  # comparing by `is` is what costs least in every encode
_NO_SHAPE = ("none",)  # equal to no array's
_EXPORT = "run make export on the workstation and copy device/ again"


class Pipeline:
    """One variant of a bundle, loaded: an input and an output, whose buffers are prepared: `encode` only fills them.

    One thread at a time; open one for each thread. `delegate` is as `runtime.delegate_of` names it; `runtime_log` has
    what the runtime wrote while loading.
    """

    def __init__(
        self,
        bundle: bundles.Bundle,
        variant: str = "int8",
        threads: int = 1,
        runtime: Runtime | None = None,
        delegate: Path | None = None,
    ) -> None:
        """Raises BundleError, ModelLoadError or RuntimeUnavailableError."""
        self.bundle = bundle
        self.variant = bundle.variant(variant)
        self.runtime = runtime or load_runtime()
        self.runtime_log: list[str] = []
        content = bundle.read_network(variant)
        network = Network(make_interpreter(content, threads, self.runtime, self.runtime_log, delegate))
        self._check_tensors(network)
        self.delegate = delegate_of(network.interpreter)
        self._input = bundle.input.open(network)
        try:
            self._output = self.variant.output.open(self.variant.tensor, bundle.read_file)
        except BundleError as reason:
            raise BundleError(f"{bundle.folder}: {reason}") from None
        # Bound once: an encode of a small network takes 14 microseconds.
        self._run, self._tensors, self._payload = self._input.run, self._input.tensors, self._output.payload
        self._coder_id: int = bundles.find_kind(outputs, self.variant.output.kind).CODER_ID
        self._header_start = b""
        self._shape: tuple[Any, ...] = _NO_SHAPE  # of the images that everything is ready for
        if bundle.input.shape is not None:
            self._make_ready(bundle.input.shape)

    @property
    def tag(self) -> str:
        """What every bitstream carries: 8 hexadecimal digits."""
        return self.variant.tag

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(height, width, channels) of the images that it takes; None where these may be of any size."""
        shape: tuple[int, int, int] | None = self.bundle.input.shape
        return shape

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether it takes uint8 images of this shape (height, width, channels)."""
        return bool(self.bundle.input.takes(shape))

    def encode(self, image: Array) -> bytes:
        """One image to its bitstream, a header and the payload; raises ImageError for another shape or dtype.

        Args:
            image: uint8 (height, width, channels), 0..255, of a size that it takes.
        """
        if getattr(image, "shape", None) != self._shape or image.dtype is not _UINT8:
            self.prepare(image)
        return seal(self._header_start, self._payload(self._run(image)))

    def numbers(self, image: Array) -> Array:
        """One image to what its bitstream holds, as numbers, such as codes; raises ImageError."""
        self.prepare(image)
        numbers: Array = self._output.numbers(self._run(image))
        return numbers

    def sizes(self, numbers: Array) -> dict[str, int]:
        """Bytes of an image's numbers in other forms than a bitstream, such as "latent_bytes"."""
        return dict(self._output.sizes(numbers))

    def quantize(self, image: Array) -> None:
        """Stage 1: checks the image and puts it into the input tensors; raises ImageError."""
        if getattr(image, "shape", None) != self._shape or image.dtype is not _UINT8:
            self.prepare(image)
        self._input.quantize(image)

    def invoke(self) -> None:
        """Stage 2: runs the network."""
        self._input.invoke()

    def code(self) -> bytes:
        """Stage 3: output tensors to numbers, to payload, to bitstream."""
        return seal(self._header_start, self._payload(self._tensors()))

    def prepare(self, image: Array) -> None:
        """Makes ready for images of the size of this one, as all that is above does by itself; raises ImageError."""
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or not self.takes(image.shape):
            found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
            raise ImageError(f"image is {found}, this encoder takes {self.bundle.input.wanted}")
        if image.shape != self._shape:
            self._make_ready(image.shape)

    def _make_ready(self, shape: tuple[int, ...]) -> None:
        height, width = shape[:2]
        self._shape = _NO_SHAPE
        self._output.prepare(height, width, self._input.prepare(height, width))
        self._header_start = header_start(self._coder_id, self.tag, height, width)
        self._shape = shape

    def _check_tensors(self, network: Network) -> None:
        for end, found, stated in (
            ("input", network.input, self.variant.input),
            ("output", network.output, self.variant.tensor),
        ):
            fits = same_grid(found.scale, found.zero_point, stated.scale, stated.zero_point)
            if not fits or (found.shape, found.dtype) != (stated.shape, stated.dtype):
                raise BundleError(
                    f"{self.variant.file}: its {end} is {found}, the bundle says {stated}; export the bundle again"
                )


def find_bundle(bundle: str | Path) -> Path:
    """The folder of a bundle by its path or its name in device/bundles; raises BundleError listing those there are."""
    for folder in (Path(bundle), DEFAULT_BUNDLES / bundle):
        if (folder / bundles.FILE_NAME).is_file():
            return folder
    names = ", ".join(folder.name for folder in bundles.list_bundles(DEFAULT_BUNDLES))
    cure = f"available: {names}" if names else _EXPORT
    raise BundleError(f"no bundle {str(bundle)!r} in {DEFAULT_BUNDLES}; {cure}")


def default_bundles() -> list[Path]:
    """The folders in device/bundles, sorted by name; raises BundleError where there is none."""
    folders = bundles.list_bundles(DEFAULT_BUNDLES)
    if not folders:
        raise BundleError(f"no bundles in {DEFAULT_BUNDLES}; {_EXPORT}")
    return folders
