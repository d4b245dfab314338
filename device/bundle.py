"""Contract 1, host to device: a folder with the encoders of one model and all that coding needs.

    bundle.json  <variant>.encoder.tflite  tables.npy  samples.npy

bundle.json names every other file with its digest. The workstation writes it (host/packaging/bundle_writer.py).

Versions: 1 (2026) the first: images of one size. 2 (2026): photographs of any size, see photo/bundle.py.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import BundleError
from .files import check_json, check_version, parse_json, read_bytes, sha256_bytes
from .outputs import entropy
from .quantization import Array, LatentGrid, TensorInfo
from .stream import CODERS

if TYPE_CHECKING:  # models for images of one size do without
    from .outputs.context_codes.bundle import Quality

FORMAT_VERSION = 2
FILE_NAME = "bundle.json"
# What must be in it, and of which type; the latent grid and the tensors check their own parts.
_BUNDLE = {
    "model": str,
    "task": str,
    "spec_sha256": str,
    "model_sha256": str,
    "image": {"height": int, "width": int, "channels": int},
    "latent": dict,
    "coder": int,
    "tables": {"file": str, "sha256": str},
    "samples": {"file": str, "sha256": str, "count": int},
    "variants": dict,
}
_ENCODER = {
    "file": str,
    "sha256": str,
    "bytes": int,
    "ops": [str],
    "min_runtime_version": (str, type(None)),
    "input": dict,
    "output": dict,
}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")  # models and variants become file names


@dataclass(frozen=True)
class Variant:
    """One encoder of a bundle; of photographs, at one quality.

    Attributes:
        parameters: weights and biases; None where the bundle does not tell (the first ones do not).
        macs: multiply-accumulates of one image; None likewise.
    """

    name: str
    codec_tag: str
    file: str
    sha256: str
    encoder_bytes: int
    ops: tuple[str, ...]
    min_runtime_version: str | None
    input: TensorInfo
    output: TensorInfo
    parameters: int | None = None
    macs: int | None = None
    quality: Quality | None = None


@dataclass(frozen=True)
class Bundle:
    """A bundle.json that was read and checked; the files that it names are checked as they are opened.

    Attributes:
        sha256: of bundle.json itself.
        spec_sha256, model_sha256: what it was made from.
        image_shape: (height, width, channels) of the uint8 images that every encoder here takes; of the samples
            where it takes photographs of any size.
        grid: the latent grid of all variants; where each quality has its own, that of the samples, in steps.
        coder_id: key of `bitstream.CODERS`.
        variants: by name, sorted.
    """

    folder: Path
    sha256: str
    model: str
    task: str
    spec_sha256: str
    model_sha256: str
    image_shape: tuple[int, int, int]
    grid: LatentGrid
    coder_id: int
    tables_file: str
    tables_sha256: str
    samples_file: str
    samples_sha256: str
    samples_count: int
    variants: Mapping[str, Variant]

    def variant(self, name: str) -> Variant:
        """The variant `name`; raises BundleError listing those that there are."""
        if name not in self.variants:
            raise BundleError(f"{self.folder}: no variant {name!r}; available: {', '.join(self.variants)}")
        return self.variants[name]

    def read_encoder(self, name: str) -> bytes:
        """The .tflite file of a variant; raises BundleError if its digest differs."""
        variant = self.variant(name)
        return self.read_file(variant.file, variant.sha256)

    def read_tables(self) -> entropy.Tables:
        """The entropy tables; raises BundleError if their digest differs or they do not fit the grid."""
        path = self.folder / self.tables_file
        tables = entropy.parse_tables(self.read_file(self.tables_file, self.tables_sha256), path)
        if tables.channels != self.grid.channels:
            raise BundleError(f"{path}: tables of {tables.channels} channels, the latent has {self.grid.channels}")
        return tables

    def read_samples(self) -> Array:
        """The sample images, uint8 (count, height, width, channels), 0..255; raises BundleError."""
        path = self.folder / self.samples_file
        data = self.read_file(self.samples_file, self.samples_sha256)
        try:
            images: Array = np.load(io.BytesIO(data), allow_pickle=False)
        except (ValueError, EOFError) as reason:
            raise BundleError(f"{path}: not an .npy file ({reason}); export the bundle again") from None
        expected = (self.samples_count, *self.image_shape)
        if images.dtype != np.uint8 or images.shape != expected:
            raise BundleError(f"{path}: {images.dtype} {images.shape}, expected uint8 {expected}; export again")
        return images

    def read_file(self, file: str, sha256: str) -> bytes:
        """A file that bundle.json names; raises BundleError if its digest differs."""
        data = read_bytes(self.folder / file, BundleError)
        found = sha256_bytes(data)
        if found != sha256:
            raise BundleError(
                f"{self.folder / file}: sha256 {found[:12]}..., {FILE_NAME} says {sha256[:12]}...;"
                " copy the bundle again, or export it again"
            )
        return data


def read_bundle(folder: Path) -> Bundle:
    """Reads and checks the bundle.json in `folder`.

    Raises:
        BundleError: missing, of another version, or wrong; names the file and the JSON path.
    """
    return parse_bundle(Path(folder), read_bytes(Path(folder) / FILE_NAME, BundleError))


def parse_bundle(folder: Path, data: bytes) -> Bundle:
    """The bundle in `folder` from the bytes of its bundle.json; raises BundleError as `read_bundle`."""
    path = folder / FILE_NAME
    value = parse_json(data, path, BundleError)
    found = value.get("format_version") if isinstance(value, dict) else None
    parse = _parse
    if check_version(found, FORMAT_VERSION, "bundle", path, BundleError) > 1:
        try:
            from .outputs.context_codes.bundle import parse_photo as parse  # it builds on this module
        except ImportError:
            raise BundleError(f"{path}: of a photo codec, which needs device/photo; copy that too") from None
    try:
        return parse(folder, sha256_bytes(data), value)
    except BundleError as reason:
        raise BundleError(f"{path}: {reason}") from None


def _parse(folder: Path, sha256: str, value: Any) -> Bundle:
    check_json(value, _BUNDLE, BundleError)
    image = (value["image"]["height"], value["image"]["width"], value["image"]["channels"])
    grid = LatentGrid.from_dict(value["latent"])
    if value["coder"] not in CODERS:
        raise BundleError(f"coder: unknown id {value['coder']}, known here: {sorted(CODERS)}; update this splitlite")
    variants = value["variants"]
    if not variants:
        raise BundleError("variants: empty; export the bundle again")
    for name in (value["model"], *variants):
        if not NAME.fullmatch(name):
            raise BundleError(f"{name!r} cannot name a file; use letters, digits, '-', '_' and '.'")
    return Bundle(
        folder=folder,
        sha256=sha256,
        **{key: value[key] for key in ("model", "task", "spec_sha256", "model_sha256")},
        image_shape=image,
        grid=grid,
        coder_id=value["coder"],
        tables_file=plain_name(value["tables"]["file"], "tables.file"),
        tables_sha256=value["tables"]["sha256"],
        samples_file=plain_name(value["samples"]["file"], "samples.file"),
        samples_sha256=value["samples"]["sha256"],
        samples_count=value["samples"]["count"],
        variants={name: _parse_variant(name, variants[name], image, grid) for name in sorted(variants)},
    )


def _parse_variant(name: str, value: Any, image: tuple[int, int, int], grid: LatentGrid) -> Variant:
    check_json(value, {"codec_tag": str, "encoder": dict}, BundleError, f"variants.{name}")
    where = f"variants.{name}.encoder"
    variant = parse_encoder(name, value["codec_tag"], value["encoder"], where)
    for end, tensor, shape in (("input", variant.input, image), ("output", variant.output, grid.shape)):
        if tensor.shape != (1, *shape):
            raise BundleError(f"{where}.{end}.shape: {tensor.shape}, expected {(1, *shape)}")
    return variant


def parse_encoder(name: str, tag: str, value: Any, where: str, quality: Quality | None = None) -> Variant:
    """What a bundle says about an encoder's file; raises BundleError naming `where`."""
    check_json(value, _ENCODER, BundleError, where)
    for key in ("parameters", "macs"):
        check_json(value.get(key), (int, type(None)), BundleError, f"{where}.{key}")
    return Variant(
        name=name,
        codec_tag=tag,
        file=plain_name(value["file"], f"{where}.file"),
        sha256=value["sha256"],
        encoder_bytes=value["bytes"],
        ops=tuple(value["ops"]),
        min_runtime_version=value["min_runtime_version"],
        input=TensorInfo.from_dict(value["input"], f"{where}.input"),
        output=TensorInfo.from_dict(value["output"], f"{where}.output"),
        parameters=value.get("parameters"),
        macs=value.get("macs"),
        quality=quality,
    )


def plain_name(name: str, where: str) -> str:
    """`name`, if it names a file right here; raises BundleError."""
    # A bundle is copied around: what it names lies beside it and nowhere else.
    if not name or name != Path(name).name or name in (".", ".."):
        raise BundleError(f"{where}: {name!r} is not a plain file name")
    return name


def list_bundles(root: Path) -> list[Path]:
    """Folders right under `root` that hold a bundle.json, sorted by name; none if `root` is not there."""
    return sorted(path.parent for path in Path(root).glob(f"*/{FILE_NAME}"))
