"""Image to bitstream, in named stages.

image --quantize--> input tensor --invoke--> output tensor --code--> bitstream
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import bundle as bundles
from .errors import BundleError, ImageError
from .quantization import Array, TensorInfo, make_input_quantizer, make_output_quantizer, same_grid
from .runtime import Runtime, delegate_of, load_runtime, make_interpreter, tensor_infos
from .stream import codec_tag, header_start, seal

if TYPE_CHECKING:
    from .inputs.strips import PhotoEncoder

DEFAULT_BUNDLES = Path(__file__).resolve().parent / "bundles"
_EXPORT = "run make export on the workstation and copy device/ again"


class Encoder:
    """One variant of a bundle, loaded: buffers and tables are prepared, `encode` only fills them.

    One thread at a time; make one encoder per thread.

    Attributes:
        image_shape: (height, width, channels) of the images that it takes.
        delegate: as `runtime.delegate_of` names it.
        runtime_log: lines that the runtime wrote while loading.
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
        self.image_shape = bundle.image_shape
        self.runtime = runtime or load_runtime()
        self.runtime_log: list[str] = []
        content = bundle.read_encoder(variant)
        tables = bundle.read_tables()
        tag = codec_tag(self.variant.sha256, bundle.grid, tables.sha256, bundle.coder_id)
        if tag != self.variant.codec_tag:
            raise BundleError(
                f"{bundle.folder}: codec tag of {variant!r} is {self.variant.codec_tag}, its files give {tag};"
                " export the bundle again"
            )
        self._interpreter = make_interpreter(content, threads, self.runtime, self.runtime_log, delegate)
        self._check_tensors()
        self.delegate = delegate_of(self._interpreter)
        self._input_index: int = self._interpreter.get_input_details()[0]["index"]
        self._output_index: int = self._interpreter.get_output_details()[0]["index"]
        # Own buffers and set_tensor/get_tensor: as quick as views into the runtime's memory in both runtimes,
        # and nothing points into it while it runs.
        self._input: Array = np.zeros(self.variant.input.shape, self.variant.input.dtype)
        self._codes: Array = np.zeros(bundle.grid.shape, np.int8)
        self._quantize_input = make_input_quantizer(self.variant.input)
        self._quantize_output = make_output_quantizer(self.variant.output, bundle.grid)
        self._coder = tables.coder(bundle.grid.shape)
        self._header_start = header_start(bundle.coder_id, tag, bundle.image_shape[0], bundle.image_shape[1])

    def encode(self, image: Array) -> bytes:
        """One image to its bitstream, a header and the entropy-coded codes.

        Args:
            image: uint8 (height, width, channels) of `image_shape`, 0..255.

        Raises:
            ImageError: another shape or dtype.
        """
        self.quantize(image)
        self._interpreter.invoke()
        return self.code()

    def encode_codes(self, image: Array) -> Array:
        """One image to its codes, int8 (height, width, channels) of the latent; raises ImageError."""
        self.quantize(image)
        self._interpreter.invoke()
        self._quantize_output(self._interpreter.get_tensor(self._output_index), self._codes)
        return self._codes.copy()

    def quantize(self, image: Array) -> None:
        """Stage 1: checks the image and puts it into the input tensor; raises ImageError."""
        if not isinstance(image, np.ndarray) or image.shape != self.image_shape or image.dtype != np.uint8:
            raise ImageError(_describe(image, self.image_shape))
        self._quantize_input(image, self._input)
        self._interpreter.set_tensor(self._input_index, self._input)

    def invoke(self) -> None:
        """Stage 2: runs the network."""
        self._interpreter.invoke()

    def code(self) -> bytes:
        """Stage 3: output tensor to codes on the latent grid, to payload, to bitstream."""
        self._quantize_output(self._interpreter.get_tensor(self._output_index), self._codes)
        return seal(self._header_start, self._coder.encode(self._codes))

    def _check_tensors(self) -> None:
        found = tensor_infos(self._interpreter)
        for end, tensor, stated in zip(("input", "output"), found, (self.variant.input, self.variant.output)):
            fits = same_grid(tensor.scale, tensor.zero_point, stated.scale, stated.zero_point)
            if not fits or (tensor.shape, tensor.dtype) != (stated.shape, stated.dtype):
                raise BundleError(
                    f"{self.variant.file}: its {end} is {_describe_tensor(tensor)}, the bundle says"
                    f" {_describe_tensor(stated)}; export the bundle again"
                )


def _describe_tensor(tensor: TensorInfo) -> str:
    return f"{tensor.dtype} {tensor.shape} scale {tensor.scale:.9g} zero point {tensor.zero_point}"


def _describe(image: object, expected: tuple[int, int, int]) -> str:
    found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
    return f"image is {found}, this encoder takes uint8 {expected}; resize or crop it first"


def find_bundle(bundle: str | Path) -> Path:
    """The folder of a bundle given by its path, or by its name in device/bundles.

    Raises:
        BundleError: there is none; lists those that there are.
    """
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


def load_encoder(
    bundle: bundles.Bundle,
    variant: str,
    threads: int = 1,
    runtime: Runtime | None = None,
    delegate: Path | None = None,
) -> Encoder | PhotoEncoder:
    """Loads a variant, whatever its images; raises BundleError, ModelLoadError or RuntimeUnavailableError."""
    if bundle.variant(variant).quality is None:
        return Encoder(bundle, variant, threads, runtime, delegate)
    from .inputs.strips import PhotoEncoder

    return PhotoEncoder(bundle, variant, threads, runtime, delegate)


def open_encoder(
    bundle: str | Path,
    variant: str = "int8",
    threads: int = 1,
    runtime: str | None = None,
    quality: int | None = None,
) -> Encoder | PhotoEncoder:
    """Loads a variant of a bundle; see `device.open_encoder`."""
    found = bundles.read_bundle(find_bundle(bundle))
    known = sorted({entry.quality.index for entry in found.variants.values() if entry.quality is not None})
    if known and variant not in found.variants:
        quality = known[len(known) // 2] if quality is None else quality
        if quality not in known:
            raise BundleError(f"{found.folder}: no quality {quality}; there are {known[0]} to {known[-1]}")
        variant = f"{variant}_q{quality}"
    elif quality is not None:
        raise BundleError(f"{found.folder}: {variant!r} has no qualities to choose from; leave it out")
    return load_encoder(found, variant, threads, load_runtime(runtime))
