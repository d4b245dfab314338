"""Rate and quality of a photo codec, of real bitstreams: the device's encoder, the host's decoders; and what int8, the
tables' bytes and saturation cost it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.ideal_length import ideal_bits
from device import open_encoder
from device.bundle import read_bundle
from device.outputs.context_codes import BlockGrid
from device.outputs.context_codes.coder import ContextCoder
from device.pipeline import Pipeline, find_bundle
from device.stream import HEADER_BYTES, unpack
from host.curves.anchor_points import Point, rate_point
from host.errors import CurveError
from host.packaging.decoders import find_decoders
from host.quiet import load_tensorflow
from host.spec.model_folder import ModelFolder
from host.spec.models import spec_file
from host.tasks.codec.decoders import CodecDecoders, CodecNetwork

if TYPE_CHECKING:
    from benchmarks.float32_encoder import Float32Encoder

NAME = "splitlite"
UNTUNED = f"{NAME} (untuned decoder)"
FLOAT32 = f"{NAME} (float32 encoder)"
FLOAT32_UNTUNED = f"{NAME} (float32 encoder, untuned decoder)"


@dataclass(frozen=True)
class Measured:
    """One image at one quality.

    Attributes:
        points: by curve.
        bitstream_bytes: header included; `ideal_bits`: of the same codes under the same tables.
        saturated: codes at an end of their channel's range, of `codes`.
        differing: codes that the float32 encoder makes otherwise.
    """

    points: dict[str, Point]
    bitstream_bytes: int
    ideal_bits: float
    saturated: int
    codes: int
    differing: int


@dataclass(frozen=True)
class PhotoCodec:
    """A bundle at all its qualities, with what decodes it.

    Attributes:
        networks: "own" is the decoder of the stage float, "tuned" the one of the stage tune, where there is one.
    """

    encoders: tuple[Pipeline, ...]
    decoders: tuple[CodecDecoders, ...]
    networks: dict[str, CodecNetwork]
    float32: Float32Encoder

    @property
    def best(self) -> CodecNetwork:
        """The tuned decoder, where there is one."""
        return self.networks.get("tuned", self.networks["own"])

    def decode(self, stream: bytes, quality: int) -> np.ndarray:
        """A bitstream to uint8 (height, width, 3), with the best decoder."""
        header, payload = unpack(stream, expect_tag=self.encoders[quality].tag)
        codes = self.decoders[quality].numbers(payload, header.height, header.width)
        return self.best.image(codes, quality, header.height, header.width)

    def measure(self, image: np.ndarray, quality: int) -> Measured:
        """Encodes, decodes and compares one image, uint8 (height, width, 3); raises CurveError as `rate_point`."""
        encoder, decoders, (height, width, _) = self.encoders[quality], self.decoders[quality], image.shape
        stream = encoder.encode(image)
        _, payload = unpack(stream, expect_tag=encoder.tag)
        codes = decoders.numbers(payload, height, width)
        tables = decoders.tables
        floats = self.float32.image_codes(image, quality)
        float_bytes = HEADER_BYTES + len(ContextCoder(tables, floats.shape).encode(floats))
        points = {}
        for codes_of, count, tuned, untuned in (
            (codes, len(stream), NAME, UNTUNED),
            (floats, float_bytes, FLOAT32, FLOAT32_UNTUNED),
        ):
            made = {name: each.image(codes_of, quality, height, width) for name, each in self.networks.items()}
            points[tuned] = rate_point(image, made.get("tuned", made["own"]), count)
            if "tuned" in made:
                points[untuned] = rate_point(image, made["own"], count)
        return Measured(
            points,
            len(stream),
            ideal_bits(codes, tables),
            saturated_codes(codes, encoder.variant.output.grid),
            codes.size,
            int(np.count_nonzero(codes != floats)),
        )


def open_photo_codec(bundle: str, build: Path, models: Path) -> PhotoCodec:
    """Loads a codec that was exported here.

    Raises:
        BundleError: no such bundle.
        CurveError: no bundle of a photo codec, or models/<name> is of another export.
        CollectError: no decoders for it here.
    """
    found = read_bundle(find_bundle(bundle))
    qualities = found.qualities("int8")
    if not qualities:
        raise CurveError(f"{found.folder}: not of a photo codec, it has no qualities; give another --bundle")
    load_tensorflow()
    from benchmarks.float32_encoder import Float32Encoder
    from host.networks.weights import load_weights
    from host.spec.parsing import parse_spec, read_spec
    from host.tasks.codec.networks import build_codec
    from host.tasks.codec.spec import SECTIONS

    file = spec_file(found.model, models)
    spec = parse_spec(read_spec(file), file, SECTIONS)
    if ModelFolder(spec).digest() != found.model_sha256:
        raise CurveError(f"{spec.folder}: changed since the bundle was exported; export {found.model} again")
    codec = build_codec(spec)
    load_weights(spec.folder / "float.weights.h5", {"encoder": codec.encoder})
    encoders = [open_encoder(found.folder, quality=quality) for quality in qualities]
    decoders = [CodecDecoders(find_decoders(build, each.tag, found.model)) for each in encoders]
    networks = {name: decoders[0].network(name) for name in decoders[0].names}
    return PhotoCodec(tuple(encoders), tuple(decoders), networks, Float32Encoder(codec))


def saturated_codes(codes: np.ndarray, grid: BlockGrid) -> int:
    """How many codes are the largest or the smallest that the int8 tensor can hold, and may have been cut off there.

    Args:
        codes: int8 (..., channels).
    """
    low, high = -128 // grid.parts, 127 // grid.parts
    plain, others = codes[..., : grid.plain], codes[..., grid.plain :]
    return int(np.isin(plain, (-128, 127)).sum() + ((others <= low) | (others >= high)).sum())


def quality_rows(measured: Sequence[Sequence[Measured]], steps: Sequence[float]) -> list[dict[str, Any]]:
    """A row a quality of sums over all images.

    Args:
        measured: by image, then by quality.
        steps: of each quality.
    """
    rows = []
    for quality, (step, images) in enumerate(zip(steps, zip(*measured, strict=True), strict=True)):
        excess = [8 * image.bitstream_bytes / image.ideal_bits - 1 for image in images]
        count, ideal = sum(each.bitstream_bytes for each in images), sum(each.ideal_bits for each in images) / 8
        codes = sum(each.codes for each in images)
        rows.append(
            {
                "quality": quality,
                "step": step,
                "bpp": float(np.mean([each.points[NAME][0] for each in images])),
                "bitstream_bytes": count,
                "ideal_bytes": ideal,
                "overhead_percent": 100 * (count / ideal - 1),
                "largest_overhead_percent": 100 * max(excess),
                "saturated_codes": sum(each.saturated for each in images),
                "codes": codes,
                "float32_differing_percent": 100 * sum(each.differing for each in images) / codes,
            }
        )
    return rows
