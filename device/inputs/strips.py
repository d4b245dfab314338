"""A photograph of any size to its bitstream, in strips of rows of blocks, so that memory is bounded.

image --quantize--> strips of pixels --invoke--> strips of codes --code--> bitstream
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import Bundle
from ..errors import BundleError, ImageError, ModelLoadError, one_line
from ..outputs.context_codes.block_grid import put_pixels
from ..outputs.context_codes.coder import ContextCoder
from ..quantization import Array, TensorInfo, make_input_quantizer, same_grid
from ..runtime import Runtime, captured_stderr, delegate_of, load_runtime, make_interpreter, tensor_infos
from ..stream import codec_tag, header_start, seal

STRIP_PIXELS = 1 << 17  # a whole number of block rows at about this; see benchmarks/photo_encoder.py


class PhotoEncoder:
    """One quality of one encoder of a photo codec's bundle, loaded; attributes as of `encoder.Encoder`.

    The interpreter takes another size when an image has another than the last. One thread at a time.
    """

    def __init__(
        self,
        bundle: Bundle,
        variant: str,
        threads: int = 1,
        runtime: Runtime | None = None,
        delegate: Path | None = None,
        strip_pixels: int = STRIP_PIXELS,
    ) -> None:
        """Loads a variant; raises BundleError, ModelLoadError or RuntimeUnavailableError."""
        self.bundle = bundle
        self.variant = bundle.variant(variant)
        quality = self.variant.quality
        if quality is None:
            raise BundleError(f"{bundle.folder}: {variant!r} is for images of one size, not for photographs")
        self.grid = quality.grid
        self.image_shape = bundle.image_shape
        self.runtime = runtime or load_runtime()
        self.runtime_log: list[str] = []
        content, offset = bundle.read_encoder(variant), quality.step_offset
        self._tables = quality.read_tables(bundle)
        tag = codec_tag(self.variant.sha256, self.grid, self._tables.sha256, bundle.coder_id)
        if tag != self.variant.codec_tag:
            raise BundleError(
                f"{bundle.folder}: codec tag of {variant!r} is {self.variant.codec_tag}, its files give {tag};"
                " export the bundle again"
            )
        # Four bytes make a quality: the scale of the output tensor.
        content = content[:offset] + struct.pack("<f", self.grid.step) + content[offset + 4 :]
        self._interpreter = make_interpreter(content, threads, self.runtime, self.runtime_log, delegate)
        source, latent = tensor_infos(self._interpreter)
        make_input_quantizer(source)  # refuses what does not take pixels XOR 0x80
        if (source.dtype, latent.dtype) != ("int8", "int8") or not same_grid(
            latent.scale, latent.zero_point, self.grid.step, 0
        ):
            raise BundleError(
                f"{self.variant.file}: with its step at byte {offset} the output is {latent.dtype}, scale"
                f" {latent.scale:.9g}, expected int8, {self.grid.step:.9g}; export the bundle again"
            )
        self.delegate = delegate_of(self._interpreter)
        self._input_index: int = self._interpreter.get_input_details()[0]["index"]
        self._output_index: int = self._interpreter.get_output_details()[0]["index"]
        self._strip_pixels = strip_pixels
        self._prepared = (0, 0)  # height and width that what follows is for
        self._tensor_blocks = (0, 0)
        self._strips: list[tuple[int, int]] = []  # first row of blocks; how many of its rows the strip before has
        self._inputs: list[Array] = []
        self._outputs: list[Array] = []

    @property
    def codec_tag(self) -> str:
        """What every bitstream of this encoder carries: 8 hexadecimal digits."""
        return self.variant.codec_tag

    def encode(self, image: Array) -> bytes:
        """One photograph, uint8 (height, width, 3), 0..255, to its bitstream; raises ImageError for anything else."""
        self._prepare(image)
        return seal(self._header_start, self._coder.encode_strips(self._codes(image)))

    def encode_codes(self, image: Array) -> Array:
        """One photograph to its codes, int8 (rows, columns, channels); raises ImageError."""
        self._prepare(image)
        return np.concatenate(list(self._codes(image)))

    def quantize(self, image: Array) -> None:
        """Stage 1: checks the image and writes all strips' input tensors; raises ImageError."""
        self._prepare(image)
        while len(self._inputs) < len(self._strips):
            self._inputs.append(np.empty_like(self._inputs[0]))
        for strip, pixels in zip(self._strips, self._inputs):
            self._fill(image, strip, pixels)

    def invoke(self) -> None:
        """Stage 2: runs the network on them."""
        self._outputs = [self._run(pixels) for pixels in self._inputs]

    def code(self) -> bytes:
        """Stage 3: output tensors to codes, to payload, to bitstream."""
        codes = (self._take(strip, tensor) for strip, tensor in zip(self._strips, self._outputs))
        return seal(self._header_start, self._coder.encode_strips(codes))

    def _codes(self, image: Array) -> Iterator[Array]:
        for strip in self._strips:
            self._fill(image, strip, self._inputs[0])
            yield self._take(strip, self._run(self._inputs[0]))

    def _fill(self, image: Array, strip: tuple[int, int], pixels: Array) -> None:
        put_pixels(image, (strip[0] * self.grid.block - self.grid.before, -self.grid.before), pixels[0])

    def _run(self, pixels: Array) -> Array:
        self._interpreter.set_tensor(self._input_index, pixels)
        self._interpreter.invoke()
        tensor: Array = self._interpreter.get_tensor(self._output_index)  # a copy
        return tensor

    def _take(self, strip: tuple[int, int], tensor: Array) -> Array:
        return self.grid.codes(tensor[0, strip[1] :])

    def _prepare(self, image: Array) -> None:
        """Checks the image and makes everything ready for its size."""
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
            raise ImageError(f"image is {found}, this encoder takes uint8 (height, width, 3)")
        height, width, _ = image.shape
        if (height, width) == self._prepared:
            return
        if not 0 < min(height, width) <= max(height, width) < 1 << 16:
            raise ImageError(f"image of {height} x {width} pixels; sides are 1 to 65535; cut it into parts")
        shape = self.grid.shape(height, width)
        rows, columns, _ = shape
        count = -(-rows // max(1, round(self._strip_pixels / (columns * self.grid.block**2))))
        taken = -(-rows // count)
        if (taken, columns) != self._tensor_blocks:
            pixels = 1, self.grid.pixels(taken), self.grid.pixels(columns), 3
            self._prepared = self._tensor_blocks = 0, 0
            latent = resize_input(self._interpreter, pixels)
            if latent.shape != (1, taken, columns, self.grid.channels):
                raise BundleError(f"{self.variant.file}: makes {latent.shape} of {pixels}; another runtime may do")
            self._tensor_blocks = taken, columns
            self._inputs = [np.empty(pixels, np.int8)]
        # All strips are equally high, so that one size of the tensors does: the last begins in the one before.
        tops = [min(index * taken, rows - taken) for index in range(count)]
        self._strips = [(top, index * taken - top) for index, top in enumerate(tops)]
        del self._inputs[1:]
        self._coder = ContextCoder(self._tables, shape)
        self._header_start = header_start(self.bundle.coder_id, self.codec_tag, height, width)
        self._prepared = height, width


def resize_input(interpreter: Any, shape: tuple[int, ...]) -> TensorInfo:
    """Gives the input another shape and allocates again.

    Returns:
        The output tensor as it is now: look at its shape, some operators silently keep the old one.

    Raises:
        ModelLoadError: the runtime refuses, or did not take the shape.
    """
    try:
        with captured_stderr():
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], list(shape))
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as reason:
        raise ModelLoadError(f"the model does not take an input of {shape}: {one_line(reason)}") from None
    source, result = tensor_infos(interpreter)
    if source.shape != tuple(shape):
        raise ModelLoadError(f"the model kept its input of {source.shape}, expected {shape}")
    return result
